"""From what was read of a partition to its shard."""

import asyncio
from collections.abc import Iterator
from typing import Any, cast

from confluent_kafka import KafkaError, KafkaException

from exporter.fleet import takeover as takeover_module
from exporter.fleet.consumer import Consumed
from exporter.fleet.restoring import GivenUp, Restoring
from exporter.fleet.shard import Shard
from exporter.fleet.takeover import Takeover
from exporter.metrics import REJECTED
from tests.fleet.topic import NOW, Topic, line, total


class Past:
    """What a topic and its changelog hold."""

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self.partition = 3
        self.late = 0  # how often the newest transaction is not visible yet
        self.failures: list[Exception] = []
        self.closed = 0

    def committed(self) -> int | None:
        if self.failures:
            raise self.failures.pop(0)
        return self.topic.shard.position

    def changelog(self) -> dict[bytes, bytes]:
        rows = {key: value for key, value in self.topic.changelog if value is not None}
        return {} if self.late else rows

    def more(self, position: int | None, committed: int) -> dict[bytes, bytes]:
        self.late -= 1
        return self.changelog()

    def start(self, position: int | None) -> int:
        return position or 0

    def reports(self, position: int, seconds: float) -> Iterator[list[Consumed]]:
        yield [
            Consumed(3, offset, appended, key, value, headers)
            for offset, appended, key, value, headers in self.topic.records[:position]
            if headers["kind"] == b"report"
        ]

    def close(self) -> None:
        self.closed += 1


def taken(past: Past) -> tuple[Shard | None, list[str]]:
    failed: list[str] = []

    async def take() -> Shard | None:
        ours = Takeover(
            lambda _: past.topic.new(),
            lambda partition, wanted: cast("Restoring", past),
            900.0,
            lambda: NOW,
            lambda task, error: failed.append(task),
        )
        shard = await ours.take(3, lambda: True)
        await ours.close()
        return shard

    return asyncio.run(take()), failed


def written() -> Topic:
    topic = Topic()
    topic.report("home", "pc", 51413)
    topic.lines("home", line(), line())
    topic.read()
    return topic


def test_a_shard_goes_on_where_the_changelog_ends_and_knows_the_hosts_again():
    past = Past(written())
    shard, failed = taken(past)
    assert shard is not None
    assert shard.position == 2
    assert total(shard, REJECTED) == 2
    assert shard.sites["home"].pipeline.stages.hosts.device("pc") is not None
    assert (failed, past.closed) == ([], 1)


def test_a_changelog_that_is_not_yet_as_far_as_the_group_is_waited_for():
    past = Past(written())
    past.late = 3
    shard, _ = taken(past)
    assert shard is not None
    assert (shard.position, past.late) == (2, 0)


def test_it_is_tried_again_when_brokers_do_not_answer(monkeypatch: Any):
    monkeypatch.setattr(takeover_module, "_AGAIN", 0.0)
    past = Past(written())
    past.failures = [KafkaException(KafkaError(KafkaError._TIMED_OUT))] * 2
    shard, failed = taken(past)
    assert shard is not None
    assert (failed, past.closed) == (["restore", "restore"], 3)


def test_a_partition_that_is_not_ours_any_more_has_no_shard():
    past = Past(written())
    past.failures = [GivenUp()]
    assert taken(past) == (None, [])
    assert past.closed == 1
