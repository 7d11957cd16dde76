"""What the agent costs its host: `python -m tests.bench.agent [SECONDS] [SOCKETS]`.

A real agent reports to a server on loopback while other processes hold the sockets: while they stay
as they are, and while one or ten are closed and opened each second, as a browser's are, so that
nearly every look finds a change and makes a report. Printed are its share of a core and its memory,
and first what a host sends on which nothing happens. All of it takes place in a network namespace,
which takes root: other programs' sockets would be counted too.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.agent.servers import Server, bound, serving
from tests.system.parts.lab import Lab, home

HOLDERS = 10
WARM_UP = 5.0  # seconds: imports, and the first report
ACQUAINTED = 20.0  # seconds, until the server is a neighbour that was told of
PACES = (0, 1, 10)  # sockets that are closed, and others opened, each second
_HOLD = """
import socket, sys
held = []
for number in range(int(sys.argv[1])):
    kind = (socket.SOCK_DGRAM, socket.SOCK_DGRAM, socket.SOCK_STREAM)[number % 3]
    family, ip = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))[number % 2]
    held.append(socket.socket(family, kind))
    if number % 3:
        held[-1].bind((ip, 0))
    else:
        held[-1].connect((ip, 9))
    if kind == socket.SOCK_STREAM:
        held[-1].listen()
print(flush=True)
sys.stdin.read()
"""
_CHANGE = """
import socket, sys, time
print(flush=True)
while True:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
        mine.bind(("127.0.0.1", 0))
        time.sleep(1 / int(sys.argv[1]))
"""
_TICKS = os.sysconf("SC_CLK_TCK")


class Cost(NamedTuple):
    """What one run of the agent cost."""

    core: float  # share of one
    memory: float  # MiB
    requests: float  # a minute


def main(arguments: list[str]) -> int:
    """Measure and print."""
    seconds = float(arguments[0]) if arguments else 60.0
    sockets = int(arguments[1]) if len(arguments) > 1 else 1000
    with home() as lab, lab.inside("pc"):  # and so are all that are started here
        sent, bodies = idle(lab, seconds)
        print(f"idle host: {sent:.0f} bytes a minute with HTTP's headers, {bodies:.0f} without")
        with ExitStack() as stack:
            for _ in range(HOLDERS):
                stack.enter_context(running(_HOLD, sockets // HOLDERS))
            for pace in PACES:
                cost = measure(seconds, pace)
                print(
                    f"{sockets} sockets, {pace} changes a second:"
                    f" {cost.core:.2%} of a core, {cost.memory:.1f} MiB resident,"
                    f" {cost.requests:.0f} requests a minute",
                    flush=True,
                )
    return 0


def measure(seconds: float, pace: int) -> Cost:
    """Run an agent for that long, after it has warmed up."""
    with ExitStack() as stack:
        if pace:
            stack.enter_context(running(_CHANGE, pace))
        server = stack.enter_context(bound())
        stack.enter_context(serving(server))
        pid = stack.enter_context(agent(server.url))
        settle(server)
        before, began = cpu_seconds(pid), time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - began
        core = (cpu_seconds(pid) - before) / took
        return Cost(core, resident(pid), server.posted.qsize() / took * 60)


def idle(lab: Lab, seconds: float) -> tuple[float, float]:
    """Return how many bytes a minute an idle host sends: requests, and their bodies alone."""
    with ExitStack() as stack:
        with lab.inside("box"):
            server = stack.enter_context(bound("192.168.1.2"))
        stack.enter_context(serving(server))
        stack.enter_context(agent(server.url))
        settle(server, ACQUAINTED)
        began = time.monotonic()
        time.sleep(seconds)
        minutes = (time.monotonic() - began) / 60
        posted = [server.posted.get() for _ in range(server.posted.qsize())]
    bodies = sum(len(body) for _, _, body in posted)
    headers = sum(
        len(f"POST {path} HTTP/1.1\r\n\r\n") + sum(len(f"{k}: {v}\r\n") for k, v in fields.items())
        for path, fields, _ in posted
    )
    return (bodies + headers) / minutes, bodies / minutes


def settle(server: Server, seconds: float = WARM_UP) -> None:
    """Wait for the first report and a while, and forget what came."""
    server.next_report()
    time.sleep(seconds)
    while server.posted.qsize():
        server.posted.get()


@contextmanager
def running(code: str, number: int) -> Iterator[None]:
    """Run a process that holds so many sockets, or changes so many a second."""
    command = [sys.executable, "-c", code, str(number)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        try:
            yield
        finally:
            child.kill()


@contextmanager
def agent(server: str) -> Iterator[int]:
    """Run an agent at its defaults, and give its process id."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "exporter", "agent", "--server", server]
        settings = os.environ | {"XDG_STATE_HOME": folder}
        with subprocess.Popen(
            [*command, "--device", "Study-PC", "--log-level", "warning"], env=settings
        ) as child:
            try:
                yield child.pid
            finally:
                child.terminate()


def cpu_seconds(pid: int) -> float:
    """Return how long a process has run, in the kernel too."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident(pid: int) -> float:
    """Return a process's resident memory in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
