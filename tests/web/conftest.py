"""A home with a router and a PC, and the application that shows it."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exporter import build, web
from exporter.access.tokens import Tokens
from exporter.attribution import Attributor
from exporter.config import parse
from exporter.events import Batch
from exporter.evidence import EvidenceStore
from exporter.host_report import HostReport, Socket
from exporter.hosts import Hosts
from exporter.metrics import Metrics
from exporter.pipeline import Pipeline
from exporter.routers import Routers
from exporter.service import Service
from exporter.settings import Config
from exporter.stages import Stages
from exporter.storage.state import StateFile
from tests.web.client import Client

NOW = 1_795_000_000.0
ROUTER = "192.168.1.1"


class Home:
    """A running service with a clock that stands still, and what happens to it."""

    def __init__(
        self,
        config: Config,
        stages: Stages,
        database: sqlite3.Connection,
        state: StateFile,
        folder: Path,
    ) -> None:
        evidence = EvidenceStore(database)
        self.now = NOW
        self.database = database
        self.state = state
        self.folder = folder
        self.service = Service(
            config, Pipeline(stages, evidence.record), evidence, state, lambda: self.now
        )
        self.service.ready = True

    def client(self, *tokens: str, address: str = "192.168.1.20") -> Client:
        """Return somebody who asks; with `tokens`, lines of their file, only they may post."""
        return Client(web.create(self.service, self.tokens(*tokens) if tokens else None), address)

    def tokens(self, *lines: str) -> Tokens:
        file = self.folder / "configured-tokens"
        file.write_text("".join(f"{line}\n" for line in lines))
        return Tokens(file, self.folder / "tokens")

    def hears(self, *lines: str, router: str = ROUTER) -> None:
        """Let a router send lines now."""
        batch = Batch(
            received=self.now,
            sender=router,
            listener="udp",
            messages=[line.encode() for line in lines],
        )
        self.service.pipeline.process(batch)

    def decides(self) -> None:
        """Let the time pass in which agents could still report."""
        self.now += 120.0
        self.service.pipeline.tick(self.now)

    def reports(self, device: str, port: int, process: str, agent: str = "knockwatch 1") -> None:
        """Let the agent of a device report one UDP socket that has been open for an hour."""
        socket = Socket(
            transport="udp",
            local_ip="0.0.0.0",
            local_port=port,
            process=process,
            age_seconds=3600.0,
        )
        report = HostReport(
            version=1, device=device, agent=agent, interval_seconds=60.0, sockets=(socket,)
        )
        self.service.report(report)

    def counted(self, metric: str) -> dict[tuple[str, ...], float]:
        """Return the counters of a metric."""
        series = self.service.pipeline.stages.metrics.store.series[metric]
        return {labels: one.value for labels, one in series.items()}


@pytest.fixture(scope="session")
def stages() -> Stages:
    """The stages are slow to build: the network table and the knowledge are read once."""
    return build.stages(Config())


@pytest.fixture
def make_home(tmp_path: Path, stages: Stages) -> Iterator[Callable[..., Home]]:
    """Return a maker of homes with a configuration."""
    states: list[StateFile] = []
    databases: list[sqlite3.Connection] = []

    def make(configuration: str = "") -> Home:
        config = parse(configuration)
        hosts = Hosts()
        attributor = Attributor(hosts, build.port_kind(stages.knowledge), config.windows)
        states.append(StateFile(tmp_path / f"state-{len(states)}.sqlite"))
        databases.append(sqlite3.connect(":memory:", check_same_thread=False))
        fresh = stages._replace(
            routers=Routers(), hosts=hosts, attributor=attributor, metrics=Metrics()
        )
        return Home(config, fresh, databases[-1], states[-1], tmp_path)

    yield make
    for state in states:
        state.close()
    for database in databases:
        database.close()


@pytest.fixture
def home(make_home) -> Home:
    """Return a home with the defaults."""
    made: Home = make_home()
    return made
