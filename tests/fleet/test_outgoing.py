"""What is sent, and when it goes to disk: laws that a broker cannot be made to show in time."""

import asyncio

import pytest

from exporter.fleet.outgoing import MEMORY, PATIENCE, WINDOW, Oversize
from tests.fleet.outgoing import FullDisk, Parts, row


@pytest.fixture
def parts(tmp_path):
    parts = Parts(tmp_path)
    yield parts
    parts.outgoing.waiting.disk.end()
    parts.spool.close()


def test_while_brokers_answer_nothing_touches_the_disk(parts):
    async def scenario():
        await parts.connect()
        for number in range(1, 20):
            parts.add(number)
            await parts.step(1.0)
            parts.broker.writer.answer()
            await parts.step(0.1)
        assert parts.spool.last == 0
        assert parts.books.counts == {"relayed": 38}
        assert parts.outgoing.waiting.messages == parts.outgoing.waiting.records == 0

    asyncio.run(scenario())


def test_what_is_not_answered_goes_to_disk_in_order_and_leaves_it_when_it_is(parts):
    async def scenario():
        await parts.connect()
        parts.add(1, 2)
        await parts.step()
        assert not parts.outgoing.stalled
        await parts.step(PATIENCE + 0.1)
        assert parts.outgoing.stalled
        assert parts.on_disk() == [1, 2]
        parts.add(3)
        await parts.step(0.3)  # behind the others, at once
        assert parts.on_disk() == [1, 2, 3]
        assert parts.outgoing.waiting.memory_bytes == 0
        parts.broker.writer.answer(2)
        await parts.step(0.3)
        assert parts.on_disk() == [3]
        assert parts.outgoing.waiting.messages == 2
        parts.broker.writer.answer()
        await parts.step(0.3)
        assert parts.on_disk() == []
        assert parts.broker.log == [row(number).value for number in (1, 2, 3)]
        parts.add(4)  # it has caught up: the disk is left alone
        await parts.step(0.3)
        assert parts.spool.last == 3
        assert [sent.number for sent in parts.broker.writer.written] == [4]

    asyncio.run(scenario())


def test_without_any_broker_all_goes_to_disk(parts):
    async def scenario():
        parts.add(1)
        await parts.step(PATIENCE + 0.1)
        assert parts.on_disk() == [1]
        await parts.connect()
        parts.add(2)
        await parts.step(0.3)
        assert [sent.number for sent in parts.broker.writer.written] == [1, 2]
        parts.broker.writer.answer()
        await parts.step(0.3)
        assert parts.books.counts == {"relayed": 4}

    asyncio.run(scenario())


def test_a_new_writer_begins_with_the_oldest_that_has_no_answer(parts):
    async def scenario():
        await parts.connect()
        parts.add(1, 2, 3)
        await parts.step(PATIENCE + 0.1)
        parts.add(4)
        parts.broker.writer.answer(1)
        await parts.step()
        parts.broker.writer.broken = "fatal"
        old = parts.broker.writer
        await parts.step()
        assert old.closed
        await parts.connect()
        await parts.step()
        assert [sent.number for sent in parts.broker.writer.written] == [2, 3, 4]
        parts.broker.writer.answer()
        await parts.step(0.3)
        assert parts.books.counts == {"relayed": 8}
        assert parts.on_disk() == []

    asyncio.run(scenario())


@pytest.mark.thorough
@pytest.mark.parametrize("on_disk", [False, True])
def test_what_was_rejected_gets_a_session_of_its_own_for_younger_ones_may_be_taken(parts, on_disk):
    async def scenario():
        await parts.connect()
        parts.add(1, 2)
        await parts.step(PATIENCE + 0.1 if on_disk else 0.0)
        parts.broker.writer.reject()
        await parts.step()
        await parts.connect()
        await parts.step()
        sent = [sent.value for sent in parts.broker.writer.written]
        assert sent == [b"anew " + row(1).value, row(2).value]

    asyncio.run(scenario())


def test_what_no_broker_takes_is_dropped_and_the_others_go_on(parts):
    async def scenario():
        await parts.connect()
        safe = asyncio.get_running_loop().create_future()
        parts.outgoing.add(row(1), safe)
        parts.add(2)
        await parts.step()
        parts.broker.writer.answer(1, oversize=True)
        parts.broker.writer.answer()
        await parts.step()
        assert isinstance(safe.exception(), Oversize)
        assert parts.books.counts == {"oversize": 2, "relayed": 2}
        assert parts.outgoing.waiting.records == 0

    asyncio.run(scenario())


@pytest.mark.parametrize("answered", [False, True])
def test_who_waits_is_told_when_it_is_acknowledged_or_on_disk(parts, answered):
    async def scenario():
        await parts.connect()
        safe = asyncio.get_running_loop().create_future()
        parts.outgoing.add(row(1), safe)
        await parts.step()
        assert not safe.done()
        if answered:
            parts.broker.writer.answer()
            await parts.step()
        else:
            await parts.step(PATIENCE + 0.1)
            assert parts.on_disk() == [1]
        assert safe.result() is None

    asyncio.run(scenario())


