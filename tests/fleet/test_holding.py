"""Who holds a shard, and for how long it may be shown; the brokers' part is in tests/system."""

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError

from exporter.fleet import holding as holding_module
from exporter.fleet.consumer import Consumed, Member
from exporter.fleet.holding import Holding
from exporter.fleet.takeover import Takeover
from exporter.fleet.transactions import Aborted, Broken, Stored, Transactions
from exporter.metrics import REJECTED
from tests.fleet.topic import NOW, Topic, line, total


class World:
    """One topic of one partition, and all that a holding talks to."""

    def __init__(self) -> None:
        self.topic = Topic()
        self.generation = "generation 1"
        self.end: int | None = None  # as brokers tell it
        self.stored: list[Stored] = []
        self.refusal: Exception | None = None
        self.brokers = threading.Event()  # whether they answer
        self.brokers.set()
        self.failures: list[tuple[str, Exception]] = []
        self.outcomes: Counter[str] = Counter()

    # --- the group -------------------------------------------------------------------------------

    async def begin(self, partition: int, position: int) -> None:
        self.begun = partition, position

    async def ends(self, partitions: Any) -> dict[int, int]:
        return {} if self.end is None else dict.fromkeys(partitions, self.end)

    # --- transactions ----------------------------------------------------------------------------

    def commit(self, stored: Stored) -> None:
        self.brokers.wait(10)
        if self.refusal is not None:
            raise self.refusal
        self.stored.append(stored)

    def give_up(self) -> None:
        self.brokers.set()

    # --- taking over -----------------------------------------------------------------------------

    async def take(self, partition: int, wanted: Callable[[], bool]) -> Any:
        self.shard = self.topic.new()
        self.shard.position = 0
        return self.shard

    def records(self) -> list[Consumed]:
        return [
            Consumed(3, offset, appended, key, value, headers)
            for offset, appended, key, value, headers in self.topic.records
        ]


def live(test: Callable[[World, Holding], Awaitable[None]]) -> World:
    """Run a test with partition 3 held and restored."""
    world = World()

    async def run() -> None:
        async with asyncio.TaskGroup() as tasks:
            holding = Holding(
                tasks,
                cast("Member", world),
                cast("Transactions", world),
                cast("Takeover", world),
                clock=lambda: NOW,
                failed=lambda task, error: world.failures.append((task, error)),
                outcomes=world.outcomes,
            )
            await holding.assigned([3])
            while not holding.ready:
                await asyncio.sleep(0)
            await test(world, holding)
            holding.end()

    asyncio.run(run())
    return world


def shown(holding: Holding) -> list[int]:
    return [shard.partition for shard, _ in holding.shown()]


def test_a_shard_is_shown_once_brokers_took_its_offset_from_us():
    async def test(world, holding):
        assert shown(holding) == []
        world.topic.lines("home", line())
        await holding.take(world.records())
        await holding.commit(5)
        assert shown(holding) == [3]
        [stored] = world.stored
        assert stored.offsets == {3: 1}
        assert stored.generation == "generation 1"
        assert {partition for partition, _, _ in stored.records} == {3}

    assert live(test).outcomes == {"committed": 1}


def test_a_shard_is_not_shown_longer_than_it_is_surely_ours(monkeypatch):
    async def test(world, holding):
        await holding.commit(5)
        assert shown(holding) == [3]
        monkeypatch.setattr(holding_module, "SURE", -1.0)  # a worker that was halted, say
        assert shown(holding) == []

    live(test)


def test_a_shard_is_not_shown_when_the_group_says_that_we_are_no_member(monkeypatch):
    async def test(world, holding):
        await holding.commit(5)
        world.refusal = Aborted(KafkaError(KafkaError.UNKNOWN_MEMBER_ID))
        await holding.commit(5)
        assert shown(holding) == []

    monkeypatch.setattr(holding_module, "_PATIENCE", 0.01)
    world = live(test)
    assert world.outcomes == {"committed": 1, "aborted": 2}
    assert [task for task, _ in world.failures] == ["commit"]


