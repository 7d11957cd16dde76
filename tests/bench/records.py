"""Records as relays write them, of many sites with routers of many kinds; each seeded and counted.

A site's router speaks one dialect about packets, and now and then another about other things; who
knocks is the same Internet for all of them. One device of each site reports.
"""

import random
import time
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from exporter import wire
from exporter.dialects.table import DIALECTS
from exporter.fleet.records import Lines, Report, encode
from exporter.host_report import HostReport, Socket
from tests.bench.lines import Template, about_udp, others
from tests.bench.throughput import Ends

USUAL = {"netfilter": 8, "mikrotik": 5, "connection": 4, "filterlog": 3}  # others weigh 1
CHATTER = 0.05  # of the lines
SOCKETS = 60  # of a host
INTERVAL, FULL = 15.0, 300.0  # seconds between reports, and between full ones


class Written(NamedTuple):
    """A record, and what is known of it."""

    key: bytes
    value: bytes
    kind: str
    messages: int = 0
    packets: int = 0


@cache
def templates() -> tuple[list[Template], list[int], list[str]]:
    """Return what packets are told by, how usual each is, and what else routers say."""
    packets = [template for dialect in DIALECTS if (template := about_udp(dialect))]
    weights = [USUAL.get(template.dialect, 1) for template in packets]
    return packets, weights, [text for dialect in DIALECTS for text in others(dialect)]


class Site:
    """A site's router and its device."""

    def __init__(self, number: int, ends: Ends) -> None:
        """`ends` is who knocks where."""
        packets, weights, chatter = templates()
        self.name = f"site-{number:05}"
        self._chance = random.Random(number)
        [self._template] = self._chance.choices(packets, weights)
        self._chatter = chatter
        self._ends = ends
        self._full = 0.0

    def lines(self, number: int, when: float) -> tuple[list[bytes], int]:
        """Return so many lines of that moment, and of how many rejected packets they tell."""
        head = f"<4>{time.strftime('%b %d %H:%M:%S', time.gmtime(when))} gate "
        told, packets = [], 0
        for _ in range(number):
            if self._chance.random() < CHATTER:
                text = self._chance.choice(self._chatter)
            else:
                text = self._template.line(*self._ends.draw())
                packets += self._template.packets
            told.append((head + text).encode())
        return told, packets

    def report(self, when: float) -> HostReport:
        """Return what the device reports then."""
        full = when - self._full >= FULL
        if full:
            self._full = when
        return self._reported(None if full else when - self._full)

    def _reported(self, unchanged: float | None) -> HostReport:
        held = tuple(
            Socket(
                transport="udp" if n % 3 else "tcp",
                local_ip="0.0.0.0",
                local_port=1024 + n * 97,
                process=f"program-{n % 20}.exe",
                pid=1000 + n % 20,
                age_seconds=600.0 + n,
            )
            for n in range(SOCKETS)
        )
        return HostReport(
            version=wire.VERSION,
            device="STUDY-PC",
            os="Windows",
            agent="bench",
            addresses=("192.168.1.23",),
            sockets=() if unchanged is not None else held,
            unchanged_since=unchanged,
        )


def of_fleet(
    sites: int,
    seconds: int,
    *,
    until: float,
    lines: int = 10,
    region: str = "",
    reports: bool = True,
) -> Iterator[Written]:
    """Yield what sites write in so many seconds before a moment, so many lines a second each."""
    ends, sequence = Ends(), 0
    fleet = [Site(number, ends) for number in range(sites)]
    for second in range(seconds):
        now = until - seconds + second
        for number, site in enumerate(fleet):
            sequence += 1
            about: Any = {"session": "bench", "region": region, "received": now}
            messages, packets = site.lines(lines, now)
            value = encode(
                Lines(
                    **about,
                    sequence=sequence,
                    listener="udp",
                    sender="192.168.1.1",
                    messages=messages,
                )
            )
            yield Written(site.name.encode(), value, "lines", len(messages), packets)
            if reports and (second + number) % INTERVAL == 0:
                sequence += 1
                body = wire.encode(site.report(now))
                value = encode(Report(**about, sequence=sequence, body=body))
                yield Written(site.name.encode(), value, "report")
