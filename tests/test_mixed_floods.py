"""Floods whose lines differ in more than their ends come to what they come to line by line."""

import random
from collections import Counter

import msgspec
import pytest

from exporter.events import Batch
from exporter.metrics import Limits
from tests.flooded import OTHER, STATIONS, Home
from tests.world import NOW, report, socket

pytestmark = pytest.mark.thorough

UDP = "LEN=109"
TCP = "WINDOW=1024 RES=0x00 SYN URGP=0"
OURS = ("203.0.113.9", "203.0.113.9", "192.168.1.23")


class Traffic:
    """Lines of one router, each with its own verdict, protocol and address of ours."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.sources = [f"23.{chance.randrange(200)}.7.{n % 256}" for n in range(400)]
        self.second = chance.randrange(50_000)
        self.step = chance.choice((0, 0, 1))
        self.other = chance.choice((OTHER, (), ()))

    def batch(self) -> list[bytes]:
        """What comes at once."""
        lines: list[bytes] = []
        for _ in range(self.chance.choice((100, 700))):
            if self.chance.random() < 0.01:
                self.second += self.step
            lines.append(self.line().encode())
            if self.other and self.chance.random() < 0.004:
                lines.append(self.chance.choice(self.other))
        return lines

    def line(self) -> str:
        choice, number = self.chance.choice, self.chance.randrange
        minute, second = divmod(self.second, 60)
        stamp = f"<4>Nov 10 {minute // 60:02}:{minute % 60:02}:{second:02} gate kernel:"
        source, theirs, port = choice(self.sources), number(65_536), choice((22, 445, 40_000))
        protocol, to = choice(("UDP", "UDP", "TCP")), choice(OURS)
        if number(4) == 0:
            sentence = f"{protocol} connection rejected from {source}:{theirs} to {OURS[0]}:{port}"
            return f"{stamp} {sentence}"
        out, rest = ("br0", "DF ") if to == OURS[-1] else ("", choice(("", "DF ")))
        return (
            f"{stamp} [{number(9999)}.25] {choice(('DROP', '[REJECT-7]'))} IN=eth0 OUT={out} "
            f"MAC={STATIONS} SRC={source} DST={to} LEN={number(28, 1500)} TOS=0x00 PREC=0x00 "
            f"TTL={number(255)} ID={number(65_536)} {rest}PROTO={protocol} SPT={theirs} DPT={port} "
            + (UDP if protocol == "UDP" else TCP)
        )


def state(home: Home) -> dict[str, object]:
    """What later lines, decisions and scrapes depend on, but for the order in which lines came."""
    known = home.state()
    groups = [(group.rejection, group.packets, group.last) for group in home.pipe.waiting.groups()]
    undated = [
        (*msgspec.structs.astuple(msgspec.structs.replace(packets, line="", remote_port=0)), *more)
        for packets, *more in groups
    ]
    return {
        "exposition": sorted(str(known["exposition"]).splitlines()),
        "decided": Counter(
            (
                one.rejection.our_port,
                one.rejection.remote_ip,
                one.cause.name,
                one.attribution.device,
            )
            for one in home.decisions
        ),
        "waiting": Counter(map(repr, undated)),
        **{key: known[key] for key in ("senders", "line_clock", "unread")},
    }


@pytest.mark.parametrize("seed", range(8))
def test_a_mixture_comes_to_what_its_lines_come_to(seed):
    chance = random.Random(seed)
    replayed, alive = seed % 2 == 0, seed % 3 == 0
    homes = [
        Home(Limits(), tells=seed % 4 > 1, line_clock=0.0 if replayed else None) for _ in range(2)
    ]
    traffic, now = Traffic(chance), NOW
    listener, sender = ("file", "") if replayed else ("udp", "192.168.1.1")
    for _ in range(4):
        batch = Batch(received=now, sender=sender, listener=listener, messages=traffic.batch())
        homes[0].pipe.process(batch)
        homes[1].pipe.read(batch)
        assert state(homes[0]) == state(homes[1])
        now += chance.choice((0.1, 7.0, 130.0))
        for home in homes if alive else ():
            home.pipe.report(report("ANNA-PC", socket()), now)
        for home in () if replayed else homes:
            home.pipe.tick(now)
    for home in homes:
        home.pipe.finish(now)
    assert state(homes[0]) == state(homes[1])
