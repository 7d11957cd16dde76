"""The partitions that a worker holds, each as a shard: fed, stored, and given away.

All on the event loop; what blocks is in threads. What is shown is what is stored, and only of
shards that were surely ours a moment ago: a worker that was halted or cut off must not show what
another one counts on meanwhile.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from confluent_kafka import KafkaException
from loguru import logger

from exporter.fleet import blocking
from exporter.fleet.consumer import SESSION, Consumed, Member
from exporter.fleet.shard import Shard
from exporter.fleet.takeover import Takeover
from exporter.fleet.transactions import SECONDS, Aborted, Broken, Stored, Transactions

# The group gives a member up SESSION after its last sign of life, of which there is one each
# second. A shard is surely ours for this long after the brokers took its offset from us.
SURE = SESSION - 5.0
LAST = 8.0  # seconds for the last commit of what is given away
_SLICE = 0.05  # seconds of counting between turns of the event loop
_PATIENCE = 0.5  # seconds for the news of another generation to arrive
STUCK = SECONDS + 5.0  # after which a transaction has failed, whatever the library says
_NEVER = float("-inf")
_T = TypeVar("_T")


class Held:
    """A partition of ours."""

    def __init__(self) -> None:
        self.shard: Shard | None = None  # once it is restored
        self.sure = _NEVER  # the monotonic time at which it was surely ours
        self.lag = 0  # records that wait, when brokers last said so


class Holding:
    """All partitions of ours, while we are a member of the group."""

    def __init__(
        self,
        tasks: asyncio.TaskGroup,
        member: Member,
        transactions: Transactions,
        takeover: Takeover,
        *,
        clock: Callable[[], float],
        failed: Callable[[str, Exception], None],
        outcomes: Counter[str],
    ) -> None:
        """`tasks` end with what cannot be survived: Broken, Unrestorable, ChangelogError.

        `failed` is told what is survived, `outcomes` counts transactions.
        """
        self._tasks = tasks
        self._member = member
        self._transactions = transactions
        self._takeover = takeover
        self._clock = clock
        self._failed = failed
        self._outcomes = outcomes
        self._held: dict[int, Held] = {}
        self._storing = asyncio.Lock()
        self._next: asyncio.Task[bool] | None = None  # a commit that has not yet begun
        self._commits: set[asyncio.Task[bool]] = set()  # that, and the one under way
        self._joined = self._over = False

    @property
    def ready(self) -> bool:
        """Whether we are a member, and all partitions of ours are restored."""
        return self._joined and all(held.shard is not None for held in self._held.values())

    async def open(self) -> bool:
        """Be ready for transactions; false while no broker answers. Raises Broken."""
        return await self._call(self._transactions.open)

    def shown(self) -> list[tuple[Shard, int]]:
        """Return the shards that are surely ours, and how many records wait for each."""
        now = time.monotonic()
        return [
            (held.shard, held.lag)
            for _, held in sorted(self._held.items())
            if held.shard is not None and now - held.sure < SURE
        ]

    async def assigned(self, partitions: list[int]) -> None:
        """Restore these; the others go on meanwhile."""
        self._joined = True
        for partition in partitions if not self._over else ():
            held = self._held[partition] = Held()
            self._tasks.create_task(self._restore(partition, held))

    async def revoked(self, partitions: list[int]) -> None:
        """Store what is new, then forget these."""
        try:
            await self.commit(LAST)
        finally:
            self._drop(partitions)

    async def lost(self, partitions: list[int]) -> None:
        """Forget these: somebody else may have them."""
        logger.warning("partitions {} are lost: the group did not hear of us", partitions)
        self._drop(partitions)

    def end(self) -> None:
        """Forget all: what is not stored is read again by whoever holds it next."""
        self._over = True
        self._transactions.give_up()
        self._held.clear()
        for commit in self._commits:
            commit.cancel()

    async def take(self, records: list[Consumed]) -> None:
        """Count records, in their order."""
        due = time.monotonic() + _SLICE
        for record in records:
            held = self._held.get(record.partition)
            if held is not None and held.shard is not None:
                self._count(held.shard, record)
            if time.monotonic() > due:
                await asyncio.sleep(0)
                due = time.monotonic() + _SLICE

    async def tick(self) -> None:
        """Let each shard decide what is due.

        What is at the end of its partition has read all that was there when the end was asked for.
        """
        now = self._clock()
        ends = await self._member.ends(self._shards())
        for partition, shard in self._shards().items():
            lag = None
            if partition in ends:
                lag = self._held[partition].lag = max(ends[partition] - _at(shard), 0)
            shard.tick(now, caught_up=lag == 0)

    async def commit(self, seconds: float) -> bool:
        """Store what is new now, within so many seconds; return whether all is stored.

        Who comes while one commit is under way waits for the next one, as all others do.
        """
        if self._over or not self._held:
            return True
        if self._next is None:
            self._next = self._tasks.create_task(self._store())
            self._commits.add(self._next)
            self._next.add_done_callback(self._commits.discard)
        waited = self._next
        await asyncio.wait([waited], timeout=seconds)
        ended = waited.done() and not waited.cancelled() and waited.exception() is None
        return ended and waited.result()

    async def _store(self) -> bool:
        """Store what is new, and tell whether it could be done."""
        async with self._storing:
            self._next = None
            for patience in (_PATIENCE, 0.0):
                try:
                    await self._store_all()
                except Aborted as aborted:
                    if not (aborted.expelled and patience):
                        self._failed("commit", aborted)
                    if not aborted.expelled:
                        return False
                    # The group has a new generation. Soon we hear of it, be we part of it or not.
                    for held in self._held.values():
                        held.sure = _NEVER
                    await asyncio.sleep(patience)
                else:
                    return True
        return False

    async def _store_all(self) -> None:
        """Store what is new in one transaction; without news, too: it proves that they are ours.

        All is taken in one step of the loop, in which we hold these shards: the generation, too, so
        that the brokers refuse the offsets if somebody else holds them by the time they are sent.
        """
        shards, now = self._shards(), self._clock()
        if not shards:
            return
        stored = Stored(
            records=[(p, *row) for p, shard in shards.items() for row in shard.changes(now)],
            offsets={p: _at(shard) for p, shard in shards.items()},
            generation=self._member.generation,
        )
        begun = time.monotonic()
        try:
            await self._call(partial(self._transactions.commit, stored))
        except (Aborted, Broken):
            self._outcomes["aborted"] += 1  # as far as we know: of Broken the brokers have the word
            raise
        self._outcomes["committed"] += 1
        for partition, shard in shards.items():
            shard.saved()
            held = self._held.get(partition)
            if held is not None and held.shard is shard:
                held.sure = begun

    async def _call(self, what: Callable[[], _T]) -> _T:
        """Call what blocks; Broken is raised when it does not return.

        Some calls of librdkafka 2.16 never do once brokers were away for longer.
        """
        try:
            return await blocking.call(what, STUCK)
        except TimeoutError:
            raise Broken(f"a transaction did not end in {STUCK:.0f} s") from None

    def _shards(self) -> dict[int, Shard]:
        """The shards that are restored."""
        return {p: held.shard for p, held in self._held.items() if held.shard is not None}

    def _count(self, shard: Shard, record: Consumed) -> None:
        if record.offset < _at(shard):
            return
        if record.offset > _at(shard):
            gone = f"{shard.position} to {record.offset - 1} of partition {shard.partition}"
            error = LookupError(f"records {gone} were deleted before they were counted")
            self._failed("records", error)
        shard.process(record.offset, record.appended, record.key, record.value, record.headers)

    async def _restore(self, partition: int, held: Held) -> None:
        def wanted() -> bool:
            return self._held.get(partition) is held

        while (shard := await self._takeover.take(partition, wanted)) is not None and wanted():
            held.shard = shard
            try:
                await self._member.begin(partition, _at(shard))
            except KafkaException as error:
                held.shard = None
                self._failed("restore", error)
            else:
                return

    def _drop(self, partitions: list[int]) -> None:
        self._held = {p: held for p, held in self._held.items() if p not in partitions}


def _at(shard: Shard) -> int:
    """The offset of the next record."""
    return shard.position or 0
