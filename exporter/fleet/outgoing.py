"""What is sent to the brokers, and when it goes to disk instead.

While they answer, nothing touches the disk. What they do not acknowledge within two seconds is
written there, with all that comes, until they have caught up with it. All runs in one event loop.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol

from loguru import logger

from exporter.fleet.disk import Disk
from exporter.fleet.link import Link
from exporter.fleet.spool import Row, Spool
from exporter.fleet.waiting import Waiting
from exporter.fleet.writer import Answer

PATIENCE = 2.0  # seconds without an answer, after which a record is written to disk
MEMORY = 16 * 1024 * 1024  # bytes in memory that are written to disk, whatever the brokers do
MOST_MEMORY = 2 * MEMORY  # that are taken in before they are
WINDOW = 4 * 1024 * 1024  # bytes that are sent and not answered
MOST_SENT = 5000  # records of the same
LOOK = 0.02  # seconds between two looks at what was answered
WRITE = 0.2  # seconds between two transactions: each costs a page of an SD card at least
LAST = 10.0  # seconds that a stop waits for room on the disk


class Account(Protocol):
    """Who counts what becomes of records."""

    def relayed(self, row: Row) -> None:
        """A broker has acknowledged it."""

    def oversize(self, row: Row) -> None:
        """No broker will ever take it."""

    def disk_failed(self) -> None:
        """The spool could not be written or read."""

    def failed(self, task: str, error: Exception) -> None:
        """A defect was survived."""


class Oversize(ValueError):
    """A record that no broker takes."""


class Outgoing:
    """All that waits, and what of it is under way."""

    def __init__(
        self,
        spool: Spool,
        link: Link,
        account: Account,
        *,
        most_bytes: int,
        renumber: Callable[[list[bytes]], list[bytes]],
        clock: Callable[[], float],
    ) -> None:
        """`most_bytes` may wait on disk; `renumber` puts records into a session of their own."""
        self.waiting = Waiting(Disk(spool, account.disk_failed))
        self._link, self._account, self._clock = link, account, clock
        self._most_bytes, self._renumber = most_bytes, renumber
        self._sent: dict[int, tuple[Row, float]] = {}  # and not answered, since when
        self._sent_bytes = 0
        self._written = clock()
        self._wake = asyncio.Event()
        self._stopping = False
        self._told = False  # that they are stalled

    def full(self, coming: int = 0) -> bool:
        """Whether nothing more is to be taken in, with so many bytes that are on their way."""
        waiting = self.waiting
        if waiting.bytes + coming >= self._most_bytes:
            return True
        if waiting.memory_bytes + coming >= MOST_MEMORY:  # the disk is slower than what comes
            return True
        # With nothing in memory the next record shows whether the disk is still failing.
        return waiting.disk.failing and waiting.unwritten > 0 and self.stalled

    @property
    def stalled(self) -> bool:
        """Whether the brokers have not answered for a while."""
        since = self._link.missing_since
        if self._sent:
            since = next(iter(self._sent.values()))[1]
        return since is not None and self._clock() - since > PATIENCE

    def add(self, row: Row, safe: asyncio.Future[None] | None = None) -> None:
        """Take a record, whatever its number; `safe` is told when it is acknowledged or on disk.

        It gets `Oversize` for a record that no broker takes.
        """
        self.waiting.add(row, self._clock(), safe)
        self._wake.set()

    def stop(self) -> None:
        """Let `run` come to its end."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> int:
        """Send until `stop`, then bring all into safety; return how many records are in none."""
        while not self._stopping:
            await self._survive()
            if self._sent or not self.waiting.idle:
                await asyncio.sleep(WRITE if self.stalled else LOOK)
            else:
                with contextlib.suppress(TimeoutError):  # now and then the library has to log
                    await asyncio.wait_for(self._wake.wait(), 1.0)
            self._wake.clear()
        return await self._finish()

    async def step(self, *, at_once: bool = False) -> None:
        """Do what there is to do, and never wait for a broker."""
        if (writer := self._link.writer) is not None:
            for answer in writer.poll():
                self._settle(answer)
            if writer.broken:
                await self._begin_anew(writer.rejected)
        if at_once or self._clock() - self._written >= WRITE:
            self._written = self._clock()
            await self.waiting.forget()
            if at_once or self._due:
                await self.waiting.write()
        await self._send()
        self._tell()

    def _tell(self) -> None:
        """Say when the brokers do not answer any more, and when they do again."""
        if self.stalled != self._told:
            self._told = self.stalled
            if self._told:
                logger.warning("no broker answers: what comes is written to disk")
            else:
                logger.info("the brokers answer; {} records wait", self.waiting.records)

    async def _finish(self) -> int:
        """Give the brokers a moment, and the disk all that they did not take."""
        begun = self._clock()
        while (self._sent or self.waiting.unwritten) and not self.stalled:
            if self._clock() - begun > PATIENCE:
                break
            await self._survive()
            await asyncio.sleep(LOOK)
        await self._survive(at_once=True)
        while self.waiting.unwritten and self._clock() - begun < LAST:
            await asyncio.sleep(WRITE)
            await self._survive(at_once=True)
        await self._link.lose()
        self.waiting.disk.end()
        return self.waiting.unwritten

    async def _survive(self, *, at_once: bool = False) -> None:
        try:
            await self.step(at_once=at_once)
        except Exception as error:  # noqa: BLE001 - the next step may go well
            self._account.failed("outgoing", error)
            await asyncio.sleep(WRITE)

    @property
    def _due(self) -> bool:
        """Whether what is in memory belongs on disk."""
        since = self.waiting.since
        return (
            self.waiting.unread
            or self.stalled
            or self.waiting.memory_bytes > MEMORY
            or (since is not None and self._clock() - since > PATIENCE)
        )

    async def _send(self) -> None:
        """Give the writer as much as may be under way."""
        while self._link.writer and self._sent_bytes < WINDOW and len(self._sent) < MOST_SENT:
            row = await self.waiting.next()
            if row is None or not self._link.writer.write(row):
                return
            self.waiting.go_past(row)
            self._sent[row.number] = (row, self._clock())
            self._sent_bytes += row.size

    def _settle(self, answer: Answer) -> None:
        """A broker has a record, or will never take it."""
        row, _ = self._sent.pop(answer.number)
        self._sent_bytes -= row.size
        if answer.oversize:
            self._account.oversize(row)
            self.waiting.answer(row, Oversize())
        else:
            self._link.works()
            self._account.relayed(row)
            self.waiting.answer(row)

    async def _begin_anew(self, rejected: set[int]) -> None:
        """Send all again that has no answer.

        What the brokers have `rejected` may be overtaken by younger records, and would be taken for
        old then: it gets a session of its own.
        """
        await self._link.lose()
        rows = [row for number, (row, _) in self._sent.items() if number in rejected]
        self._sent.clear()
        self._sent_bytes = 0
        values = self._renumber([row.value for row in rows])
        pairs = zip(rows, values, strict=True)
        await self.waiting.replace([row._replace(value=value) for row, value in pairs])
        self.waiting.rewind()
