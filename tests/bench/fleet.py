"""What workers and relays cost: `python -m tests.bench.fleet [LINES [TIMES [SITES]]]`.

A real Kafka (one node) holds a topic that is filled once, as relays fill it. It is read by one
worker and by two side by side, in turns, each time from the beginning and without a changelog, and
each time what they show must be exactly what was written. All figures are processor time of the
processes themselves: the broker and the senders run on the same cores.
"""

import sys
import tempfile
import time
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from tests.bench import server as bench
from tests.bench.records import of_fleet
from tests.bench.tables import Table, figure, runs
from tests.bench.topics import RELAY, SECRET, Filled, Progress, fill, forget, stored
from tests.system.parts import kafka as kafka_part
from tests.system.parts.fleet import is_ready, ready, worker
from tests.system.parts.kafka import Kafka
from tests.system.parts.knockwatch import Server
from tests.system.parts.process import until

TOPIC = "bench"
PARTITIONS = 12
PER_SITE = 10  # lines a second
SCRAPES = 5
WORKERS = (1, 2)
LONGEST = 1800.0  # seconds that one reading of the topic may take


class Reading(NamedTuple):
    """The topic read once."""

    workers: int
    core: float  # seconds of one, of all workers together
    broker: float  # of the broker meanwhile
    wall: float
    changelog: int  # bytes
    commits: float
    scrape: float  # seconds of a core for one scrape of all
    series: int
    memory: float  # MB that all workers have grown by
    restored: float | None  # seconds until a new worker has all shards; of one worker only


class Fleet:
    """A broker with a full topic, and where the workers' files are."""

    def __init__(self, folder: Path, cluster: Kafka, filled: Filled) -> None:
        self._folder = folder
        self._cluster = cluster
        self._filled = filled
        self._number = 0
        self._keys = folder / "relays"
        self._keys.write_text(f"{RELAY.decode()} {SECRET.decode()} *\n")
        self._keys.chmod(0o600)

    def read(self, workers: int) -> Reading:
        """Let so many workers read the topic from its beginning."""
        self._number += 1
        group = f"bench-{self._number}"
        forget(self._cluster, TOPIC)
        with ExitStack() as stack:
            servers = [stack.enter_context(self._worker(group)) for _ in range(workers)]
            broker, memory, before = self._begin(servers)
            begun = time.monotonic()
            ended = Progress(self._cluster, TOPIC, group).wait(LONGEST)
            core = sum(bench.cpu_seconds(s.process.pid) - before[s.process.pid] for s in servers)
            broker = self._broker() - broker
            grown = sum(bench.resident(s.process.pid) for s in servers) - memory
            changelog = stored(self._cluster, f"{TOPIC}-changelog")
            shown = [line for server in servers for line in bench.shown(server)]
            commits = bench.count(shown, "knockwatch_transactions_total", 'outcome="committed"')
            self._check(shown)
            scrape = self._scraped(servers)
            series = sum(1 for line in shown if not line.startswith("#"))
        restored = self._restored(group) if workers == 1 else None
        figures = core, broker, ended - begun, changelog, commits, scrape, series, grown
        return Reading(workers, *figures, restored)

    def _worker(self, group: str) -> AbstractContextManager[Server]:
        more = f'[fleet]\nrelays = "{self._keys}"\n'
        options: Any = {"partitions": PARTITIONS, "group": group, "more": more}
        return worker(self._folder, self._cluster, TOPIC, **options)

    def _begin(self, servers: list[Server]) -> tuple[float, float, dict[int, float]]:
        """Wait until all are ready, and return what was used of cores and memory when each was."""
        waiting, before, memory = list(servers), dict[int, float](), 0.0
        broker = self._broker()

        def one_more() -> bool:
            nonlocal memory
            for server in [one for one in waiting if is_ready(one)]:
                waiting.remove(server)
                before[server.process.pid] = bench.cpu_seconds(server.process.pid)
                memory += bench.resident(server.process.pid)
            return not waiting

        until(one_more, "ready workers", seconds=90)
        return broker, memory, before

    def _broker(self) -> float:
        return bench.cpu_seconds(self._cluster.process(1).pid)

    def _check(self, shown: list[str]) -> None:
        """Raise unless all is counted exactly."""
        wanted = {
            "knockwatch_messages_total": self._filled.messages,
            "knockwatch_rejected_packets_total": self._filled.packets,
            "knockwatch_reports_total": self._filled.reports,
            "knockwatch_dropped_messages_total": 0,
        }
        found = {metric: bench.count(shown, metric) for metric in wanted}
        if found != wanted:
            raise RuntimeError(f"counted {found}, written {wanted}")

    def _scraped(self, servers: list[Server]) -> float:
        before = sum(bench.cpu_seconds(server.process.pid) for server in servers)
        for _ in range(SCRAPES):
            for server in servers:
                server.metrics()
        after = sum(bench.cpu_seconds(server.process.pid) for server in servers)
        return (after - before) / SCRAPES

    def _restored(self, group: str) -> float:
        """Return how long it takes from the start of a worker until it holds everything."""
        begun = time.monotonic()
        with self._worker(group) as server:
            ready(server)
            return time.monotonic() - begun


