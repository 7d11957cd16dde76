"""The evidence as the running program uses it: written and asked in threads, and never in the way.

A failed write is counted and costs its rows. A file that is found damaged is set aside while the
program runs, and another is begun; counting goes on meanwhile.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from loguru import logger

from exporter.evidence import EvidenceStore
from exporter.evidence.store import Gathered
from exporter.metrics import Metrics
from exporter.storage.database import StateError
from exporter.storage.evidence_file import is_damaged

LOG_EVERY = 60.0  # seconds; a page that is reloaded writes each time

_T = TypeVar("_T")


class Archive:
    """An evidence store between the event loop and its threads."""

    def __init__(
        self,
        store: EvidenceStore,
        writer: Executor,
        reader: Executor,
        metrics: Metrics,
        clock: Callable[[], float],
        *,
        begin_anew: Callable[[], sqlite3.Connection] | None = None,
        trouble: str = "",
    ) -> None:
        """`writer` and `reader` are of one thread; `begin_anew` sets the file aside.

        It returns the former reader's connection. `trouble` is why there is no file to begin with.
        """
        self._store = store
        self._writer, self._reader = writer, reader
        self._metrics, self._clock = metrics, clock
        self._begin_anew = begin_anew
        self._writing = asyncio.Lock()
        self._broken = bool(trouble)  # damaged or not opened, and not yet begun anew
        self._logged = float("-inf")
        self.trouble = trouble  # why the last write failed, "" if it did not

    async def write(self) -> None:
        """Move gathered decisions to the database; a failure loses them, counted."""
        async with self._writing:
            gathered = self._store.take()
            if not gathered.rows:
                return
            try:
                await self._write(gathered)
            except sqlite3.Error as error:
                failure = await self._renewed(error) if self._is_broken(error) else error
                if failure is None:
                    try:
                        await self._write(gathered)
                    except sqlite3.Error as again:
                        failure = again
                if failure is not None:
                    self._lost(gathered, failure)

    async def read(self, ask: Callable[..., _T], *arguments: object) -> _T:
        """Ask the database, after what was gathered is written.

        Raises sqlite3.Error; when the file is damaged it is set aside, so that the next question
        finds another.
        """
        await self.write()
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._reader, self._store.read, ask, *arguments)
        except sqlite3.Error as error:
            if self._is_broken(error):
                async with self._writing:
                    await self._renewed(error)
            raise

    async def forget(self, device: str) -> int:
        """Delete what is stored of a device; return how many rows. Raises sqlite3.Error."""
        await self.write()
        async with self._writing:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._writer, self._store.forget, device)

    async def _write(self, gathered: Gathered) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writer, self._store.write, gathered, self._clock())
        self.trouble = ""

    def _is_broken(self, error: sqlite3.Error) -> bool:
        """Whether another file is needed: also when the last attempt to begin one failed."""
        self._broken = self._broken or is_damaged(error)
        return self._broken

    async def _renewed(self, error: sqlite3.Error) -> Exception | None:
        """Set a damaged file aside; return None if there is another, else why there is not."""
        self._metrics.state_error("evidence", self._clock())
        if self._begin_anew is None:
            return error
        loop = asyncio.get_running_loop()
        try:
            former = await loop.run_in_executor(self._writer, self._begin_anew)
        except (sqlite3.Error, StateError) as failure:
            self._log("the evidence cannot begin anew after {}: {}", error, failure)
            return failure
        self._broken = False
        await loop.run_in_executor(self._reader, former.close)  # its own thread may be reading
        return None

    def _lost(self, gathered: Gathered, error: Exception) -> None:
        self.trouble = str(error)
        self._metrics.state_error("evidence", self._clock())
        self._log("{} rows of evidence are lost: {}", len(gathered.rows), error)

    def _log(self, message: str, *words: object) -> None:
        now = self._clock()
        if not 0 <= now - self._logged < LOG_EVERY:  # below 0: the clock was set back
            self._logged = now
            logger.error(message, *words)
