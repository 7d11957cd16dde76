"""Hours of hostile load with faults made on purpose: does it hold?

`python -m tests.bench.soak [MINUTES [LINES [REPORTS [FILE]]]]`, lines and reports a second; as root
on Linux, for five minutes at the least: the last quarter needs a minute without a fault. Lines are
of any port, of 100,000 addresses, from routers that do not exist, leases for host names that nobody
bears, and lines that are none; of the devices that report, each is new.
Every other minute a fault is held for a minute, each kind in turn; what is seen is written to FILE
as it comes. At the end: has memory grown, or the number of open files, in the second half, in which
all that is bounded is full; is each message counted, or known to be lost; was a counter ever below
what was shown before; and does it survive the last `kill -9`?
"""

import csv
import os
import random
import resource
import signal
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from itertools import cycle, pairwise
from pathlib import Path
from statistics import linear_regression
from typing import NamedTuple

from tests.bench import server as bench
from tests.bench.sender import address, line
from tests.bench.tables import Table
from tests.system.parts import knockwatch, web
from tests.system.parts.exposition import Samples, counters
from tests.system.parts.kernel import fill, small_disk
from tests.system.parts.knockwatch import Server
from tests.system.parts.process import until

HELD = 60.0  # seconds for which a fault lasts, and the quiet after it
SCRAPE_EVERY = 15.0
LOOK_EVERY = 5.0
ADDRESSES = 100_000
SOCKETS = 50  # of a reported device
DISK = "64m"
QUIET = "quiet"
SINCE_START = "knockwatch_state_errors_"  # counts since the start, by its own word


