"""What the agent costs its host: `python -m tests.bench.agent [SECONDS] [SOCKETS]`.

A real agent reports to a server on loopback while other processes hold the sockets: once while they
stay as they are, and once while one is closed and another opened each second, as a browser's are,
so that nearly every look finds a change and makes a report. Printed are its share of a core and its
resident memory.
"""

import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.agent.servers import Server, bound, serving

HOLDERS = 10
WARM_UP = 5.0  # seconds: imports, and the first report
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
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, most), most))
    with ExitStack() as stack:
        for _ in range(HOLDERS):
            stack.enter_context(holding(sockets // HOLDERS))
        for changes in (False, True):
            with bound() as server, serving(server):
                cost = measure(server, seconds, changes=changes)
            print(
                f"{sockets} sockets, {'one changes each second' if changes else 'no changes'}:"
                f" {cost.core:.2%} of a core, {cost.memory:.1f} MiB resident,"
                f" {cost.requests:.0f} requests a minute",
                flush=True,
            )
    return 0


def measure(server: Server, seconds: float, *, changes: bool) -> Cost:
    """Run an agent for that long, after it has warmed up."""
    with agent(server.url) as pid:
        server.next_report()
        time.sleep(WARM_UP)
        while server.posted.qsize():
            server.posted.get()
        before, began = cpu_seconds(pid), time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
            while (left := began + seconds - time.monotonic()) > 0:
                if changes:
                    mine.close()
                    mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    mine.bind(("127.0.0.1", 0))
                time.sleep(min(left, 1.0))
            mine.close()
        took = time.monotonic() - began
        core = (cpu_seconds(pid) - before) / took
        return Cost(core, resident(pid), server.posted.qsize() / took * 60)


@contextmanager
def holding(sockets: int) -> Iterator[None]:
    """Run a process that has so many sockets."""
    command = [sys.executable, "-c", _HOLD, str(sockets)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        try:
            yield
        finally:
            child.communicate()


@contextmanager
def agent(server: str) -> Iterator[int]:
    """Run an agent at its defaults, and give its process id."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "exporter", "agent", "--server", server]
        settings = os.environ | {"XDG_STATE_HOME": folder}
        with subprocess.Popen([*command, "--log-level", "warning"], env=settings) as child:
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
