"""A worker's time as a member of the consumer group: what it needs, from joining to leaving.

It ends when it is asked to, and then everything is stored and the others take over at once; or with
what only a new membership can mend, and then nothing more is stored: others, or the next
membership, go on where the last transaction ended.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

from loguru import logger

from exporter.fleet import kafka
from exporter.fleet.consumer import Member
from exporter.fleet.holding import LAST, Holding
from exporter.fleet.restoring import Restoring
from exporter.fleet.shard import Shard
from exporter.fleet.takeover import Takeover
from exporter.fleet.transactions import Transactions, producer
from exporter.settings import Config

TICK = 1.0  # seconds between looks at what waits in the shards
WRITE = 10.0  # seconds between commits that nobody asked for


class Membership:
    """One membership."""

    def __init__(
        self,
        config: Config,
        new_shard: Callable[[int], Shard],
        *,
        name: str,
        clock: Callable[[], float],
        failed: Callable[[str, Exception], None],
        outcomes: Counter[str],
    ) -> None:
        """`name` is the process's, for its transactions, of which `outcomes` are counted.

        `failed` is told what was being done, and what went wrong with it and is survived.
        """
        brokers = config.kafka
        settings = kafka.client(brokers)
        self._member = Member(settings, brokers, partial(failed, "consume"))
        transactions = Transactions(
            producer(settings, name), brokers.topic, kafka.changelog_of(brokers.topic)
        )
        self._takeover = Takeover(
            new_shard,
            partial(Restoring, settings, brokers),
            config.fleet.rebuild_minutes * 60.0,
            clock,
            failed,
        )
        self._tasks = asyncio.TaskGroup()
        self.holding = Holding(
            self._tasks,
            self._member,
            transactions,
            self._takeover,
            clock=clock,
            failed=failed,
            outcomes=outcomes,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Be a member until `stop`.

        Raises the first of what ends it before: Broken, Unrestorable, ChangelogError and
        KafkaException.
        """
        try:
            async with self._tasks:
                await self._run(stop)
        except ExceptionGroup as failures:
            if not stop.is_set():
                raise failures.exceptions[0] from None
        finally:
            self.holding.end()
            await self._member.leave()
            await self._takeover.close()

    async def _run(self, stop: asyncio.Event) -> None:
        holding, tasks = self.holding, self._tasks
        while not await holding.open():
            if stop.is_set():
                return
        self._member.join(holding)
        regular = [
            tasks.create_task(self._regularly(TICK, holding.tick)),
            tasks.create_task(self._regularly(WRITE, self._write)),
        ]
        while not stop.is_set():
            await holding.take(await self._member.take())
        for task in regular:
            task.cancel()
        if not await holding.commit(LAST):  # while a member leaves, it cannot
            logger.error("what came last is not stored: whoever goes on reads it again")
        holding.end()

    async def _write(self) -> None:
        await self.holding.commit(WRITE)

    async def _regularly(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            await work()
