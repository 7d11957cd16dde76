"""The running program as its HTTP side sees it: scrape, report, suspects; and what is kept.

Everything runs on the one event loop, except what blocks: writing SQLite and rendering a snapshot,
which work on copies in a thread.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec
from loguru import logger
from prometheus_client import PlatformCollector, ProcessCollector

from exporter import exposition
from exporter.attribution import MAX_GRACE
from exporter.build import VERSION
from exporter.events import HostReport
from exporter.evidence import EvidenceStore, Suspect
from exporter.hosts import Conflict, Device
from exporter.pipeline import Pipeline
from exporter.settings import Config
from exporter.state import StateFile
from exporter.waiting import Group

RESTART_GRACE = 1.5  # of the slowest agent's interval: until then a silent one may still report
_T = TypeVar("_T")
_groups = msgspec.msgpack.Decoder(list[Group])
_offsets = msgspec.msgpack.Decoder(dict[str, float])
_processes = msgspec.msgpack.Decoder(dict[str, tuple[str, str]])


class Service:
    """One running exporter."""

    def __init__(
        self,
        config: Config,
        pipeline: Pipeline,
        evidence: EvidenceStore,
        state: StateFile,
        clock: Callable[[], float],
    ) -> None:
        """Put a pipeline, its evidence store and the state file together."""
        self.config = config
        self.pipeline = pipeline
        self.clock = clock
        self.started = clock()
        self.ready = False
        self.before_scrape: Callable[[], object] | None = None  # reads what the kernel counts
        self._evidence = evidence
        self._state = state
        # One thread of our own for writing and rendering: in order, and never behind a reader.
        self._writer = ThreadPoolExecutor(1, "writer")
        self._reader = ThreadPoolExecutor(1, "reader")
        self._committing = asyncio.Lock()
        self._scrape_seconds = 0.0
        self._stored_parts: dict[str, bytes] = {}
        self._process = [ProcessCollector(registry=None), PlatformCollector(registry=None)]

    def restore(self) -> None:
        """Take back what the state file holds."""
        series, parts = self._state.load()
        for (metric, labels), of_series in series.items():
            self.pipeline.stages.metrics.store.restore(metric, labels, of_series)
        try:
            self.pipeline.waiting.restore(_groups.decode(parts.get("waiting", b"\x90")))
            self.pipeline.stages.metrics.processes.update(
                _processes.decode(parts.get("processes", b"\x80"))
            )
            self.pipeline.stages.routers.restore(_offsets.decode(parts.get("offsets", b"\x80")))
            slowest = msgspec.msgpack.decode(parts.get("slowest", b"\x00"), type=float)
            grace = min(RESTART_GRACE * slowest, MAX_GRACE)
            self.pipeline.stages.attributor.awaited_until = self.clock() + grace if grace else 0.0
        except msgspec.DecodeError as error:
            logger.error("undecided packets of {} are lost: {}", self._state.path, error)

    async def scrape(self, accept: str) -> tuple[bytes, str]:
        """The exposition, after what it shows is safely stored."""
        begun = self.clock()
        if self.before_scrape is not None:
            self.before_scrape()
        async with self._committing:
            families = self._families(begun)
            await self._commit()
        body = await self._write(exposition.encode, families, accept, self._process)
        self._scrape_seconds = self.clock() - begun
        return body

    async def commit(self) -> None:
        """Store the counters and what waits; a failure is counted, and tried again later."""
        async with self._committing:
            await self._commit()

    async def write_evidence(self) -> None:
        """Move gathered decisions to the evidence database; a failure loses them, counted."""
        rows = self._evidence.take()
        if not rows:
            return
        try:
            await self._write(self._evidence.write, rows, self.clock())
        except sqlite3.Error as error:
            self.pipeline.stages.metrics.state_error("evidence", self.clock())
            logger.error("{} rows of evidence are lost: {}", len(rows), error)

    def report(self, report: HostReport) -> Device:
        """Take a host's report in.

        Raises hosts.Conflict.
        """
        now = self.clock()
        try:
            device = self.pipeline.report(report, now)
        except Conflict:
            self.pipeline.stages.metrics.report("refused", now)
            raise
        self.pipeline.stages.metrics.report("accepted", now)
        return device

    async def suspects(self, seconds: float, most: int = 50) -> list[Suspect]:
        """Who was behind the rejected packets of the last `seconds`."""
        await self.write_evidence()
        now = self.clock()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._reader, self._evidence.suspects, now - seconds, now, most
        )

    def close(self) -> None:
        """Wait for what is being written and read."""
        self._writer.shutdown()
        self._reader.shutdown()

    async def _write(self, call: Callable[..., _T], *arguments: object) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, call, *arguments)

    def _families(self, now: float) -> list[exposition.Family]:
        stages = self.pipeline.stages
        newborn = self.config.metrics.newborn_at_zero
        waiting = sum(group.packets for group in self.pipeline.waiting.groups())
        return [
            *exposition.take(stages.metrics, stages.networks, newborn_at_zero=newborn),
            *exposition.state(
                stages.routers,
                stages.hosts,
                waiting,
                now,
                VERSION,
                self._scrape_seconds,
                stages.metrics,
            ),
        ]

    async def _commit(self) -> None:
        metrics = self.pipeline.stages.metrics
        changes, removed = metrics.store.changes(), list(metrics.store.removed)
        now = self.clock()
        intervals = [d.report.interval_seconds for d in self.pipeline.stages.hosts.live(now)]
        parts = {
            "slowest": msgspec.msgpack.encode(max(intervals, default=0.0)),
            "offsets": msgspec.msgpack.encode(self.pipeline.stages.routers.offsets()),
            "waiting": msgspec.msgpack.encode(self.pipeline.waiting.groups()),
            "processes": msgspec.msgpack.encode(metrics.processes),
        }
        if not changes and not removed and parts == self._stored_parts:
            return
        values = {key: (s.value, s.created, s.used) for key, s in changes.items()}
        try:
            await self._write(self._state.commit, values, removed, parts)
        except sqlite3.Error as error:
            metrics.state_error("state", self.clock())
            logger.error("counters are not stored in {}: {}", self._state.path, error)
        else:
            metrics.store.saved(changes, removed)
            self._stored_parts = parts
