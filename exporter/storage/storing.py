"""What outlives a restart: the counters, what is remembered, and how far files are counted.

All of it is taken in one step of the event loop and stored in one transaction, so that what is
stored fits together. A failure is counted and told of once, and all is tried again next time.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from hashlib import blake2b
from pathlib import PurePath

import msgspec
from loguru import logger

from exporter.access.acknowledged import Acknowledgement, Acknowledgements
from exporter.events import Batch, Position
from exporter.metrics import STATE_ERRORS
from exporter.pipeline import Pipeline
from exporter.storage import remembered
from exporter.storage.state import StateFile

MAX_POSITIONS = 1000  # of followed files; twice as many as are followed at one time
_positions = msgspec.msgpack.Decoder(dict[str, Position])
_known = msgspec.msgpack.Decoder(list[Acknowledgement])


class Storing:
    """The state file, and what is in it."""

    def __init__(
        self, pipeline: Pipeline, state: StateFile, writer: Executor, clock: Callable[[], float]
    ) -> None:
        """`writer` is the one thread that writes, in order."""
        self.acknowledged = Acknowledgements()
        self.positions: dict[str, Position] = {}  # by path, the one read longest ago first
        self.waiting = 0  # undecided packets, as of the last commit
        self.trouble = ""  # why the last commit failed, "" if it did not
        self._pipeline = pipeline
        self._state = state
        self._writer = writer
        self._clock = clock
        self._committing = asyncio.Lock()
        self._stored: dict[str, bytes] = {}  # digests of parts: what waits may take megabytes

    def restore(self, files: Collection[str]) -> None:
        """Take back what the state file holds; positions in those files only (patterns)."""
        series, parts = self._state.load()
        store, now = self._pipeline.stages.metrics.store, self._clock()
        if not series:
            store.begin_anew(now)
        for (metric, labels), of_series in series.items():
            store.restore(metric, labels, of_series)
        for name, error in remembered.restore(self._pipeline, parts, now).items():
            logger.error("what is stored as {} in {} is lost: {}", name, self._state.path, error)
        self.waiting = self._pipeline.waiting.packets
        try:
            self.acknowledged.restore(_known.decode(parts.get("acknowledged", b"\x90")))
        except msgspec.DecodeError as error:
            logger.error("what was acknowledged is lost, {}: {}", self._state.path, error)
        try:
            positions = _positions.decode(parts.get("positions", b"\x80"))
        except msgspec.DecodeError as error:
            logger.error("files are read from their beginning, {}: {}", self._state.path, error)
        else:
            self.positions = {
                path: position
                for path, position in positions.items()
                if any(PurePath(path).match(file) for file in files)
            }

    def read_up_to(self, batch: Batch, position: Position) -> bool:
        """Note a position in the step in which the lines before it were counted.

        So the next commit stores the counters and the position that they belong to. It is due now
        when this is true: before a line of a file is stored, a restart cannot tell it from another
        that has come to its place.
        """
        known = self.positions.pop(batch.sender, None)
        self.positions[batch.sender] = position
        if len(self.positions) > MAX_POSITIONS:
            del self.positions[next(iter(self.positions))]
        return known is None or not known.before

    async def commit(self) -> None:
        """Store what changed."""
        async with self.committed():
            pass

    async def overwrite(self) -> None:
        """Store what is so by now, and leave nothing of what was before on the disk.

        Raises sqlite3.Error.
        """
        async with self._committing:
            await self._commit()
            if self.trouble:
                raise sqlite3.OperationalError(self.trouble)
            run = asyncio.get_running_loop().run_in_executor
            await run(self._writer, self._state.overwrite)

    def set_aside(self) -> list[str]:
        """The names of the databases beside ours that were found damaged, and kept."""
        found = self._state.path.parent.glob("*.sqlite.broken-*")
        return sorted(file.name for file in found if file.name.rpartition("-")[2].isdigit())

    @asynccontextmanager
    async def committed(self) -> AsyncIterator[None]:
        """Store what changed; what is stored stays so for as long as the block."""
        async with self._committing:
            await self._commit()
            yield

    async def _commit(self) -> None:
        metrics = self._pipeline.stages.metrics
        changes, removed = metrics.store.changes(), list(metrics.store.removed)
        waiting, parts = self._pipeline.waiting.packets, self._parts(self._clock())
        digests = {name: blake2b(part).digest() for name, part in parts.items()}
        if not changes and not removed and digests == self._stored:
            return
        values = {key: one for key, one in changes.items() if key[0] != STATE_ERRORS.name}
        news = {n: part for n, part in parts.items() if digests[n] != self._stored.get(n)}
        run = asyncio.get_running_loop().run_in_executor
        try:
            await run(self._writer, self._state.commit, values, removed, news)
        except sqlite3.Error as error:
            metrics.state_error("state", self._clock())
            if self.trouble != str(error):  # once, not at every scrape
                logger.error("counters are not stored in {}: {}", self._state.path, error)
            self.trouble = str(error)
        else:
            if self.trouble:
                logger.info("counters are stored again in {}", self._state.path)
            self.trouble = ""
            metrics.store.saved(changes, removed)
            self._stored = digests
            self.waiting = waiting

    def _parts(self, now: float) -> Mapping[str, bytes]:
        return {
            **remembered.parts(self._pipeline, now),
            "positions": msgspec.msgpack.encode(self.positions),
            "acknowledged": msgspec.msgpack.encode(self.acknowledged.all(now)),
        }
