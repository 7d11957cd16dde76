"""A worker as a member of its consumer group: what it reads, and which partitions are its own.

librdkafka works in threads of its own. What of it blocks is called in one thread, one call after
the other, so that nothing is read while a batch is being counted, and no partition comes or goes
meanwhile. When one does, in the midst of `take`, that thread waits until the event loop has done
what is due. A partition that comes is paused until `begin` says where.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol, TypeVar

from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition

from exporter.settings import Kafka

SESSION = 20.0  # seconds without a sign of life, after which the group gives a member up
_AT_ONCE = 500  # records a batch
_WAIT = 0.2  # seconds for the first of them
_ANSWER = 1.0  # seconds in which a broker tells where partitions end
_T = TypeVar("_T")


class Consumed(NamedTuple):
    """A record as it is read."""

    partition: int
    offset: int
    appended: float  # Unix seconds, when the broker took it
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


class Holder(Protocol):
    """Who is told which partitions come and go. Called on the event loop."""

    async def assigned(self, partitions: list[int]) -> None:
        """They are ours from now on."""

    async def revoked(self, partitions: list[int]) -> None:
        """They are ours until this returns."""

    async def lost(self, partitions: list[int]) -> None:
        """They are not ours any more, perhaps for a while."""


class Member:
    """A member of the group, from joining it to leaving it. Called on the event loop."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        kafka: Kafka,
        on_error: Callable[[Exception], None],
    ) -> None:
        """`on_error` is told what goes wrong and is survived, on the event loop or not."""
        self._topic = kafka.topic
        self._on_error = on_error
        self._thread = ThreadPoolExecutor(1, "consumer")
        self._left = False
        # Of the group, when partitions last came or went: offsets that are sent with it are refused
        # when others have them by now. It is not asked for later: who was given up has none, and
        # brokers take offsets that come without one from everybody.
        self.generation: Any = None
        self._loop = asyncio.get_running_loop()
        self._consumer = Consumer(
            {
                **settings,
                "group.id": kafka.group,
                "isolation.level": "read_committed",
                "partition.assignment.strategy": "cooperative-sticky",
                "session.timeout.ms": int(SESSION * 1000),
                "heartbeat.interval.ms": 1000,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                "fetch.queue.backoff.ms": 50,  # when as much as it may hold has come
                "fetch.wait.max.ms": 100,  # meanwhile brokers answer nothing else
            }
        )

    def join(self, holder: Holder) -> None:
        """Join the group; `holder` hears of partitions while somebody waits in `take`."""

        def assigned(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            for one in partitions:
                one.offset = 0  # it is paused at once: `begin` says where
            consumer.incremental_assign(partitions)
            consumer.pause(partitions)
            self.generation = consumer.consumer_group_metadata()
            self._tell(holder.assigned, partitions)

        def revoked(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            self.generation = consumer.consumer_group_metadata()
            self._tell(holder.revoked, partitions)

        def lost(_: Consumer, partitions: list[TopicPartition]) -> None:
            self._tell(holder.lost, partitions)

        self._consumer.subscribe([self._topic], on_assign=assigned, on_revoke=revoked, on_lost=lost)

    async def take(self) -> list[Consumed]:
        """Return what has come: nothing after a moment. Raises KafkaException when it is over."""
        taken, errors = await self._call(read, self._consumer, _AT_ONCE, _WAIT)
        for error in errors:
            if error.fatal():
                raise KafkaException(error)
            self._on_error(KafkaException(error))
        return taken

    async def begin(self, partition: int, position: int) -> None:
        """Read a partition from that position. Raises KafkaException when it is not ours."""
        await self._call(self._begin, TopicPartition(self._topic, partition, position))

    async def ends(self, partitions: Iterable[int]) -> dict[int, int]:
        """Return the next offset to be written of those that brokers tell, as of this moment."""
        asked = [TopicPartition(self._topic, one, OFFSET_END) for one in partitions]
        if not asked:
            return {}
        try:
            told = await self._call(self._consumer.offsets_for_times, asked, _ANSWER)
        except KafkaException:  # none is there; `take` says so
            return {}
        return {one.partition: one.offset for one in told if one.error is None}

    async def leave(self) -> None:
        """Leave the group, so that others take over at once; the holder hears of it first."""
        if not self._left:
            self._left = True
            await self._call(self._consumer.close)
            self._thread.shutdown()

    async def _call(self, call: Callable[..., _T], *arguments: object) -> _T:
        return await self._loop.run_in_executor(self._thread, call, *arguments)

    def _begin(self, at: TopicPartition) -> None:
        self._consumer.seek(at)
        self._consumer.resume([at])

    def _tell(
        self,
        what: Callable[[list[int]], Coroutine[Any, Any, None]],
        partitions: list[TopicPartition],
    ) -> None:
        """Let the event loop do it, and wait; librdkafka must not see what it raises."""
        done = asyncio.run_coroutine_threadsafe(what([p.partition for p in partitions]), self._loop)
        try:
            done.result()
        except Exception as error:  # noqa: BLE001 - the partitions come and go all the same
            self._on_error(error)


def read(consumer: Consumer, most: int, seconds: float) -> tuple[list[Consumed], list[KafkaError]]:
    """Return what has come as soon as there is something, and what else the library tells.

    It is nothing after so many seconds. Blocks.
    """
    first = consumer.poll(seconds)
    if first is None:
        return [], []
    records, errors = [], []
    for one in (first, *consumer.consume(most - 1, 0)):
        error, partition, offset = one.error(), one.partition(), one.offset()
        if error is not None:
            errors.append(error)
        elif partition is not None and offset is not None:
            _, milliseconds = one.timestamp()
            told = dict(one.headers() or ()).items()
            headers = {name: value for name, value in told if isinstance(value, bytes)}
            appended = milliseconds / 1000
            records.append(Consumed(partition, offset, appended, one.key(), one.value(), headers))
    return records, errors
