"""The records that wait, in the order of their numbers, wherever they are."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.fleet.disk import Disk
from exporter.fleet.spool import Spool
from exporter.fleet.waiting import Waiting
from tests.fleet.outgoing import RECEIVED, row


def in_a_spool(folder, scenario):
    spool = Spool(folder / "spool.sqlite")
    disk = Disk(spool, lambda: None)

    async def played():
        await scenario(Waiting(disk))

    try:
        asyncio.run(played())
    finally:
        disk.end()
        spool.close()


async def passed(waiting):
    """Look at all that was not passed."""
    found = []
    while (one := await waiting.next()) is not None:
        waiting.go_past(one)
        found.append(one)
    return found


def test_it_tells_what_waits_and_since_when(tmp_path):
    async def scenario(waiting):
        assert waiting.idle
        assert waiting.oldest is waiting.since is None
        waiting.add(row(1, size=1000), now=5.0)
        waiting.add(row(2, size=1000), now=6.0)
        assert (waiting.records, waiting.messages, waiting.unwritten) == (2, 4, 2)
        assert (waiting.since, waiting.oldest) == (5.0, RECEIVED + 1)
        assert waiting.bytes == waiting.memory_bytes == 2200
        await waiting.write()
        assert (waiting.unwritten, waiting.memory_bytes, waiting.since) == (0, 0, None)
        assert waiting.oldest == RECEIVED + 1
        assert waiting.unread
        for one in await passed(waiting):
            waiting.answer(one)
        assert (waiting.records, waiting.messages) == (0, 0)
        assert not waiting.idle
        await waiting.forget()
        assert waiting.idle

    in_a_spool(tmp_path, scenario)


def test_what_was_answered_is_not_looked_at_again(tmp_path):
    async def scenario(waiting):
        for number in range(1, 5):
            waiting.add(row(number), now=0.0)
        await waiting.write()
        waiting.add(row(5), now=0.0)
        found = await passed(waiting)
        for at in (0, 2):
            waiting.answer(found[at])
        waiting.rewind()
        assert [one.number for one in await passed(waiting)] == [2, 4, 5]

    in_a_spool(tmp_path, scenario)


def test_records_get_other_values_in_memory_and_on_disk(tmp_path):
    async def scenario(waiting):
        waiting.add(row(1), now=0.0)
        await waiting.write()
        waiting.add(row(2), now=0.0)
        await waiting.replace(one._replace(value=b"other") for one in await passed(waiting))
        waiting.rewind()
        assert [one.value for one in await passed(waiting)] == [b"other", b"other"]

    in_a_spool(tmp_path, scenario)


STEPS = st.lists(st.sampled_from(["add", "write", "send", "answer", "forget", "rewind"]))


@pytest.mark.thorough
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=50)
@given(steps=STEPS)
def test_whatever_happens_all_come_in_order_and_none_is_lost(tmp_path_factory, steps):
    async def scenario(waiting):
        made, sent, answered = 0, [], set()
        for step in [*steps, "rewind"]:
            if step == "add":
                made += 1
                waiting.add(row(made), now=0.0)
            elif step == "send" and (one := await waiting.next()) is not None:
                waiting.go_past(one)
                sent.append(one)
            elif step == "answer" and sent:
                waiting.answer(sent.pop(0))
                answered.add(len(answered) + 1)
            elif step in ("write", "forget"):
                await getattr(waiting, step)()
            elif step == "rewind":
                sent.clear()
                waiting.rewind()
        left = [one.number for one in await passed(waiting)]
        assert left == list(range(len(answered) + 1, made + 1))
        assert waiting.records == len(left)

    in_a_spool(tmp_path_factory.mktemp("waiting"), scenario)