class Hostile:
    """Lines and reports that name ever new things."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._chance = random.Random(7)
        self._addresses = [address(self._chance) for _ in range(ADDRESSES)]

    def line(self) -> bytes:
        """Return one line."""
        chance = self._chance
        router = f"r{chance.randrange(10**6):06x}" if chance.random() < 0.5 else "gate"
        stamp = time.strftime("%b %e %H:%M:%S")
        head = f"<4>{stamp} {router} "
        what = chance.random()
        if what < 0.8:
            knock = line(chance.choice(self._addresses), chance.randrange(65536))
            return head.encode() + knock.removeprefix(b"<4>")
        if what < 0.9:
            last, name = chance.randrange(2**24), f"host-{chance.randrange(10**9)}"
            mac = f"00:00:5e:{last >> 16:02x}:{last >> 8 & 255:02x}:{last & 255:02x}"
            ip = f"192.168.{last >> 8 & 255}.{last & 255}"
            return f"{head}dnsmasq-dhcp[1]: DHCPACK(br0) {ip} {mac} {name}".encode()
        return head.encode() + chance.randbytes(chance.randrange(300)).replace(b"\n", b" ")

    def report(self) -> None:
        """Post the report of a device that nobody saw before."""
        bench.report(self._server, f"device-{self._chance.randrange(10**9)}", SOCKETS)


class Look(NamedTuple):
    """What the process holds at one moment."""

    seconds: float
    megabytes: float
    files: int
    fault: str


class Home(NamedTuple):
    """The server, and what around it can break."""

    server: Server
    folder: Path
    disk: Path


@contextmanager
def full_disk(home: Home) -> Iterator[None]:
    """No byte is left for the state."""
    filler = home.disk / "filler"
    fill(filler)
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def bad_configuration(home: Home) -> Iterator[None]:
    """It is told to read a configuration that is none; then a good one."""
    config = home.folder / "knockwatch.toml"
    good = config.read_text()
    config.write_text(good.replace("[listen]", "[listn]"))
    home.server.process.popen.send_signal(signal.SIGHUP)
    try:
        yield
    finally:
        config.write_text(good)
        home.server.process.popen.send_signal(signal.SIGHUP)


@contextmanager
def slow_clients(home: Home) -> Iterator[None]:
    """Many open a connection, by HTTP and by syslog, and do not go on."""
    with ExitStack() as held:
        for port in (_http(home), home.server.syslog_port) * 40:
            held.enter_context(socket.create_connection(("127.0.0.1", port)))
        for _ in range(20):
            client = held.enter_context(socket.create_connection(("127.0.0.1", _http(home))))
            client.sendall(b"POST /api/v1/reports HTTP/1.1\r\nHost: localhost\r\nContent-Le")
        yield


@contextmanager
def no_descriptors(home: Home) -> Iterator[None]:
    """It may open no file and take no connection more."""
    pid = home.server.process.pid
    least, most = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (_files(pid), most))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (least, most))


@contextmanager
def stood_still(home: Home) -> Iterator[None]:
    """The machine has no time for it for two seconds."""
    os.kill(home.server.process.pid, signal.SIGSTOP)
    time.sleep(2.0)
    os.kill(home.server.process.pid, signal.SIGCONT)
    yield


@contextmanager
def broken_scrapes(home: Home) -> Iterator[None]:
    """Those who scrape go away in the middle."""
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", _http(home))) as client:
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            client.recv(100)
    yield


@contextmanager
def nonsense(home: Home) -> Iterator[None]:
    """Bodies that are no reports, too deep, too long, or compressed without end."""
    bodies = (
        b"[" * 200_000,
        b'{"version":1,"device":',
        b"\x1f\x8b" + bytes(50_000),
        b"x" * (3 << 20),
    )
    for body in bodies * 10:
        with suppress(OSError):  # it may close the door before all is said
            web.post(f"{home.server.url}/api/v1/reports", body, kind="application/json")
    yield


FAULTS: tuple[Callable[[Home], AbstractContextManager[None]], ...] = (
    *(full_disk, bad_configuration, slow_clients, no_descriptors),
    *(stood_still, broken_scrapes, nonsense),
)


def _http(home: Home) -> int:
    return int(home.server.url.rpartition(":")[2])


def _files(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


class Asker:
    """Scrapes and reports, from a thread of its own: some are refused while faults last."""

    def __init__(self, server: Server, hostile: Hostile, reports: float) -> None:
        self._server, self._hostile, self._pause = server, hostile, 1 / reports
        self.tried, self.failed = Counter[str](), Counter[str]()
        self.below: set[str] = set()  # names of counters that fell
        self._last: Samples = {}
        self._done = threading.Event()
        self._threads = [
            threading.Thread(target=self._again, args=("scrapes", self.scrape, SCRAPE_EVERY)),
            threading.Thread(target=self._again, args=("reports", hostile.report, self._pause)),
        ]

    def __enter__(self) -> "Asker":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _again(self, name: str, ask: Callable[[], None], pause: float) -> None:
        while not self._done.wait(pause):
            self.tried[name] += 1
            try:
                ask()
            except (OSError, RuntimeError):
                self.failed[name] += 1

    def scrape(self) -> None:
        """Scrape once; compare with what was shown before."""
        now = counters(self._server.metrics())
        if not now:
            raise RuntimeError("no scrape")
        self.compare(now)
        self._last = now

    def compare(self, now: Samples) -> None:
        """Note each counter that is less than it was, or gone."""
        fell = (key for key, value in self._last.items() if now.get(key, -1.0) < value)
        self.below |= {name for name, _ in fell if not name.startswith(SINCE_START)}


def soaked(
    home: Home, hostile: Hostile, minutes: float, rate: float, file: Path | None
) -> tuple[int, list[Look]]:
    """Return how many lines were sent, and what was seen meanwhile."""
    pid, seen, sent = home.server.process.pid, list[Look](), 0
    faults, name = cycle(FAULTS), QUIET
    began = looked = turned = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, ExitStack() as held:
        while (now := time.monotonic()) - began < minutes * 60:
            for _ in range(min(int((now - began) * rate) - sent, 100)):
                sender.sendto(hostile.line(), ("127.0.0.1", home.server.syslog_port))
                sent += 1
            if now - turned > HELD:
                turned = now
                held.close()
                fault = next(faults) if name == QUIET else None
                name = QUIET if fault is None else fault.__name__
                if fault is not None:
                    held.enter_context(fault(home))
            if now - looked > LOOK_EVERY:
                looked = now
                look = Look(round(now - began), round(bench.resident(pid), 1), _files(pid), name)
                seen.append(look)
                if file is not None:
                    with file.open("a", newline="") as table:
                        csv.writer(table).writerow(look)
            time.sleep(0.005)
    return sent, seen


def _accounted(server: Server) -> float:
    """Return how many messages are counted or known to be lost."""
    lines = bench.shown(server)
    lost = bench.count(lines, "knockwatch_dropped_messages_total", 'listener="udp"')
    return bench.count(lines, "knockwatch_messages_total") + lost


def tables(
    minutes: float = 120.0, rate: float = 200.0, reports: float = 1.0, file: Path | None = None
) -> list[Table]:
    """Soak it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        disk = stack.enter_context(small_disk(folder / "state", DISK))
        with knockwatch.serve(folder) as server:
            home, hostile = Home(server, folder, disk), Hostile(server)
            with Asker(server, hostile, reports) as asker:
                sent, seen = soaked(home, hostile, minutes, rate, file)
            with suppress(RuntimeError, TimeoutError):  # what is not counted is told below
                until(lambda: _accounted(server) >= sent, "the last lines", seconds=30)
            accounted = _accounted(server)
            lost = bench.count(bench.shown(server), "knockwatch_dropped_messages_total")
            asker.scrape()
            said = server.process.output()
            server.process.kill()
        with knockwatch.serve(folder) as server:
            asker.compare(counters(server.metrics()))
    below = ", ".join(sorted(asker.below)) or "none"
    slopes = [_slopes(seen, begin) for begin in (0.5, 0.75)]
    count = Counter(
        now.fault for then, now in pairwise(seen) if now.fault not in (then.fault, QUIET)
    )
    rows = [
        ("lines sent by UDP", f"{sent:,}"),
        ("counted, or known to be lost", f"{accounted:,.0f}"),
        ("of them lost", f"{lost:,.0f}"),
        ("counters that fell, `kill -9` and start at the end included", below),
        ("memory at the end, MB", f"{seen[-1].megabytes}"),
        ("in the second half, MB an hour", f"{slopes[0].megabytes:+.1f}"),
        ("in the last quarter, MB an hour", f"{slopes[1].megabytes:+.1f}"),
        ("open files at the end", f"{seen[-1].files}"),
        ("in the second half, an hour", f"{slopes[0].files:+.2f}"),
        *((f"{what} without an answer", _share(asker, what)) for what in sorted(asker.tried)),
        ("defects told of", f"{said.count('Traceback')}"),
    ]
    notes = (
        f"{minutes:g} minutes of {rate:g} hostile lines and {reports:g} new devices a second."
        f" Each second minute a fault lasted: {', '.join(f'{n} × {f}' for f, n in count.items())}."
        " Slopes are by least squares over the minutes without a fault."
    )
    return [Table("Soak: hostile lines, and faults made on purpose", ("", "Seen"), rows, notes)]


class Slopes(NamedTuple):
    """By how much it grows in an hour."""

    megabytes: float
    files: float


def _slopes(seen: Sequence[Look], begin: float) -> Slopes:
    """Return the slopes from a share of the time on, of minutes without a fault."""
    late = [one for one in seen[int(len(seen) * begin) :] if one.fault == QUIET]
    hours = [one.seconds / 3600 for one in late]
    return Slopes(
        linear_regression(hours, [one.megabytes for one in late]).slope,
        linear_regression(hours, [one.files for one in late]).slope,
    )


def _share(asker: Asker, what: str) -> str:
    return f"{asker.failed[what]:,} of {asker.tried[what]:,}"


if __name__ == "__main__":
    _told = (*sys.argv[1:5], *("120", "200", "1", "")[len(sys.argv) - 1 :])
    _file = Path(_told[3]) if _told[3] else None
    for _found in tables(float(_told[0]), float(_told[1]), float(_told[2]), _file):
        print(_found.markdown())
