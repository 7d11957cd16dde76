"""A Linux host seen through netlink: sockets, links, addresses and neighbours.

The only module that imports pyroute2, whose sockets need no rights and fail inside a running event
loop. Its `DiagSocket` swallows the kernel's errors and then shows no sockets at all, so `works`
tries it on a socket of our own first. Sources: sock_diag(7), rtnetlink(7), net/tcp_states.h.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyroute2 import DiagSocket, IPRoute, NetlinkError

from exporter.addresses import canonical
from exporter.agent.processes import Process, owners
from exporter.agent.snapshot import Sighting, Snapshot, names_a_host
from exporter.events import Link, Neighbour, Socket

_STATES = {
    1: "established",
    2: "syn_sent",
    3: "syn_recv",
    4: "fin_wait1",
    5: "fin_wait2",
    6: "time_wait",
    7: "close",
    8: "close_wait",
    9: "last_ack",
    10: "listen",
    11: "closing",
}
_EVERY_STATE = (1 << 12) - 1
_LISTEN = 1 << 10
_FAMILIES = (socket.AF_INET, socket.AF_INET6)

_IS_UP, _IS_LOOPBACK = 0x1, 0x8  # link flags
_HAS_ADDRESS = 0x02 | 0x04 | 0x08 | 0x10 | 0x80  # reachable, stale, delay, probe, permanent


class Linux:
    """A collector that asks the kernel; it keeps nothing between two looks."""

    def listening(self) -> list[Sighting]:
        """Return UDP sockets and TCP listeners, without their owners."""
        return [_sighting(transport, row, None) for transport, row in _sockets(_LISTEN)]

    def snapshot(self) -> Snapshot:
        """Return all that netlink and /proc tell."""
        rows = list(_sockets(_EVERY_STATE))
        held = owners({row["idiag_inode"] for _, row in rows})
        links, addresses, neighbours = _network()
        return Snapshot(
            sockets=[_sighting(name, row, held.get(row["idiag_inode"])) for name, row in rows],
            addresses=addresses,
            links=links,
            neighbours=neighbours,
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


def _sockets(tcp_states: int) -> Iterator[tuple[str, Any]]:
    """Yield transport and sock_diag row of every UDP socket, and of TCP ones in `tcp_states`."""
    with _netlink_errors(), DiagSocket() as diag:
        diag.bind()
        for transport, protocol, states in (
            ("udp", socket.IPPROTO_UDP, _EVERY_STATE),
            ("tcp", socket.IPPROTO_TCP, tcp_states),
        ):
            for family in _FAMILIES:
                for row in diag.get_sock_stats(family=family, protocol=protocol, states=states):
                    yield transport, row


def _sighting(transport: str, row: Any, owner: Process | None) -> Sighting:
    found = Socket(
        transport=transport,
        local_ip=_address(row["idiag_src"]),
        local_port=row["idiag_sport"],
        remote_ip=_address(row["idiag_dst"]) if row["idiag_dport"] else None,
        remote_port=row["idiag_dport"] or None,
        state=_STATES.get(row["idiag_state"]) if transport == "tcp" else None,
        process=owner.name if owner else None,
        pid=owner.pid if owner else None,
    )
    # A connection in TIME_WAIT belongs to nobody any more and has inode 0.
    ends = (transport, found.local_ip, found.local_port, found.remote_ip, found.remote_port)
    return Sighting(identity=row["idiag_inode"] or ends, socket=found)


def _network() -> tuple[list[Link], list[str], list[Neighbour]]:
    with _netlink_errors(), IPRoute() as route:
        rows = list(route.get_links())
        addresses = [
            _address(row.get_attr("IFA_LOCAL") or row.get_attr("IFA_ADDRESS"))
            for row in route.get_addr()
        ]
        names = {row["index"]: row.get_attr("IFLA_IFNAME") for row in rows}
        neighbours = [_neighbour(row, names) for row in route.get_neighbours() if _answers(row)]
    links = [_link(row) for row in rows if row["flags"] & (_IS_UP | _IS_LOOPBACK) == _IS_UP]
    return links, [ip for ip in addresses if names_a_host(ip)], neighbours


def _link(row: Any) -> Link:
    counters = row.get_attr("IFLA_STATS64") or {}
    return Link(
        interface=row.get_attr("IFLA_IFNAME"),
        mac=_mac(row.get_attr("IFLA_ADDRESS")),
        received_bytes=counters.get("rx_bytes", 0),
        sent_bytes=counters.get("tx_bytes", 0),
    )


def _answers(row: Any) -> bool:
    known = _mac(row.get_attr("NDA_LLADDR")) and row.get_attr("NDA_DST")
    return bool(known and row["state"] & _HAS_ADDRESS)


def _neighbour(row: Any, names: dict[int, str]) -> Neighbour:
    return Neighbour(
        ip=_address(row.get_attr("NDA_DST")),
        mac=row.get_attr("NDA_LLADDR"),
        interface=names.get(row["ifindex"]),
    )


def _mac(text: str | None) -> str | None:
    """Return a MAC, or None for what tunnels have instead: four or sixteen octets, or zeros."""
    return text if text and len(text) in (17, 59) and text.strip("0:") else None


def _address(text: str) -> str:
    return canonical(text) or text  # the kernel's own text is an address


@contextmanager
def _netlink_errors() -> Iterator[None]:
    """Turn the library's own error into the OSError that it stands for."""
    try:
        yield
    except NetlinkError as error:
        raise OSError(error.code, f"netlink: {error}") from error
