"""The spool as the event loop sees it: its work is done in a thread, one piece after the other.

A failure is said once until it is over, and counted; whoever asked gets to know that nothing was
done.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from loguru import logger

from exporter.fleet.spool import Row, Spool

_T = TypeVar("_T")


class Disk:
    """A spool, and whether it can be written."""

    def __init__(self, spool: Spool, failed: Callable[[], object]) -> None:
        """`failed` counts."""
        self.spool = spool
        self.failing = False  # since a write failed, until the next one succeeds
        self._failed = failed
        self._thread = ThreadPoolExecutor(1, "spool")

    async def add(self, rows: Sequence[Row]) -> bool:
        """Keep rows; whether they are kept."""
        return await self._write(lambda: self.spool.add(rows))

    async def replace(self, rows: Sequence[Row]) -> bool:
        """Give rows other values; whether they have them."""
        return await self._write(lambda: self.spool.replace(rows))

    async def remove(self, rows: Sequence[Row]) -> bool:
        """Forget rows; whether they are forgotten."""
        return await self._write(lambda: self.spool.remove(rows))

    async def read(self, after: int, most_bytes: int) -> list[Row] | None:
        """Return the rows that follow a number, None when they cannot be read."""
        done = await self._do(lambda: self.spool.read(after, most_bytes))
        return None if isinstance(done, sqlite3.Error) else done

    def end(self) -> None:
        """Wait for what is under way; the spool stays open."""
        self._thread.shutdown()

    async def _write(self, work: Callable[[], None]) -> bool:
        failure = await self._do(work)
        if failure is None and self.failing:
            logger.info("spool {} can be written again", self.spool.path)
        self.failing = failure is not None
        return failure is None

    async def _do(self, work: Callable[[], _T]) -> _T | sqlite3.Error:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.Error as error:
            self._failed()
            if not self.failing:
                logger.error("spool {}: {}", self.spool.path, error)
            return error
