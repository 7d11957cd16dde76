"""Homes that never were, with their truth: devices, agents, a router's NAT, and refused packets.

In: a seed; out: a `Home`, which plays a quarter of an hour through a pipeline, and each decision
beside the truth. Everything is drawn: which devices have agents, when these report, whether they
are late or die, what the NAT does to ports, who opens, shares, reuses and closes ports, who talks
to whom, and what strangers try. `tests/lab` does the same with real parts and few cases.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from exporter.events import Batch, Decision
from exporter.host_report import Flow, HostReport, Socket
from exporter.pipeline import Pipeline

START, LENGTH = 1_790_000_000.0, 900.0  # seconds
WAN, ROUTER = "203.0.113.9", "192.168.1.1"
INTERVAL, LOOK = 15.0, 1.5  # of agents: between two reports, between two looks
FORGET = 30.0  # seconds after its last packet, in which the router forgets a conversation
TALKED = 600.0  # seconds for which an agent tells of a conversation that has ended
POPULAR = (51413, 6881, 3074, 27015, 50000, 50001)  # ports that programs choose on many devices
SET = tuple(block << 12 | 0x78 << 4 | low for block in range(1, 16) for low in range(16))


class Truth(NamedTuple):
    """Who brought a packet about, and whether what can be seen tells so."""

    device: str = ""  # "" is nobody at home
    program: str = ""
    visible: bool = False


class Answer(NamedTuple):
    """A decision and the truths of its packets, which are mostly one."""

    decision: Decision
    truths: tuple[Truth, ...]

    @property
    def right(self) -> bool:
        said = self.decision.attribution
        return any(said.device == t.device and said.process in ("", t.program) for t in self.truths)


@dataclass
class Open:
    """A socket of a device, from when to when."""

    program: str
    port: int
    remote: str | None  # connected to
    since: float
    until: float


@dataclass
class Talk:
    """A conversation, and the port that the router gave it."""

    socket: Open
    remote: str
    outside: int
    since: float
    until: float  # its last packet


@dataclass
class Device:
    """A device, its programs' sockets, and how it reports: from when to when, and how late."""

    name: str
    ip: str
    reports: tuple[float, float] | None
    late: float
    sockets: list[Open] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)

    def watched(self, moment: float) -> bool:
        """Tell whether its agent reports around a moment, in time."""
        if self.reports is None or self.late > 0:
            return False
        return self.reports[0] <= moment - INTERVAL and moment + 2 * INTERVAL <= self.reports[1]