class Course(NamedTuple):
    """All that was measured."""

    filled: Filled
    writing: float  # seconds of the broker's core while the topic was filled
    readings: list[Reading]


def measure(lines: int, times: int, sites: int) -> Course:
    """Fill a topic with at least so many lines, and let it be read so many times."""
    seconds = -(-lines // (sites * PER_SITE))
    with tempfile.TemporaryDirectory() as name, kafka_part.kafka(Path(name)) as cluster:
        written = of_fleet(sites, seconds, until=datetime.now(UTC).timestamp(), lines=PER_SITE)
        before = bench.cpu_seconds(cluster.process(1).pid)
        filled = fill(cluster, TOPIC, PARTITIONS, written)
        writing = bench.cpu_seconds(cluster.process(1).pid) - before
        print(filled, file=sys.stderr, flush=True)
        fleet = Fleet(Path(name), cluster, filled)
        readings = []
        for _ in range(times):
            for workers in WORKERS:
                readings.append(fleet.read(workers))
                print(readings[-1], file=sys.stderr, flush=True)
        return Course(filled, writing, readings)


def tables(
    lines: int = 1_000_000, times: int = 5, sites: int = 200
) -> tuple[list[Table], dict[str, float]]:
    """Measure; return figures for `capacity`, too."""
    filled, writing, readings = measure(lines, times, sites)
    of = {workers: [one for one in readings if one.workers == workers] for workers in WORKERS}
    millions = filled.messages / 1e6
    one = "{:,.1f}".format
    medians = {n: median(r.core for r in some) / millions for n, some in of.items()}
    rows = [
        (
            f"{workers}",
            figure((r.core / millions for r in some), one),
            f"{medians[workers] / medians[1]:.3f}",
            figure((r.broker / millions for r in some), one),
            figure((r.wall for r in some), "{:,.0f}".format),
        )
        for workers, some in of.items()
    ]
    notes = (
        f"Seconds of a core for a million lines: {filled.messages:,} lines of {sites:,} sites with"
        f" routers of all dialects, {PER_SITE} lines a record, and {filled.reports:,} reports."
        f" Start-up excluded; exact sums in every run. To be filled, the topic took"
        f" {writing / millions:.1f} of the broker. {runs(times)}"
    )
    columns = ("Workers", "Workers' core", "of one's", "Broker's core", "Seconds of the wall")
    rest = _rest(filled, of[1], sites)
    found = [
        Table("One worker and two", columns, rows, notes),
        Table("What is stored, shown and restored", ("", "Figure"), rest),
    ]
    known = {
        "line_core": medians[1],
        "series_core": median(r.scrape / r.series for r in of[1]),
        "broker_core": (writing + median(r.broker for r in of[1])) / millions,
    }
    return found, known


def _rest(filled: Filled, readings: list[Reading], sites: int) -> list[tuple[str, str]]:
    one = "{:,.1f}".format
    scrapes = (reading.scrape / reading.series * 1e6 for reading in readings)
    return [
        ("bytes of a line in its record, with the reports'", one(filled.bytes / filled.messages)),
        ("of them on the broker's disk, compressed", one(filled.stored / filled.messages)),
        (
            "kB of the changelog for each commit",
            figure(r.changelog / r.commits / 1e3 for r in readings),
        ),
        ("series shown by all workers", figure(r.series for r in readings)),
        ("a scrape, with its commit, µs of a core for each series", figure(scrapes, one)),
        ("memory that a site takes, kB", figure(r.memory / sites * 1e3 for r in readings)),
        (
            "seconds from the start until one worker has all shards",
            figure((r.restored for r in readings if r.restored is not None), one),
        ),
    ]


if __name__ == "__main__":
    for _table in tables(*map(int, sys.argv[1:]))[0]:
        print(_table.markdown(), end="\n\n")