def test_a_shard_is_shown_again_once_we_have_heard_of_the_groups_new_generation(monkeypatch):
    async def test(world, holding):
        world.refusal = Aborted(KafkaError(KafkaError.ILLEGAL_GENERATION))
        commit = asyncio.ensure_future(holding.commit(5))
        while not world.outcomes:
            await asyncio.sleep(0.01)
        world.refusal, world.generation = None, "generation 2"
        await commit
        assert shown(holding) == [3]
        assert [stored.generation for stored in world.stored] == ["generation 2"]

    monkeypatch.setattr(holding_module, "_PATIENCE", 0.1)
    assert live(test).failures == []


def test_what_an_aborted_transaction_held_goes_into_the_next():
    async def test(world, holding):
        world.topic.lines("home", line())
        await holding.take(world.records())
        world.refusal = Aborted(KafkaError(KafkaError.NOT_ENOUGH_REPLICAS))
        await holding.commit(5)
        assert world.stored == []
        world.refusal = None
        await holding.commit(5)
        [stored] = world.stored
        assert any(b"rejected_packets" in key for _, key, _ in stored.records)

    live(test)


def test_a_record_that_comes_again_is_not_counted_again():
    async def test(world, holding):
        world.topic.lines("home", line())
        world.topic.lines("home", line())
        await holding.take(world.records())
        await holding.take(world.records())
        assert total(world.shard, REJECTED) == 2

    assert live(test).failures == []


def test_records_that_are_gone_are_said():
    async def test(world, holding):
        world.topic.lines("home", line())
        world.topic.lines("home", line())
        world.topic.lines("home", line())
        await holding.take(world.records()[2:])
        assert world.shard.position == 3

    [(task, error)] = live(test).failures
    assert task == "records"
    assert "records 0 to 1 of partition 3" in str(error)


def test_nothing_is_taken_for_a_partition_that_is_not_ours():
    async def test(world, holding):
        world.topic.lines("home", line())
        await holding.lost([3])
        await holding.take(world.records())
        assert total(world.shard, REJECTED) == 0
        await holding.commit(5)
        assert world.stored == []
        assert shown(holding) == []

    live(test)


def test_what_is_given_away_is_stored_before():
    async def test(world, holding):
        world.topic.lines("home", line())
        await holding.take(world.records())
        await holding.revoked([3])
        assert [stored.offsets for stored in world.stored] == [{3: 1}]
        assert shown(holding) == []

    live(test)


def test_a_scrape_does_not_wait_for_brokers_that_are_away_and_those_who_wait_share_a_commit():
    async def test(world, holding):
        await holding.commit(5)
        world.brokers.clear()
        for _ in range(5):
            await holding.commit(0.01)
        assert shown(holding) == [3]
        assert len(world.stored) == 1
        world.brokers.set()
        await holding.commit(5)

    assert len(live(test).stored) <= 4


@pytest.mark.parametrize(("end", "caught_up"), [(1, True), (5, False), (None, False)])
def test_a_shard_is_at_the_end_only_when_brokers_say_so(end, caught_up):
    async def test(world, holding):
        world.topic.lines("home", line())
        await holding.take(world.records())
        world.end = end
        ticks: list[bool] = []
        world.shard.tick = lambda now, *, caught_up: ticks.append(caught_up)
        await holding.tick()
        await holding.commit(5)
        assert ticks == [caught_up]
        assert [lag for _, lag in holding.shown()] == [4 if end == 5 else 0]

    live(test)


def test_a_transaction_that_never_ends_ends_the_membership(monkeypatch):
    outcomes = []

    async def test(world, holding):
        outcomes.append(world.outcomes)
        world.brokers.clear()
        await holding.commit(5)

    monkeypatch.setattr(holding_module, "STUCK", 0.05)
    with pytest.raises(ExceptionGroup) as failures:
        live(test)
    assert [type(failure) for failure in failures.value.exceptions] == [Broken]
    assert outcomes == [{"aborted": 1}]