class Home:
    """One home, and what happens in it."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.nat = self.draw.choice(("preserving", "preserving", "random", "map_e"))
        self.router_reports = self.draw.random() < 0.2
        self.devices = [self._device(n) for n in range(self.draw.randint(2, 6))]
        self.servers = [self._stranger() for _ in range(20)]  # that everybody talks to
        self.lines: list[tuple[float, str, int, Truth]] = []  # when, from whom, for which port
        for device in self.devices:
            for _ in range(self.draw.randint(3, 12)):
                self._program(device)
        self.given: list[tuple[Talk, Device]] = []
        everything = [(s, d) for d in self.devices for s in d.sockets]
        for socket, device in sorted(everything, key=lambda pair: pair[0].since):
            self._talk(device, socket)
        for talk, device in self.given:
            self._answers(device, talk)
        self._strangers()

    # --- who there is, and what they do ----------------------------------------------------------

    def _device(self, number: int) -> Device:
        fate = self.draw.random()
        lifetime: tuple[float, float] | None = (-3600.0, 2 * LENGTH)
        if fate < 0.25:
            lifetime = None  # no agent
        elif fate < 0.35:
            lifetime = (-3600.0, self.draw.uniform(0, LENGTH))  # it dies
        elif fate < 0.45:
            lifetime = (self.draw.uniform(0, LENGTH), 2 * LENGTH)  # it is installed
        late = self.draw.uniform(5, 200) if fate > 0.9 else 0.0  # its reports wait in a spool
        return Device(f"device-{number}", f"192.168.1.{10 + number}", lifetime, late)

    def _program(self, device: Device) -> None:
        """Let a program have one socket, or one after the other; others may have had its port."""
        name = f"program-{self.draw.randint(1, 9)}"
        since = self.draw.uniform(-600, LENGTH - 60)
        if self.draw.random() < 0.4:
            port = self.draw.choice((*POPULAR, *self.draw.sample(range(32768, 61000), 14)))
            until = since + self.draw.choice((5, 60, 300, 1e6))
            remote = None
        else:
            port, remote = self.draw.randint(32768, 60999), self._peer()
            until = since + self.draw.choice((0.2, 1, 10, 60, 300))
        taken = [s for s in device.sockets if s.port == port]
        if all(until < s.since or s.until < since for s in taken):
            device.sockets.append(Open(name, port, remote, since, until))

    def _peer(self) -> str:
        return self.draw.choice(self.servers) if self.draw.random() < 0.3 else self._stranger()

    def _stranger(self) -> str:
        return (
            f"{self.draw.randint(20, 90)}.{self.draw.randint(0, 255)}.{self.draw.randint(0, 255)}.9"
        )

    def _talk(self, device: Device, socket: Open) -> None:
        """Let a socket talk to its peer, or to a few while it is open."""
        peers = [socket.remote] if socket.remote else [self._peer() for _ in range(3)]
        end = min(socket.until, LENGTH)
        for peer in peers:
            since = socket.since + 0.05
            if socket.remote is None:
                since = self.draw.uniform(since, max(since, end))
            until = min(end, since + self.draw.choice((0.1, 5, 60)))
            outside = self._translated(device, socket, peer, since)
            talk = Talk(socket, peer, outside, since, max(since, until))
            device.talks.append(talk)
            self.given.append((talk, device))

    def _translated(self, device: Device, socket: Open, peer: str, since: float) -> int:
        """The port that the router gives: as Linux does, one to each peer at a time."""
        taken = {
            t.outside
            for t, d in self.given
            if t.remote == peer and since <= t.until + FORGET and (d, t.socket) != (device, socket)
        }
        if self.nat == "preserving" and socket.port not in taken:
            return socket.port
        choice = SET if self.nat == "map_e" else range(1024, 65536)
        return self.draw.choice([port for port in choice if port not in taken])

    # --- what is refused -------------------------------------------------------------------------

    def _answers(self, device: Device, talk: Talk) -> None:
        """Late replies of the peer; and strangers, whom peers have told of the port."""
        forgotten = talk.until + FORGET
        if self.draw.random() < 0.6:
            for _ in range(self.draw.randint(1, 3)):
                when = forgotten + self.draw.expovariate(1 / 60)
                self._line(when, talk.remote, talk.outside, device, talk)
        if talk.socket.remote is None and self.draw.random() < 0.6:
            for _ in range(self.draw.randint(1, 6)):
                when = self.draw.uniform(talk.since + 1, forgotten + 120)
                self._line(when, self._stranger(), talk.outside, device, talk)

    def _line(self, when: float, remote: str, port: int, device: Device, talk: Talk) -> None:
        if not 0 <= when < LENGTH:
            return
        socket = talk.socket
        shown = device.watched(when) and device.watched(max(0.0, min(talk.since, when)))
        seen = socket.until - socket.since >= 2 * LOOK
        same = talk.outside == socket.port and self.nat == "preserving"
        told = remote == talk.remote and socket.remote is not None
        visible = shown and ((seen and same) or (told and (seen or same)))
        self.lines.append((when, remote, port, Truth(device.name, socket.program, visible)))

    def _strangers(self) -> None:
        """Probes of single ports, of many in a row, and peers of the address's former owner."""
        # What is for other ports of a shared address goes to other homes.
        ports = SET if self.nat == "map_e" else range(1024, 65536)
        for _ in range(self.draw.randint(0, 40)):
            self._nobodys(self._stranger(), self.draw.choice(ports))
        if self.draw.random() < 0.3:
            scanner, first = self._stranger(), self.draw.randrange(len(ports) - 40)
            for port in ports[first : first + 40]:
                self._nobodys(scanner, port)
        former = self.draw.choice(ports)
        for _ in range(self.draw.randint(0, 10)):
            self._nobodys(self._stranger(), former)

    def _nobodys(self, remote: str, port: int) -> None:
        self.lines.append((self.draw.uniform(0, LENGTH), remote, port, Truth()))

    # --- what is told ----------------------------------------------------------------------------

    def reports(self) -> Iterator[tuple[float, HostReport]]:
        """Yield each report with the moment at which it arrives."""
        for device in self.devices:
            if device.reports is None:
                continue
            begin, end = max(device.reports[0], -700.0), min(device.reports[1], LENGTH + 60)
            moments = {begin + n * INTERVAL for n in range(int((end - begin) // INTERVAL) + 1)}
            phase = self.draw.uniform(0, INTERVAL)
            moments = {moment + phase for moment in moments}
            looks = self.draw.uniform(0, LOOK)
            for socket in device.sockets:  # a change is told at the next look
                for change in (socket.since, socket.until):
                    look = looks + LOOK * (1 + (change - looks) // LOOK)
                    if begin <= look <= end:
                        moments.add(look)
            for moment in sorted(moments):
                yield moment + device.late + 0.1, self._report(device, moment, looks)
        if self.router_reports:
            for n in range(-47, int(LENGTH // INTERVAL) + 4):
                yield n * INTERVAL + 0.1, self._routers(n * INTERVAL)

    def _report(self, device: Device, moment: float, looks: float) -> HostReport:
        """What an agent tells: sockets since it saw them, conversations of closed ones."""
        begin = device.reports[0] if device.reports else 0.0
        sockets, flows = [], []
        for one in device.sockets:
            ends: Any = {"transport": "udp", "local_port": one.port, "remote_ip": one.remote}
            if one.since <= moment < one.until:
                first = max(looks + LOOK * (1 + (one.since - looks) // LOOK), begin)
                age = max(0.0, moment - first)
                facts: Any = {"local_ip": "0.0.0.0", "process": one.program, "age_seconds": age}
                sockets.append(Socket(**ends, **facts, remote_port=443 if one.remote else None))
            elif one.remote and begin <= one.until <= moment <= one.until + TALKED:
                flows.append(
                    Flow(
                        **ends,
                        local_ip=device.ip,
                        remote_port=443,
                        age_seconds=moment - one.until,
                    )
                )
        return HostReport(
            version=1,
            device=device.name,
            agent="test",
            age_seconds=device.late,
            addresses=(device.ip,),
            sockets=tuple(sockets),
            flows=tuple(flows),
        )

    def _routers(self, moment: float) -> HostReport:
        flows = [
            Flow(
                transport="udp",
                local_ip=device.ip,
                local_port=talk.socket.port,
                remote_ip=talk.remote,
                remote_port=443,
                nat_port=None if talk.outside == talk.socket.port else talk.outside,
                age_seconds=max(0.0, moment - talk.until - FORGET),
            )
            for talk, device in self.given
            if talk.since <= moment <= talk.until + FORGET + TALKED
        ]
        addresses = (ROUTER, WAN)
        return HostReport(
            version=1, device="router", agent="test", addresses=addresses, flows=tuple(flows)
        )

    # --- played ----------------------------------------------------------------------------------

    def play(self, line_pipe: Pipeline, decided: list[Decision]) -> list[Answer]:
        """Let all of it pass through a pipeline, whose decisions go to that list."""
        events: list[tuple[float, int, object]] = []
        for when, report in self.reports():
            events.append((when, 0, report))
        for when, remote, port, _ in self.lines:
            text = f"UDP connection rejected from {remote}:443 to {WAN}:{port}"
            events.append((when, 1, text.encode()))
        events += [(float(second), 2, None) for second in range(int(LENGTH) + 200)]
        for when, _, what in sorted(events, key=lambda event: event[:2]):
            now = START + when
            if isinstance(what, HostReport):
                line_pipe.report(what, now)
            elif isinstance(what, bytes):
                line_pipe.process(
                    Batch(received=now, sender=ROUTER, listener="udp", messages=[what])
                )
            else:
                line_pipe.tick(now)
        line_pipe.finish(START + LENGTH + 200)
        return self._judged(decided)

    def _judged(self, decided: list[Decision]) -> list[Answer]:
        truths = defaultdict(list)
        for when, remote, port, truth in self.lines:
            truths[remote, port].append((START + when, truth))
        answers = []
        for decision in decided:
            packets = decision.rejection
            of_packets = truths[packets.remote_ip, packets.our_port or 0]
            meant = (t for at, t in of_packets if packets.received <= at <= decision.last)
            answers.append(Answer(decision, tuple(dict.fromkeys(meant))))
        return answers
