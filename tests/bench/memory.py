"""What memory `serve` takes, and whether it grows.

`python -m tests.bench.memory [MINUTES [LINES [REPORTS [FILE]]]]`, lines and reports a second. What
is seen is written to FILE as it comes: the seconds, and the memory in MB.

First an idle one, and one that shows 10,000 series. Then come so many hostile lines a second: of
any port, of 100,000 addresses, from routers that do not exist, leases for host names that nobody
bears, lines that are none, and reports of devices of which each is new. The slope is that of the
second half, in which all that is bounded is full: what still grows then has no bound.
"""

import csv
import random
import socket
import sys
import time
from pathlib import Path
from statistics import linear_regression, median

from tests.bench import server as bench
from tests.bench.sender import address, line
from tests.bench.tables import Table
from tests.system.parts.knockwatch import Server

SERIES = 10_000
ADDRESSES = 100_000
SCRAPE_EVERY = 15.0  # seconds
LOOK_EVERY = 5.0
SOCKETS = 50  # of a reported device


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


def grown(
    server: Server, minutes: float, rate: float, reports: float, file: Path | None
) -> list[tuple[float, float]]:
    """Return the seconds since the beginning, and the memory in MB then."""
    hostile, seen = Hostile(server), list[tuple[float, float]]()
    began = looked = scraped = reported = time.monotonic()
    sent = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        while (now := time.monotonic()) - began < minutes * 60:
            for _ in range(min(int((now - began) * rate) - sent, 100)):
                sender.sendto(hostile.line(), ("127.0.0.1", server.syslog_port))
                sent += 1
            if now - reported > 1 / reports:
                reported = now
                hostile.report()
            if now - scraped > SCRAPE_EVERY:
                scraped = now
                server.metrics()
            if now - looked > LOOK_EVERY:
                looked = now
                seen.append((round(now - began), round(bench.resident(server.process.pid), 1)))
                if file is not None:
                    with file.open("a", newline="") as table:
                        csv.writer(table).writerow(seen[-1])
                if len(seen) % 12 == 0:
                    print("{} s: {} MB".format(*seen[-1]), file=sys.stderr, flush=True)
            time.sleep(0.005)
    return seen


def tables(
    minutes: float = 120.0, rate: float = 1000.0, reports: float = 10.0, file: Path | None = None
) -> list[Table]:
    """Measure."""
    with bench.serving() as server:
        pid = server.process.pid
        time.sleep(3)
        rows = [("idle", f"{bench.resident(pid):.1f}")]
        shown = bench.fill(server, SERIES)
        for _ in range(20):
            server.metrics()
        rows.append((f"{shown:,} series, 20 scrapes", f"{bench.resident(pid):.1f}"))
        print(rows, file=sys.stderr, flush=True)
        seen = grown(server, minutes, rate, reports, file)
        late = seen[len(seen) // 2 :]
        messages, series = bench.messages(server), bench.series(server)
    slope = linear_regression(*zip(*late, strict=True)).slope * 3600
    first, last = (
        median(m for _, m in part) for part in (late[: len(late) // 4], late[-len(late) // 4 :])
    )
    lines = f"hostile lines, {messages:,.0f} so far, {series:,} series"
    rows.append((lines, f"{late[-1][1]:.1f}"))
    notes = (
        f"{minutes:g} minutes of {rate:,.0f} hostile lines and {reports:g} new devices a second."
        f" In the second half the memory changes by {slope:+.1f} MB an hour (least squares);"
        f" the median of its first quarter is {first:.1f} MB, of its last {last:.1f} MB."
    )
    return [Table("Memory", ("", "Resident, MB"), rows, notes)]


if __name__ == "__main__":
    _told = (*sys.argv[1:5], *("120", "1000", "10", "")[len(sys.argv) - 1 :])
    _file = Path(_told[3]) if _told[3] else None
    for _table in tables(float(_told[0]), float(_told[1]), float(_told[2]), _file):
        print(_table.markdown())
