"""The running program as its HTTP side sees it: scrape, report, suspects; and what is kept.

Everything runs on the one event loop, except what blocks: writing SQLite and rendering a snapshot,
which work on copies in a thread.
"""

import asyncio
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec
from prometheus_client import PlatformCollector, ProcessCollector

from exporter.build import VERSION
from exporter.doctor import CanaryCondition, Condition, Trouble, condition
from exporter.events import Batch, Position
from exporter.evidence import EvidenceStore, Suspect, suspects
from exporter.host_report import HostReport
from exporter.hosts.machines import Conflict, Device
from exporter.metrics import exposition, formats
from exporter.metrics.series import Declaration
from exporter.pipeline import Pipeline
from exporter.settings import Config
from exporter.storage import remembered
from exporter.storage.archive import Archive
from exporter.storage.state import StateFile
from exporter.storage.storing import Storing

_T = TypeVar("_T")


class Service:
    """One running exporter."""

    def __init__(
        self,
        config: Config,
        pipeline: Pipeline,
        evidence: EvidenceStore,
        state: StateFile,
        clock: Callable[[], float],
        *,
        begin_anew: Callable[[], sqlite3.Connection] | None = None,
        trouble: str = "",
    ) -> None:
        """Put a pipeline, its evidence store and the state file together.

        `begin_anew` sets a damaged file of evidence aside; `trouble` is why there is none.
        """
        self.host_names: set[str] = set()  # under which the page is reached, in lower case
        self.use(config)
        self.pipeline = pipeline
        self.clock = clock
        self.started = clock()
        self.ready = False
        self.secret = secrets.token_urlsafe(24)  # by which our own canary's reports are known
        self.canary: Callable[[HostReport], None] | None = None  # takes them
        self.canary_condition: Callable[[], CanaryCondition | None] = lambda: None
        self.watched: list[Callable[[], Iterable[formats.Family]]] = []  # what else is shown
        self.before_scrape: Callable[[], object] | None = None  # reads what the kernel counts
        # One thread of our own for writing and rendering: in order, and never behind a reader.
        self._writer = ThreadPoolExecutor(1, "writer")
        self._reader = ThreadPoolExecutor(1, "reader")
        metrics = pipeline.stages.metrics
        self._archive = Archive(
            evidence,
            self._writer,
            self._reader,
            metrics,
            clock,
            begin_anew=begin_anew,
            trouble=trouble,
        )
        self._storing = Storing(pipeline, state, self._writer, clock)
        self.acknowledged = self._storing.acknowledged
        self._scrape_seconds = 0.0
        self._scraped: float | None = None  # when somebody last read the metrics
        self._process = [ProcessCollector(registry=None), PlatformCollector(registry=None)]

    def use(self, config: Config) -> None:
        """Answer by this configuration."""
        self.config = config
        self.host_names.clear()
        self.host_names.update(name.lower() for name in config.listen.host_names)

    def restore(self) -> None:
        """Take back what the state file holds."""
        self._storing.restore(self.config.files)

    @property
    def positions(self) -> Mapping[str, Position]:
        """Up to where the lines of followed files are counted, by the files' paths."""
        return self._storing.positions

    @property
    def unstored(self) -> str:
        """Why what was counted last is not stored; "" when it is."""
        return self._storing.trouble

    def counted(self, batch: Batch) -> bool:
        """Note what a batch says besides its messages, in the step in which those were counted.

        When this is true a commit is due: see `Storing.read_up_to`.
        """
        if batch.oversize:
            metrics = self.pipeline.stages.metrics
            metrics.dropped(batch.listener, "oversize", batch.oversize, batch.received)
        return batch.position is not None and self._storing.read_up_to(batch, batch.position)

    async def scrape(self, accept: str) -> tuple[bytes, str]:
        """The exposition, after what it shows is safely stored."""
        begun = self.clock()
        if self.before_scrape is not None:
            self.before_scrape()
        async with self._storing.committed():
            families = self._families(begun)
        run = asyncio.get_running_loop().run_in_executor
        body = await run(self._writer, formats.encode, families, accept, self._process)
        self._scrape_seconds = self.clock() - begun
        self._scraped = begun
        return body

    async def commit(self) -> None:
        """Store the counters and what waits; a failure is counted, and tried again later."""
        await self._storing.commit()

    async def write_evidence(self) -> None:
        """Move gathered decisions to the evidence database; a failure loses them, counted."""
        await self._archive.write()

    def report(self, report: HostReport) -> Device:
        """Take a host's report in.

        Raises machines.Conflict.
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
        now = self.clock()
        return await self.read_evidence(suspects.between, now - seconds, now, most)

    async def read_evidence(self, ask: Callable[..., _T], *arguments: object) -> _T:
        """What the evidence answers: `ask` gets a connection to read from, in a thread.

        Raises sqlite3.Error.
        """
        return await self._archive.read(ask, *arguments)

    async def forget(self, device: str) -> remembered.Forgotten:
        """Delete what is stored of a device; its counters stay, which are only counts.

        Raises sqlite3.Error when a file cannot be written; all else is deleted then.
        """
        forgotten = remembered.forget(self.pipeline, device, self.clock())
        acknowledged = self.acknowledged.forget(device)
        try:
            evidence = await self._archive.forget(device)
        finally:
            await self._storing.overwrite()
        return msgspec.structs.replace(forgotten, evidence=evidence, acknowledged=acknowledged)

    def set_aside(self) -> list[str]:
        """The databases that were found damaged and kept: nothing is deleted in them."""
        return self._storing.set_aside()

    def condition(self) -> Condition:
        """What the doctor looks at."""
        return condition.of(
            self.pipeline,
            self._grown,
            self.clock(),
            version=VERSION,
            started=self.started,
            ready=self.ready,
            scraped=self._scraped,
            syslog_port=self.config.listen.syslog_port,
            address=self.config.listen.address,
            expected=[device.name for device in self.config.device],
            troubles=self._troubles(),
            canary=self.canary_condition(),
        )

    def _troubles(self) -> Iterator[Trouble]:
        if self.unstored:
            yield Trouble(database="state", error=self.unstored)
        if self._archive.trouble:
            yield Trouble(database="evidence", error=self._archive.trouble)

    def close(self) -> None:
        """Wait for what is being written and read."""
        self._writer.shutdown()
        self._reader.shutdown()

    def _grown(self, metric: Declaration) -> dict[tuple[str, ...], float]:
        """What was counted since the start; what was restored is of the times before."""
        series = self.pipeline.stages.metrics.store.series[metric.name]
        return {key: one.value - one.restored for key, one in series.items()}

    def _families(self, now: float) -> list[formats.Family]:
        stages = self.pipeline.stages
        newborn = self.config.metrics.newborn_at_zero
        counters = exposition.take(
            stages.metrics, stages.networks, newborn_at_zero=newborn, stored=True
        )
        return [
            *counters,
            *exposition.state(
                stages.routers,
                stages.hosts,
                self._storing.waiting,
                now,
                version=VERSION,
                scrape_seconds=self._scrape_seconds,
                metrics=stages.metrics,
            ),
            *(family for look in self.watched for family in look()),
        ]
