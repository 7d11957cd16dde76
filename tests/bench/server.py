"""A `serve` to measure: fed with lines and reports, scraped, and looked at from outside."""

import json
import os
import random
import resource
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from exporter.host_report import HostReport, Socket
from exporter.wire import VERSION, encode
from tests.bench.sender import address, line
from tests.system.parts import knockwatch, web
from tests.system.parts.knockwatch import Server
from tests.system.parts.process import until

_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(*, listen: str = "", more: str = "") -> Iterator[Server]:
    """Run `serve` with that much more in [listen], and after it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield stack.enter_context(knockwatch.serve(folder, more=f"{listen}\n{more}"))


def cpu_seconds(pid: int) -> float:
    """Return how long a process has run, in the kernel too."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident(pid: int) -> float:
    """Return a process's resident memory in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def written(pid: int) -> int:
    """Return how many bytes a process has written to files; a file system adds its own."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return next(int(one.split()[1]) for one in lines if one.startswith("wchar"))


def series(server: Server) -> int:
    """Return how many series a scrape shows."""
    return sum(1 for one in shown(server) if not one.startswith("#"))


def shown(server: Server) -> list[str]:
    """Return the lines of a scrape, in the format without created times."""
    return web.get(f"{server.url}/metrics", seconds=60).text.splitlines()


def count(lines: list[str], metric: str, *labels: str) -> float:
    """Return the sum of a metric's samples that bear all these labels."""
    mine = (one for one in lines if one.startswith(f"{metric}{{"))
    return sum(float(one.rpartition(" ")[2]) for one in mine if all(map(one.count, labels)))


def fill(server: Server, wanted: int, *, routers: int = 1) -> int:
    """Send lines of many networks to many ports until so many series are shown; how many are."""
    chance = random.Random(3)
    remotes = [address(chance) for _ in range(400)]
    ports = [chance.randrange(1024, 65536) for _ in range(400)]
    pairs = [(remote, port) for port in ports for remote in remotes]
    chance.shuffle(pairs)
    now = series(server)
    with socket.create_connection(("127.0.0.1", server.syslog_port)) as stream:
        while now < wanted and pairs:
            some, pairs = pairs[: (wanted - now) // 2 + 1], pairs[(wanted - now) // 2 + 1 :]
            before = messages(server)
            for number, (remote, port) in enumerate(some):
                text = line(remote, port)
                if routers > 1:
                    text = text.replace(b">", b">Nov 26 08:00:00 r%d " % (number % routers), 1)
                stream.sendall(text + b"\n")
            until(
                partial(_counted, server, before + len(some)),
                "counted lines",
                seconds=120,
            )
            now = series(server)
    if now < wanted:
        raise RuntimeError(f"{now} series and no more")
    return now


def _counted(server: Server, least: float) -> bool:
    return messages(server) >= least


def messages(server: Server) -> float:
    """Return how many messages are counted."""
    return count(shown(server), "knockwatch_messages_total")


def report(server: Server, device: str, sockets: int = 300) -> web.Answer:
    """Post the report of a host that holds so many sockets; return the answer."""
    held = tuple(
        Socket(
            transport="udp", local_ip="0.0.0.0", local_port=1024 + n, process=f"program-{n % 40}"
        )
        for n in range(sockets)
    )
    told = HostReport(
        version=VERSION,
        device=device,
        os="Linux",
        agent="bench",
        addresses=("192.168.1.23",),
        sockets=held,
    )
    return web.post(f"{server.url}/api/v1/reports", encode(told), kind="application/json")


@contextmanager
def watched(server: Server, every: float = 5.0) -> Iterator[None]:
    """Meanwhile scrape, which commits the state too, and report, every few seconds."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(every):
            server.metrics()
            answer = report(server, "study-pc")
            if answer.status >= 300:
                raise RuntimeError(answer.text)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def flood(server: Server, *arguments: float) -> dict[str, float]:
    """Run the sender against it (rate, seconds, size, routers); return what it says."""
    command = [sys.executable, "-m", "tests.bench.sender", str(server.syslog_port)]
    done = subprocess.run(
        [*command, *map(str, arguments)], check=True, capture_output=True, cwd=knockwatch.ROOT
    )
    said: dict[str, float] = json.loads(done.stdout)
    return said
