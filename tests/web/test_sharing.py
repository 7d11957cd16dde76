"""Whoever asks the same at about the same time gets the same answer."""

import asyncio

import pytest

from exporter.web.sharing import SECONDS, Shared


class Oracle:
    """Counts how often it is asked, and says so."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.asked = 0
        self.shared = Shared[int](lambda: self.now)

    async def answer(self) -> int:
        await asyncio.sleep(0)
        self.asked += 1
        return self.asked

    def get(self, question: str = "q", people: int = 1) -> list[int]:
        async def several() -> list[int]:
            return await asyncio.gather(
                *(self.shared.get(question, self.answer) for _ in range(people))
            )

        return asyncio.run(several())


def test_all_who_ask_at_one_time_get_one_answer():
    assert Oracle().get(people=50) == [1] * 50


def test_an_answer_is_given_again_for_two_seconds():
    oracle = Oracle()
    oracle.get()
    oracle.now += SECONDS / 2
    assert oracle.get() == [1]
    oracle.now += SECONDS / 2
    assert oracle.get() == [2]


def test_a_clock_that_is_set_back_keeps_nothing():
    oracle = Oracle()
    oracle.get()
    oracle.now -= 1000.0
    assert oracle.get() == [2]


def test_another_question_has_another_answer():
    oracle = Oracle()
    assert (oracle.get("a"), oracle.get("b")) == ([1], [2])


def test_a_failure_is_not_kept():
    oracle = Oracle()

    async def fail() -> int:
        raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(oracle.shared.get("q", fail))
    assert oracle.get() == [1]
