"""A Linux host seen through netlink: its sockets, its conversations, and what is around it.

Sockets and conversations, which come in thousands, are read by `netlink`; the rest by `network`.
"""

import socket
from collections.abc import Callable, Iterator

from loguru import logger
from msgspec.structs import replace

from exporter.agent import network, sockdiag
from exporter.agent.flows import Flows
from exporter.agent.host import uptime
from exporter.agent.ownership import Owners
from exporter.agent.processes import Process, sees_others
from exporter.agent.snapshot import Sighting, Snapshot
from exporter.host_report import Flow

AROUND_EVERY = 5.0  # seconds; a socket that came or went says nothing of links and neighbours

_Row = tuple[str, bytes]  # transport, and what sockdiag makes of a socket


class Linux:
    """A collector that asks the kernel, and from its first report on listens to it."""

    def __init__(self, clock: Callable[[], float] = uptime) -> None:
        self._clock = clock
        self._flows = Flows(clock)
        self._owners = Owners(clock)
        self._sees_programs: bool | None = None  # not tried yet
        self._around: network.Network | None = None
        self._read_around = 0.0
        # What is as it was is not read again: of the last look, and of the last report.
        self._looked: dict[_Row, Sighting] = {}
        self._reported: dict[_Row, Sighting] = {}

    def listening(self) -> list[Sighting]:
        """Return UDP sockets and TCP listeners, without their owners."""
        self._flows.hear()
        known = self._looked
        self._looked = {
            row: known.get(row) or _sighting(*row) for row in sockdiag.rows(sockdiag.LISTEN)
        }
        return list(self._looked.values())

    def snapshot(self) -> Snapshot:
        """Return all that netlink and /proc tell."""
        around = self._surroundings()
        rows = {row: sockdiag.inode(row[1]) for row in sockdiag.rows(sockdiag.EVERY_STATE)}
        held = self._owners.of(rows.values())
        known = self._reported
        self._reported = {
            row: _owned(known.get(row) or _sighting(*row), held.get(inode))
            for row, inode in rows.items()
        }
        return Snapshot(
            sockets=list(self._reported.values()),
            addresses=around.addresses,
            links=around.links,
            neighbours=around.neighbours,
            flows=self._flows.report(around.home, self._moved()),
            gateways=around.gateways,
            lacks=self._lacks(),
        )

    def _lacks(self) -> list[str]:
        """Return what our rights do not show; it is logged once."""
        if self._sees_programs is None:
            self._sees_programs = sees_others()
            if not self._sees_programs:
                logger.info(
                    "programs of other users are closed to us, and have no name in reports; that"
                    " needs root, or CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"
                )
        lacks = {"programs": not self._sees_programs, "connections": self._flows.refused}
        return [word for word, is_lacking in lacks.items() if is_lacking]

    def _surroundings(self) -> network.Network:
        now = self._clock()
        if self._around is None or now >= self._read_around + AROUND_EVERY:
            self._around, self._read_around = network.read(), now
        return self._around

    def _moved(self) -> Iterator[Flow]:
        """Yield the TCP connections of this host with the bytes that they moved."""
        for row, count in sockdiag.moved():
            seen = self._reported.get(("tcp", row))
            if seen and seen.socket.remote_ip and seen.socket.remote_port:
                yield Flow(
                    transport="tcp",
                    local_ip=seen.socket.local_ip,
                    local_port=seen.socket.local_port,
                    remote_ip=seen.socket.remote_ip,
                    remote_port=seen.socket.remote_port,
                    bytes=count,
                )


def works() -> bool:
    """Tell whether the kernel shows us sockets: some sandboxes and small kernels do not."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))  # any address: in a new namespace even loopback is down
        port = probe.getsockname()[1]
        try:
            return any(seen.socket.local_port == port for seen in Linux().listening())
        except OSError:
            return False


def _sighting(transport: str, row: bytes) -> Sighting:
    found = sockdiag.read(transport, row)
    # A connection in TIME_WAIT belongs to nobody any more and has inode 0.
    ends = (transport, found.local_ip, found.local_port, found.remote_ip, found.remote_port)
    return Sighting(identity=sockdiag.inode(row) or ends, socket=found)


def _owned(seen: Sighting, owner: Process | None) -> Sighting:
    """Return a sighting with its owner; the same one if that is known already."""
    pid, name, container, started = (
        (owner.pid, owner.name, owner.container, owner.started) if owner else (None,) * 4
    )
    known = seen.socket
    if (pid, name, container) == (known.pid, known.process, known.container):
        return seen
    owned = replace(known, process=name, pid=pid, container=container)
    return Sighting(identity=seen.identity, socket=owned, started=started)