@pytest.mark.thorough
def test_only_so_much_is_under_way_however_much_waits(parts):
    async def scenario():
        await parts.connect()
        parts.add(*range(1, 30), size=10**6)
        await parts.step()
        assert len(parts.broker.writer.written) == 1 + WINDOW // 10**6
        assert parts.outgoing.waiting.memory_bytes > MEMORY
        await parts.step(0.3)
        assert parts.on_disk() == list(range(1, 30))
        for _ in range(20):
            parts.broker.writer.answer()
            await parts.step(0.3)
        assert parts.broker.log == [row(number, size=10**6).value for number in range(1, 30)]
        assert parts.on_disk() == []

    asyncio.run(scenario())


def test_it_is_full_when_the_bound_is_reached_on_disk_and_in_memory_together(tmp_path):
    async def scenario():
        parts = Parts(tmp_path, most_bytes=1_000_000)
        parts.add(1, 2, 3, size=300_000)
        await parts.step(PATIENCE + 0.1)
        assert not parts.outgoing.full()
        assert parts.outgoing.full(coming=100_000)
        parts.add(4, size=300_000)
        assert parts.outgoing.full()
        await parts.step(0.3)
        assert parts.on_disk() == [1, 2, 3, 4]  # what was taken in is kept
        assert parts.outgoing.full()
        await parts.connect()
        await parts.step()
        parts.broker.writer.answer(2)
        await parts.step(0.3)
        assert not parts.outgoing.full()
        parts.outgoing.waiting.disk.end()
        parts.spool.close()

    asyncio.run(scenario())


def test_with_a_full_disk_it_is_full_once_the_brokers_are_missed(parts):
    async def scenario():
        disk = FullDisk(parts.spool)
        await parts.connect()
        parts.add(1)
        await parts.step(PATIENCE + 0.1)
        assert not parts.outgoing.full()  # the brokers had no time to answer
        parts.add(2)
        await parts.step(0.3)
        await parts.step(PATIENCE + 0.1)
        assert parts.outgoing.full()
        assert parts.outgoing.waiting.unwritten == 2
        disk.fails = False
        await parts.step(0.3)
        assert not parts.outgoing.full()
        assert parts.on_disk() == [1, 2]
        assert parts.books.counts["disk"] >= 1

    asyncio.run(scenario())


@pytest.mark.thorough
def test_a_disk_that_is_slower_than_what_comes_bounds_what_waits_for_it(parts):
    async def scenario():
        await parts.connect()
        parts.add(*range(1, 33), size=10**6)
        assert not parts.outgoing.full()
        assert parts.outgoing.full(coming=2 * 10**6)
        parts.add(33, 34, size=10**6)
        assert parts.outgoing.full()
        await parts.step(0.3)
        assert not parts.outgoing.full()

    asyncio.run(scenario())


def test_a_stop_leaves_everything_on_disk_that_nobody_answered(parts):
    async def scenario():
        await parts.connect()
        parts.add(1, 2)
        parts.outgoing.stop()
        parts.broker.writer.answer()
        ending = asyncio.ensure_future(parts.outgoing.run())
        while not ending.done():
            parts.now += 0.5
            await asyncio.sleep(0.01)
        assert ending.result() == 0
        assert parts.on_disk() == [1, 2]

    asyncio.run(scenario())


def test_a_stop_says_what_could_not_be_brought_into_safety(parts):
    async def scenario():
        FullDisk(parts.spool)
        parts.add(1, 2, 3)
        parts.outgoing.stop()
        ending = asyncio.ensure_future(parts.outgoing.run())
        while not ending.done():
            parts.now += 1.0
            await asyncio.sleep(0.01)
        assert ending.result() == 3

    asyncio.run(scenario())


def test_after_a_crash_the_spool_is_sent_first(tmp_path):
    async def before():
        parts = Parts(tmp_path)
        parts.add(1, 2, 3)
        await parts.step(PATIENCE + 0.1)
        parts.outgoing.waiting.disk.end()
        parts.spool.close()

    async def after():
        parts = Parts(tmp_path)
        assert parts.outgoing.waiting.messages == 6
        parts.add(1)
        await parts.connect()
        await parts.step()
        numbers = [sent.number for sent in parts.broker.writer.written]
        assert numbers == [1, 2, 3, 4]  # what is new has a number of its own
        parts.broker.writer.answer()
        await parts.step(0.3)
        assert parts.outgoing.waiting.idle
        parts.outgoing.waiting.disk.end()
        parts.spool.close()

    asyncio.run(before())
    asyncio.run(after())
