"""The devices of a simulated fleet: their programs' sockets, and what their agents report."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from exporter import wire
from exporter.host_report import Flow, HostReport, Socket
from tests.bench.records import FULL, INTERVAL
from tests.fleet_day.internet import Owner

TALKED = 600.0  # seconds for which an agent tells of a conversation that has ended
GAME_PORT = 3074  # of the other side
_IDLE = 40  # sockets of a host that nobody knocks at


class Posted(NamedTuple):
    """A report that is due."""

    device: "Device"
    made: float
    report: HostReport
    full: bool

    def body(self, now: float) -> bytes:
        """Return it as it is sent at that moment: the server dates it back."""
        age = max(now - self.made, 0.0)
        return wire.encode(msgspec.structs.replace(self.report, age_seconds=age))


@dataclass
class Program:
    """A program and its socket; one that is connected tells its peer."""

    owner: Owner
    port: int
    since: float
    until: float  # when it takes another port
    remote: str | None = None
    former: list[tuple[float, int, str | None]] = field(default_factory=list)  # closed, port, peer


@dataclass
class Device:
    """A device and its agent."""

    name: str
    programs: list[Program]
    due: float
    full: float = 0.0  # when it last told everything
    changed: bool = True

    def report(self, now: float) -> Posted | None:
        """Return what its agent sends at that moment, if it does."""
        if now < self.due and not self.changed:
            return None
        self.due = now + INTERVAL
        full = self.changed or now - self.full >= FULL - INTERVAL
        if full:
            self.full, self.changed = now, False
        told = HostReport(
            version=wire.VERSION,
            device=self.name,
            interval_seconds=INTERVAL,
            os="Linux",
            agent="test",
            addresses=("192.168.1.23",),
            sockets=tuple(self._sockets(now)) if full else (),
            flows=tuple(self._flows(now)) if full else (),
            unchanged_since=None if full else now - self.full,
        )
        return Posted(self, now, told, full)

    def _sockets(self, now: float) -> Iterator[Socket]:
        for program in self.programs:
            yield Socket(
                transport="udp",
                local_ip="0.0.0.0",
                local_port=program.port,
                remote_ip=program.remote,
                remote_port=GAME_PORT if program.remote else None,
                process=program.owner.program,
                age_seconds=max(now - program.since, 0.0),
            )
        for number in range(_IDLE):
            yield Socket(
                transport="tcp",
                local_ip="127.0.0.1",
                local_port=20_000 + number,
                state="listen",
                process=f"service-{number % 9}",
                age_seconds=3600.0,
            )

    def _flows(self, now: float) -> Iterator[Flow]:
        for program in self.programs:
            for closed, port, remote in program.former:
                if remote is not None and now - closed < TALKED:
                    yield Flow(
                        transport="udp",
                        local_ip="192.168.1.23",
                        local_port=port,
                        remote_ip=remote,
                        remote_port=GAME_PORT,
                        age_seconds=now - closed,
                    )
