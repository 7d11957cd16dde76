"""How a membership ends; how it begins takes brokers: see tests/system/test_worker.py."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from exporter.config import parse
from exporter.fleet import membership
from exporter.fleet.membership import Membership
from exporter.fleet.transactions import Broken


class Brokers:
    """A member of a group, and its producer."""

    def __init__(self, opens: list[bool | Exception]) -> None:
        self.opens = opens
        self.done: list[str] = []

    def open(self) -> bool:
        answer = self.opens.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def give_up(self) -> None:
        self.done.append("given up")

    def join(self, holder: Any) -> None:
        self.done.append("joined")

    async def take(self) -> list[Any]:
        await asyncio.sleep(0.01)
        return []

    async def leave(self) -> None:
        self.done.append("left")


def live(monkeypatch: Any, *opens: bool | Exception, seconds: float = 0.1) -> list[str]:
    """Be a member for a moment; return what was done."""
    brokers = Brokers(list(opens))
    monkeypatch.setattr(membership, "Member", lambda *_: brokers)
    monkeypatch.setattr(membership, "Transactions", lambda *_: brokers)
    monkeypatch.setattr(membership, "producer", lambda *_: None)

    async def run() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, stop.set)
        one = Membership(
            parse('[kafka]\nservers = ["127.0.0.1:9"]'),
            lambda _: pytest.fail("no partition is assigned"),
            name="one",
            clock=lambda: 0.0,
            failed=lambda task, error: None,
            outcomes=Counter(),
        )
        await one.run(stop)

    asyncio.run(run())
    return brokers.done


def test_it_joins_once_brokers_answer_and_leaves_at_the_stop(monkeypatch):
    done = live(monkeypatch, False, False, True)
    assert done[0] == "joined"
    assert done[-1] == "left"


def test_it_ends_at_a_stop_while_no_broker_answers(monkeypatch):
    assert "joined" not in live(monkeypatch, *[False] * 100_000, seconds=0.0)


def test_what_ends_it_is_told(monkeypatch):
    with pytest.raises(Broken, match="fenced"):
        live(monkeypatch, Broken("fenced"))
