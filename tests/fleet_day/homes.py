"""The homes of a simulated fleet: what their routers write, and who brought it about.

Everything is drawn from a seed. A home is stepped from moment to moment; it says which lines its
router wrote since, with the truth of each.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from tests.bench.lines import Template
from tests.bench.records import INTERVAL, templates
from tests.fleet_day.devices import GAME_PORT, Device, Program
from tests.fleet_day.internet import GAME, NAS, NETSESSION, TORRENT, Internet, Owner

CHATTER = 0.05  # of the lines
LATE = 45.0  # seconds for which peers go on after a port was closed
SCANNED = (22, 23, 80, 443, 445, 1433, 3389, 5060, 8080)


class Line(NamedTuple):
    """What a router wrote, of how many rejected packets, and whose they are."""

    text: bytes
    packets: int
    owner: Owner | None


class Home:
    """A site: its router, its devices, and who knocks."""

    def __init__(self, number: int, rate: float, internet: Internet, began: float) -> None:
        """`rate` is of lines a second, on average."""
        self.number, self.name = number, f"site-{number:05}"
        self.region = ""  # or under which it is counted
        self.silent = False
        self.flood = 0.0  # lines a second besides, from anywhere
        self.scan = 0.0  # the same of one stranger, port after port
        self.devices: list[Device] = []
        self._chance = random.Random(number)
        self._rate = rate * self._chance.choice((0.3, 0.5, 1, 1, 1, 2.2))
        self._internet = internet
        self._at = began
        packets, weights, self._chatter = templates()
        [self._template] = self._chance.choices(packets, weights)
        self._departed: list[Program] = []  # of devices that are elsewhere now
        self._scanner = internet.address()
        self._scanned = 0
        if self._chance.random() < 0.7:
            self._furnish(began)

    @property
    def label(self) -> str:
        """Under which it is counted."""
        return self.region or self.name

    @property
    def template(self) -> Template:
        """By which its router tells of packets."""
        return self._template

    def step(self, now: float) -> Sequence[Line]:
        """Return what the router has written since the last step."""
        passed, self._at = now - self._at, now
        if self.silent:
            return ()
        for device in self.devices:
            for program in device.programs:
                if now >= program.until:
                    self._reopen(program, now)
                    device.changed = True
        head = f"<4>{time.strftime('%b %d %H:%M:%S', time.gmtime(now))} gate "
        lines = [self._line(head, now) for _ in range(self._drawn(self._rate * passed))]
        lines += (
            self._knock(head, self._internet.anywhere(), self._high(), None)
            for _ in range(self._drawn(self.flood * passed))
        )
        for _ in range(self._drawn(self.scan * passed)):
            self._scanned = self._scanned % 1023 + 1
            lines.append(self._knock(head, self._scanner, self._scanned, None))
        return lines

    def leave(self, device: Device, now: float) -> None:
        """Let a device go: its programs' peers still knock for a while."""
        self.devices.remove(device)
        for program in device.programs:
            former = [(now, program.port, program.remote), *program.former]
            self._departed.append(replace(program, former=former))

    def enter(self, device: Device, now: float) -> None:
        """Let a device come from another home."""
        self.devices.append(device)
        for program in device.programs:
            self._reopen(program, now)
            program.former.clear()  # that was elsewhere
        device.changed = True

    def _furnish(self, began: float) -> None:
        wanted = [("PC", [TORRENT, NETSESSION])]
        if self._chance.random() < 0.4:
            wanted.append(("NAS", [NAS]))
        if self._chance.random() < 0.3:
            wanted.append(("LAPTOP", [GAME]))
        for kind, owners in wanted:
            programs = [self._program(owner, began) for owner in owners]
            due = began + self._chance.uniform(0, INTERVAL)
            device = Device(f"{kind}-{self.number:05}", programs, due, changed=False)
            self.devices.append(device)

    def _program(self, owner: Owner, now: float) -> Program:
        program = Program(owner, self._high(), now - 3600.0, now)
        if owner in (TORRENT, NAS):
            program.until = float("inf")
        else:
            program.until = now + self._chance.uniform(30, 90)
        if owner is GAME:
            program.remote = self._internet.address(GAME)
        return program

    def _reopen(self, program: Program, now: float) -> None:
        program.former = [(now, program.port, program.remote), *program.former[:5]]
        program.port, program.since = self._high(), now
        program.until = now + self._chance.uniform(45, 120)
        if program.owner is GAME:
            program.remote = self._internet.address(GAME)

    def _line(self, head: str, now: float) -> Line:
        if self._chance.random() < CHATTER:
            return Line((head + self._chance.choice(self._chatter)).encode(), 0, None)
        programs = [program for device in self.devices for program in device.programs]
        programs += self._departed
        if programs and self._chance.random() < 0.5:
            program = self._chance.choice(programs)
            if (knock := self._answer(head, program, now)) is not None:
                return knock
        known = self._chance.random() < 0.5
        port = self._chance.choice(SCANNED) if known else self._high()
        return self._knock(head, self._internet.address(), port, None)

    def _answer(self, head: str, program: Program, now: float) -> Line | None:
        """A packet that a program has brought about: to its port, or to the one that it had."""
        if program.owner in (TORRENT, NAS):
            source = self._internet.address(program.owner)
            return self._knock(head, source, program.port, program.owner)
        recent = [one for one in program.former if now - one[0] < LATE]
        if not recent:
            return None
        _, port, remote = self._chance.choice(recent)
        source = remote or self._internet.address(program.owner)
        theirs = GAME_PORT if remote else None
        return self._knock(head, source, port, program.owner, theirs)

    def _knock(
        self, head: str, source: str, port: int, owner: Owner | None, theirs: int | None = None
    ) -> Line:
        text = self._template.line(source, theirs or self._high(), port)
        return Line((head + text).encode(), self._template.packets, owner)

    def _high(self) -> int:
        return self._chance.randrange(10_000, 60_000)

    def _drawn(self, expected: float) -> int:
        """A whole number that is the expected one on average."""
        return int(expected + self._chance.random())
