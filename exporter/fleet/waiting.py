"""The records that wait, in the order of their numbers: the older ones on disk, the rest in memory.

Records go in, and one after the other is looked at to be sent; they leave when they are answered.
Whoever wants to know is told when a record is safe: answered, or on disk.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from exporter.fleet.disk import Disk
from exporter.fleet.spool import Row

AHEAD = 4 * 1024 * 1024  # bytes that are read from disk at once


class _Held(NamedTuple):
    row: Row
    since: float
    safe: asyncio.Future[None] | None  # of whoever waits for that


class Waiting:
    """All records that no broker has acknowledged."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.records, self.messages = disk.spool.records, disk.spool.messages
        self.memory_bytes = 0
        self._memory: dict[int, _Held] = {}  # what is not on disk
        self._answered: dict[int, Row] = {}  # still on disk
        self._number = disk.spool.last
        self._passed = 0  # all up to this number were looked at
        self._ahead: deque[Row] = deque()  # read from disk
        self._behind: deque[int] = deque()  # in memory

    @property
    def bytes(self) -> int:
        """How many of them take disk and memory."""
        return self.disk.spool.bytes + self.memory_bytes

    @property
    def unwritten(self) -> int:
        """How many are not on disk."""
        return len(self._memory)

    @property
    def unread(self) -> bool:
        """Whether something on disk was not looked at."""
        return self._passed < self.disk.spool.last

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not (self._memory or self._answered or self.unread)

    @property
    def since(self) -> float | None:
        """When the first of those in memory came, by the clock of `add`."""
        return next((held.since for held in self._memory.values()), None)

    @property
    def oldest(self) -> float | None:
        """When the first of all was received."""
        if self.disk.spool.oldest is not None:
            return self.disk.spool.oldest
        return next((held.row.received for held in self._memory.values()), None)

    def add(self, row: Row, now: float, safe: asyncio.Future[None] | None = None) -> None:
        """Take a record, whose number is given here."""
        self._number += 1
        row = row._replace(number=self._number)
        self._memory[row.number] = _Held(row, now, safe)
        self._behind.append(row.number)
        self.memory_bytes += row.size
        self.records += 1
        self.messages += row.messages

    async def next(self) -> Row | None:
        """Return the first record that was not passed."""
        while self.unread:
            while self._ahead and self._ahead[0].number <= self._passed:
                self._ahead.popleft()
            if self._ahead:
                return self._ahead[0]
            rows = await self.disk.read(self._passed, AHEAD)
            if rows is None:
                return None
            self._ahead.extend(row for row in rows if row.number not in self._answered)
            if not self._ahead:
                self._passed = rows[-1].number if rows else self.disk.spool.last
        while self._behind and self._behind[0] <= self._passed:
            self._behind.popleft()
        return self._memory[self._behind[0]].row if self._behind else None

    def go_past(self, row: Row) -> None:
        """Take it that a record was looked at."""
        self._passed = row.number

    def rewind(self) -> None:
        """Begin again with the first."""
        self._passed = 0
        self._ahead.clear()
        self._behind = deque(self._memory)

    def answer(self, row: Row, error: Exception | None = None) -> None:
        """A record need not wait any longer; with an `error` it was in vain."""
        self.records -= 1
        self.messages -= row.messages
        if row.number in self._memory:
            self._release(row, error)
        else:
            self._answered[row.number] = row

    async def replace(self, rows: Iterable[Row]) -> None:
        """Give records other values; to be followed by `rewind`."""
        stored = []
        for row in rows:
            if (held := self._memory.get(row.number)) is not None:
                self._memory[row.number] = held._replace(row=row)
            else:
                stored.append(row)
        if stored:
            await self.disk.replace(stored)

    async def write(self) -> None:
        """Write to disk what is in memory."""
        rows = [held.row for held in self._memory.values()]
        if rows and await self.disk.add(rows):
            for row in rows:
                self._release(row)

    async def forget(self) -> None:
        """Remove from disk what is answered."""
        if self._answered and await self.disk.remove(list(self._answered.values())):
            self._answered.clear()

    def _release(self, row: Row, error: Exception | None = None) -> None:
        """A record need not be in memory any longer."""
        safe = self._memory.pop(row.number).safe
        self.memory_bytes -= row.size
        if safe is None or safe.done():
            return
        if error is None:
            safe.set_result(None)
        else:
            safe.set_exception(error)
