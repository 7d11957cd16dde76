"""What a scrape takes, and the receiver meanwhile: `python -m tests.bench.scrape [SCRAPES] [RUNS]`.

A `serve` in this process shows so many series; another process scrapes it again and again, as
Prometheus does, while a third sends 1,000 lines a second, so that each scrape has something to
store. Printed are how long an answer takes, what all of it costs of a core, how large an answer is,
and the longest time for which the event loop, which receives, stood still. The last table is of
1,000,000 lines a minute of 1,000 routers.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, cast

from exporter.app import App
from exporter.config import load
from tests.bench import server as bench
from tests.bench.tables import Table, figure, percentile, runs
from tests.system.parts.knockwatch import ROOT, Server, configuration, free_port

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
KINDS = {
    "OpenMetrics": (OPENMETRICS, "identity"),
    "OpenMetrics, gzip": (OPENMETRICS, "gzip"),
    "text": ("text/plain", "identity"),
    "text, gzip": ("text/plain", "gzip"),
}
SERIES = (1_000, 10_000, 70_000)
LINES = 1000  # a second, meanwhile
NEWS = 256  # different ones, which are so many series at most
PACE = 0.25  # seconds between scrapes
LOOK = 0.002  # seconds between looks at how late the loop is
ROOM = """
[budgets]
router = 2000
destination_port = 2000
source_asn = 2000
series_per_metric = 1_000_000
"""
_CLIENT = """
import http.client, json, sys, time
server = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
took, size = [], 0
for _ in range(int(sys.argv[2])):
    began = time.perf_counter()
    server.request("GET", "/metrics", None, {"Accept": sys.argv[4], "Accept-Encoding": sys.argv[5]})
    answer = server.getresponse()
    size = len(answer.read())
    assert answer.status == 200
    took.append(time.perf_counter() - began)
    time.sleep(float(sys.argv[3]))
print(json.dumps({"took": took, "size": size}))
"""


class Scrapes(NamedTuple):
    """What one run of scrapes took, in seconds."""

    took: list[float]
    size: int  # bytes of the last answer
    late: float  # the longest time for which the loop stood still
    busy: float  # share of a core, the lines included


class Loop:
    """How late the event loop is, at the worst since `reset`."""

    def __init__(self) -> None:
        self.late = 0.0

    async def watch(self) -> None:
        """Look again and again."""
        while True:
            began = time.perf_counter()
            await asyncio.sleep(LOOK)
            self.late = max(self.late, time.perf_counter() - began - LOOK)


def inside(measure: Callable[[Server, Loop], Any]) -> Any:
    """Measure in a thread beside a `serve` of this process."""

    async def run(folder: Path) -> Any:
        http, syslog = free_port(), free_port()
        config = load(str(configuration(folder, http=http, syslog=syslog, more=ROOM)))
        app, loop, stop = App(config, folder / "state"), Loop(), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            running = group.create_task(app.run(stop))
            looking = group.create_task(loop.watch())
            server = Server(cast("Any", None), f"http://127.0.0.1:{http}", syslog)
            try:
                return await asyncio.to_thread(measure, server, loop)
            finally:
                looking.cancel()
                stop.set()
                await running

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(Path(folder)))


def scrapes(server: Server, loop: Loop, kind: str, times: int, rate: float, *of: float) -> Scrapes:
    """Scrape so often, while lines come at that rate (of that size, from so many routers)."""
    port = server.url.rpartition(":")[2]
    seconds = times * PACE * 1.2
    command = [sys.executable, "-m", "tests.bench.sender", str(server.syslog_port)]
    more = map(str, (rate, seconds, *of))
    with subprocess.Popen([*command, *more], cwd=ROOT, stdout=subprocess.DEVNULL) as sender:
        time.sleep(0.5)  # the processes start
        loop.late, cpu, began = 0.0, bench.cpu_seconds(os.getpid()), time.monotonic()
        client = [sys.executable, "-c", _CLIENT, port, str(times), str(PACE), *KINDS[kind]]
        done = subprocess.run(client, check=True, capture_output=True)
        late, wall = loop.late, time.monotonic() - began
        busy = (bench.cpu_seconds(os.getpid()) - cpu) / wall
        sender.terminate()
    said = json.loads(done.stdout)
    return Scrapes(said["took"], said["size"], late, busy)


def tables(times: int = 200, repeated: int = 5) -> list[Table]:
    """Measure all rows."""
    notes = (
        f"{runs(repeated)} A run is {times} scrapes by another process, {PACE:g} s apart, with the"
        " commit of what changed. `Loop` is the longest time for which the event loop stood still,"
        " while a thread received datagrams; it includes what other programs kept the process"
        " from running. Created times are not counted as series; OpenMetrics has one for each"
        " counter."
    )
    columns = (
        *("Series", "Format", "Median, ms", "p99, ms", "Loop stood still, ms"),
        *("Bytes", "Share of a core"),
    )

    def all_of(series: int, routers: int) -> Callable[[Server, Loop], list[tuple[str, ...]]]:
        def measure(server: Server, loop: Loop) -> list[tuple[str, ...]]:
            shown = bench.fill(server, series)
            load = (LINES, 100, 1, NEWS) if routers == 1 else (1_000_000 / 60, 100, routers)
            found = []
            for kind in KINDS if routers == 1 else ["OpenMetrics, gzip"]:
                some = [scrapes(server, loop, kind, times, *load) for _ in range(repeated)]
                shown = max(shown, bench.series(server))
                found.append(_row(some, shown, kind))
                print(*found[-1], sep=" | ", file=sys.stderr, flush=True)
            return found

        return measure

    rows = [row for series in SERIES for row in inside(all_of(series, 1))]
    flooded = inside(all_of(1_000, 1_000))
    return [
        Table(f"Scrapes, while {LINES:,} lines a second come", columns, rows, notes),
        Table("Scrapes, while 1,000,000 lines a minute of 1,000 routers come", columns, flooded),
    ]


def _row(found: list[Scrapes], series: int, kind: str) -> tuple[str, ...]:
    milliseconds = "{:,.1f}".format
    return (
        f"{series:,}",
        kind,
        figure((1000 * percentile(one.took, 0.5) for one in found), milliseconds),
        figure((1000 * percentile(one.took, 0.99) for one in found), milliseconds),
        figure((1000 * one.late for one in found), milliseconds),
        f"{found[-1].size:,}",
        figure((one.busy for one in found), "{:.0%}".format),
    )


if __name__ == "__main__":
    for _table in tables(*map(int, sys.argv[1:])):
        print(_table.markdown())
