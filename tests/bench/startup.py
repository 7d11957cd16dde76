"""What `serve` costs a small machine: `python -m tests.bench.startup [SECONDS] [RUNS]`.

Printed are how long it takes from its start to the first line that is counted, how long a health
check takes, the share of a core when nothing happens and at 100 lines a second, and the bytes
written to files then, without what a file system adds; with a scrape every 15 seconds, as
Prometheus makes them. Time on a busy machine says less than time of a core: both are given.
"""

import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

from tests.bench import server as bench
from tests.bench.sender import lines as lines_of
from tests.bench.tables import Table, figure, runs
from tests.system.parts.knockwatch import COMMAND, ROOT, Server, configuration, free_port

PACES = (0, 1, 10, 100)  # lines a second; a home's router writes fewer than ten
SCRAPE_EVERY = 15.0  # seconds
SETTLED = 3.0  # seconds after the start
DAY = 86_400


class Start(NamedTuple):
    """From the start of a process to the first line that it counted."""

    seconds: float
    core: float  # seconds of one
    memory: float  # MB


def starts(times: int) -> list[Start]:
    """Start so many, of compiled modules, as every installation has them."""
    with tempfile.TemporaryDirectory() as compiled:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = compiled
        return [start(environment) for _ in range(times + 1)][1:]  # the first compiles them


def start(environment: Mapping[str, str]) -> Start:
    """Start one, send it a line again and again until one is counted."""
    with tempfile.TemporaryDirectory() as folder:
        http, syslog = free_port(), free_port()
        config = configuration(Path(folder), http=http, syslog=syslog)
        began = time.monotonic()
        argv = [*COMMAND, "serve", "--config", str(config), "--state-dir", folder]
        with subprocess.Popen(
            argv,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                first = _first_line(process, syslog)
                core = bench.cpu_seconds(process.pid)
                return Start(first - began, core, bench.resident(process.pid))
            finally:
                process.terminate()


def _first_line(process: "subprocess.Popen[str]", syslog: int) -> float:
    """Return when the sender of a line was greeted: a TCP connection is taken by the loop alone."""
    while process.poll() is None:
        with socket.socket() as stream:
            if stream.connect_ex(("127.0.0.1", syslog)) == 0:
                stream.sendall(b"<4>kernel: DROP IN=e0 OUT= SRC=192.0.2.1 DST=203.0.113.9\n")
                stream.shutdown(socket.SHUT_WR)
                stream.settimeout(30)
                stream.recv(1)  # it closes after it has read
                return time.monotonic()
        time.sleep(0.002)
    raise RuntimeError("knockwatch serve ended while starting")


def health_check(url: str) -> float:
    """Return the seconds of a core that a health check takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*COMMAND, "healthcheck", "--url", f"{url}/-/ready"], cwd=ROOT, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def load(server: Server, pace: int, seconds: float) -> tuple[float, float]:
    """Return the share of a core, and the bytes a day, at so many lines a second."""
    pid, lines = server.process.pid, lines_of(100)
    time.sleep(SETTLED)
    cpu, disk, began = bench.cpu_seconds(pid), bench.written(pid), time.monotonic()
    scraped, sent = began, 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        while (now := time.monotonic()) - began < seconds:
            while sent < (now - began) * pace:
                sender.sendto(lines[sent % len(lines)], ("127.0.0.1", server.syslog_port))
                sent += 1
            if now - scraped > SCRAPE_EVERY:
                scraped = now
                server.metrics()
            time.sleep(0.01)
    took = time.monotonic() - began
    share = (bench.cpu_seconds(pid) - cpu) / took
    return share, (bench.written(pid) - disk) / took * DAY


def tables(seconds: float = 120.0, times: int = 5) -> list[Table]:
    """Measure."""
    started = starts(times)
    two = "{:.2f}".format
    with bench.serving() as server:
        checks = [health_check(server.url) for _ in range(times)]
    of_start = Table(
        "Start",
        ("", "Figure"),
        [
            ("to the first line received, s", figure((s.seconds for s in started), two)),
            ("seconds of a core until then", figure((s.core for s in started), two)),
            ("resident then, MB", figure((s.memory for s in started), "{:.1f}".format)),
            ("a health check, seconds of a core", figure(checks, two)),
        ],
        runs(times),
    )
    costs = [paces(seconds) for _ in range(times)]
    rows = [
        (
            f"{pace}",
            figure((cost[0] for cost in of_pace), "{:.2%}".format),
            figure((cost[1] / 1e6 for cost in of_pace), "{:,.1f}".format),
        )
        for pace, of_pace in zip(PACES, zip(*costs, strict=True), strict=True)
    ]
    notes = (
        f"{runs(times)} {seconds:g} s each, in the first minutes after the start, with a scrape"
        f" every {SCRAPE_EVERY:g} s, side by side. Lines are about 3,000 sources and 205 ports, so"
        " that most of them are news to be stored: those of a home repeat, and cost less."
    )
    columns = ("Lines a second", "Share of a core", "Written to files, MB a day")
    return [of_start, Table("What it costs to run", columns, rows, notes)]


def paces(seconds: float) -> list[tuple[float, float]]:
    """Return the same for each pace: one `serve` each, side by side, which hardly do anything."""
    with ExitStack() as stack, ThreadPoolExecutor(len(PACES)) as pool:
        servers = [stack.enter_context(bench.serving()) for _ in PACES]
        found = list(pool.map(load, servers, PACES, repeat(seconds)))
    print(*found, sep=" | ", file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    for _table in tables(*map(int, sys.argv[1:])):
        print(_table.markdown())
