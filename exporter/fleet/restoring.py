"""What is read of a partition before it is consumed: its changelog, and reports of its near past.

A changelog record and the offsets that belong to it are stored in one transaction, but become
visible at their own times: the group's offset is asked for first, and only told when no
transaction of a former owner is pending; the changelog is then read until it has come as far.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from loguru import logger

from exporter.fleet.consumer import Consumed, read
from exporter.fleet.kafka import changelog_of
from exporter.settings import Kafka

MARKER_SECONDS = 60.0  # a former owner's transaction ends by then, one way or the other
_ANSWER = 10.0  # seconds in which a broker answers a question
_STEP = 0.5  # seconds between looks at whether we shall go on
_AT_ONCE = 1000  # records that are read at once
Rows = dict[bytes, bytes]  # of a changelog


class Unrestorable(ValueError):
    """To go on would count something twice, or not at all; the text says what is wrong."""


class GivenUp(Exception):
    """The partition is not ours any more."""


class Restoring:
    """Reads for one partition. Its methods block; one thread at a time may call them.

    All of them raise KafkaException when the brokers do not answer as they should, and GivenUp.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        kafka: Kafka,
        partition: int,
        wanted: Callable[[], bool],
    ) -> None:
        """`wanted` tells, in any thread, whether the partition is still ours."""
        self.partition = partition
        self._wanted = wanted
        self._source = TopicPartition(kafka.topic, partition)
        self._changelog = TopicPartition(changelog_of(kafka.topic), partition, OFFSET_BEGINNING)
        self._rows: Rows = {}
        self._deadline = 0.0
        self._consumer = Consumer(
            {
                **settings,
                "group.id": kafka.group,  # whose offsets are asked for; it does not become a member
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "enable.auto.commit": False,
                "fetch.queue.backoff.ms": 10,  # when as much as it may hold is read
                "fetch.wait.max.ms": 50,  # at the end of a partition; what else is asked waits
                "auto.offset.reset": "earliest",
            }
        )

    def committed(self) -> int | None:
        """Return the group's offset, once no transaction is pending that changes it."""
        [found] = self._consumer.committed([self._source], timeout=_ANSWER)
        if found.error is not None:
            raise KafkaException(found.error)
        return None if found.offset < 0 else int(found.offset)

    def changelog(self) -> Rows:
        """Return the newest value of each key, up to the end of what is visible now."""
        self._consumer.assign([self._changelog])
        self._deadline = time.monotonic() + MARKER_SECONDS
        ended = False
        while not ended:
            ended = self._take()
        return self._rows

    def more(self, position: int | None, committed: int) -> Rows:
        """Return the same a moment later, since `position` is below the group's offset.

        Raises Unrestorable when that has been so for a minute, and brokers answer.
        """
        self._watermarks()
        if time.monotonic() > self._deadline:
            at = "no position" if position is None else f"position {position}"
            raise Unrestorable(
                f"{self._where}: the changelog {self._changelog.topic} holds {at}, but the group"
                f" has committed {committed}; to go on would lose what was counted in between"
            )
        self._take()
        return self._rows

    def start(self, position: int | None) -> int:
        """Return the offset with which consuming begins.

        Raises Unrestorable when the topic ends below what is counted.
        """
        low, high = self._watermarks()
        if position is None:
            return low
        if position > high:
            raise Unrestorable(
                f"{self._where}: it ends at {high}, but is counted up to {position}; was the topic"
                f" made anew? Then its changelog {self._changelog.topic} must be, too"
            )
        if position < low:
            lost = f"records {position} to {low - 1} were deleted before they were counted"
            logger.error("{}: {}", self._where, lost)
        return max(low, position)

    def reports(self, position: int, seconds: float) -> Iterator[list[Consumed]]:
        """Yield the reports of the last seconds before a position, some at a time."""
        low, _ = self._watermarks()
        if position <= low:
            return
        self._consumer.assign([self._at(position - 1)])
        last: list[Consumed] = []
        ended = False
        while not (last or ended):
            last, ended = self._read()
        if not last:
            return
        asked = [self._at(int((last[0].appended - seconds) * 1000))]  # a time, for an offset
        [found] = self._consumer.offsets_for_times(asked, timeout=_ANSWER)
        if found.error is not None:
            raise KafkaException(found.error)
        self._consumer.assign([self._at(found.offset)])
        at, ended = found.offset, False
        while at < position and not ended:
            batch, ended = self._read()
            at = batch[-1].offset + 1 if batch else at
            yield [
                one
                for one in batch
                if one.offset < position and one.headers.get("kind") == b"report"
            ]

    def close(self) -> None:
        """Close it."""
        self._consumer.close()

    @property
    def _where(self) -> str:
        return f"partition {self.partition} of {self._source.topic}"

    def _at(self, offset: int) -> TopicPartition:
        return TopicPartition(self._source.topic, self.partition, offset)

    def _watermarks(self) -> tuple[int, int]:
        """The oldest offset that is there, and the next one to be written."""
        low, high = self._consumer.get_watermark_offsets(self._source, timeout=_ANSWER)
        return int(low), int(high)

    def _take(self) -> bool:
        """Take some records of the changelog; return whether its end was reached."""
        batch, ended = self._read()
        for record in batch:
            key = record.key or b""
            if record.value is None:
                self._rows.pop(key, None)
            else:
                self._rows[key] = record.value
        return ended

    def _read(self) -> tuple[list[Consumed], bool]:
        """Return what has come, and whether the partition's end was reached."""
        if not self._wanted():
            raise GivenUp
        records, told = read(self._consumer, _AT_ONCE, _STEP)
        errors = [error for error in told if error.code() != KafkaError._PARTITION_EOF]
        if errors:
            raise KafkaException(errors[0])
        return records, bool(told)
