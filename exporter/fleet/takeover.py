"""How a partition is taken over: from its changelog, and its near past, to a shard that goes on."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from confluent_kafka import KafkaException
from loguru import logger

from exporter.fleet import changelog
from exporter.fleet.restoring import GivenUp, Restoring, Rows
from exporter.fleet.shard import Shard

_AT_ONCE = 3  # partitions; each needs a connection to the brokers, and the event loop its turns
_AGAIN = 2.0  # seconds before it is tried again, when brokers did not answer
_T = TypeVar("_T")
Wanted = Callable[[], bool]  # whether the partition is still ours, in any thread


class Takeover:
    """Makes shards, on the event loop; what blocks is read in threads."""

    def __init__(
        self,
        new_shard: Callable[[int], Shard],
        restoring: Callable[[int, Wanted], Restoring],
        rebuild: float,
        clock: Callable[[], float],
        failed: Callable[[str, Exception], None],
    ) -> None:
        """`rebuild` is of how many seconds reports are read; `failed` is told what is survived."""
        self._new_shard = new_shard
        self._restoring = restoring
        self._rebuild = rebuild
        self._clock = clock
        self._failed = failed
        self._threads = ThreadPoolExecutor(_AT_ONCE, "restoring")

    async def take(self, partition: int, wanted: Wanted) -> Shard | None:
        """Return the shard of a partition, restored; None when it is not wanted any more.

        It is tried until brokers answer all that is asked. Raises Unrestorable and ChangelogError.
        """
        while wanted():
            restoring = await self._read(self._restoring, partition, wanted)
            try:
                return await self._restored(restoring)
            except GivenUp:
                return None
            except KafkaException as error:
                self._failed("restore", error)
            finally:
                await self._read(restoring.close)
            await asyncio.sleep(_AGAIN)
        return None

    async def close(self) -> None:
        """Wait for the threads."""
        await asyncio.to_thread(self._threads.shutdown)

    async def _restored(self, restoring: Restoring) -> Shard:
        begun = time.monotonic()
        committed = await self._read(restoring.committed)
        rows = await self._read(restoring.changelog)
        while committed is not None and (_position(rows) or 0) < committed:
            rows = await self._read(restoring.more, _position(rows), committed)
        shard = self._new_shard(restoring.partition)
        # Two seconds for 100,000 series; nobody else knows this shard yet.
        await self._read(shard.restore, rows.items(), self._clock())
        shard.position = await self._read(restoring.start, shard.position)
        read_again = 0
        reports = restoring.reports(shard.position, self._rebuild)
        while (some := await self._read(next, reports, None)) is not None:
            read_again += len(some)
            for one in some:
                shard.recall(one.key, one.value, one.headers, one.appended)
            await asyncio.sleep(0)
        logger.info(
            "partition {} goes on at {}: {} records of its changelog and {} reports in {:.1f} s",
            *(restoring.partition, shard.position, len(rows), read_again),
            time.monotonic() - begun,
        )
        return shard

    async def _read(self, call: Callable[..., _T], *arguments: object) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)


def _position(rows: Rows) -> int | None:
    key, _ = changelog.position(0)
    return changelog.read([(key, rows[key])] if key in rows else []).position
