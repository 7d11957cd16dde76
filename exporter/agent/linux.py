"""A Linux host seen through netlink: its sockets, its conversations, and what is around it.

Sockets and conversations, which come in thousands, are read by `netlink`; the rest by `network`.
"""

import socket
from collections.abc import Callable

from msgspec.structs import replace

from exporter.agent import network, sockdiag
from exporter.agent.flows import Flows
from exporter.agent.host import uptime
from exporter.agent.processes import Process, owners
from exporter.agent.snapshot import Sighting, Snapshot


class Linux:
    """A collector that asks the kernel, and from its first report on listens to it."""

    def __init__(self, clock: Callable[[], float] = uptime) -> None:
        self._flows = Flows(clock)
        self._read: dict[tuple[str, bytes], Sighting] = {}  # of the last look, by row

    def listening(self) -> list[Sighting]:
        """Return UDP sockets and TCP listeners, without their owners."""
        self._flows.hear()
        return list(self._sightings(sockdiag.LISTEN).values())

    def snapshot(self) -> Snapshot:
        """Return all that netlink and /proc tell."""
        around = network.read()
        flows = self._flows.report(around.home)
        found = self._sightings(sockdiag.EVERY_STATE)
        inodes = {key: sockdiag.inode(key[1]) for key in found}
        held = owners(set(inodes.values()))
        return Snapshot(
            sockets=[_owned(seen, held.get(inodes[key])) for key, seen in found.items()],
            addresses=around.addresses,
            links=around.links,
            neighbours=around.neighbours,
            flows=flows,
            gateways=around.gateways,
        )

    def _sightings(self, tcp_states: int) -> dict[tuple[str, bytes], Sighting]:
        """Return the sockets by row; what is as it was at the last look is not read again."""
        known = self._read
        self._read = {key: known.get(key) or _sighting(*key) for key in sockdiag.rows(tcp_states)}
        return self._read


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
    if owner is None:
        return seen
    owned = replace(seen.socket, process=owner.name, pid=owner.pid, container=owner.container)
    return Sighting(identity=seen.identity, socket=owned)
