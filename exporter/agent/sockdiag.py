"""Sockets as the kernel's socket monitor shows them, what TCP ones moved, and which were closed.

Needs no rights. A row is what does not change while a socket stays as it is, so that equal rows
need not be read again: family, state, both ends, and the inode (0: it belongs to nobody any more).
Sources: sock_diag(7), linux/inet_diag.h, linux/sock_diag.h, net/tcp_states.h.
"""

import socket
import struct
from collections.abc import Iterator

from exporter.agent.netlink import SOCK_DIAG, Notifications, address, ask, attributes
from exporter.host_report import Flow, Socket

EVERY_STATE = (1 << 12) - 1
LISTEN = 1 << 10
_CONNECTED = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 8 | 1 << 9 | 1 << 11  # those that carry data

_BY_FAMILY = 20  # SOCK_DIAG_BY_FAMILY
_REQUEST = struct.Struct("=BBBBI48x")  # family, protocol, extensions, padding, states, no address
_ROW = struct.Struct(">BBHH16s16s")  # family, state, ports and addresses of both ends
_INODE = struct.Struct("=I")
_ANSWER = 72  # bytes of inet_diag_msg; its attributes follow
_INFO, _PROTOCOL = 2, 10  # INET_DIAG_INFO, which has to be asked for, and INET_DIAG_PROTOCOL
_MOVED = struct.Struct("=120xQQ")  # of tcp_info: bytes that were acknowledged, and received
_CLOSED_GROUPS = (1, 2, 3, 4)  # TCP and UDP, IPv4 and IPv6
_ROOM = 1 << 20  # bytes of notifications that may wait: some thousand
_TRANSPORTS = {socket.IPPROTO_TCP: "tcp", socket.IPPROTO_UDP: "udp"}
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


def rows(tcp_states: int) -> Iterator[tuple[str, bytes]]:
    """Yield transport and row of every UDP socket, and of TCP ones in `tcp_states`.

    Raises OSError when the kernel refuses.
    """
    for transport, protocol, states in (
        ("udp", socket.IPPROTO_UDP, EVERY_STATE),
        ("tcp", socket.IPPROTO_TCP, tcp_states),
    ):
        for family in (socket.AF_INET, socket.AF_INET6):
            request = _REQUEST.pack(family, protocol, 0, 0, states)
            for _, body in ask(SOCK_DIAG, _BY_FAMILY, request):
                if len(body) >= _ANSWER:
                    yield transport, body[:2] + body[4:40] + body[68:72]  # as `_row`, inlined


def moved() -> Iterator[tuple[bytes, int]]:
    """Yield the row of every TCP connection, and the bytes that it moved both ways.

    Headers and what was sent once more are not counted. Raises OSError when the kernel refuses.
    """
    for family in (socket.AF_INET, socket.AF_INET6):
        asked = 1 << (_INFO - 1)
        request = _REQUEST.pack(family, socket.IPPROTO_TCP, asked, 0, _CONNECTED)
        for _, body in ask(SOCK_DIAG, _BY_FAMILY, request):
            count = _moved(attributes(body, _ANSWER))
            if count is not None:
                yield _row(body), count


def inode(row: bytes) -> int:
    """Return the inode of a row's socket."""
    (number,) = _INODE.unpack_from(row, _ROW.size)
    return int(number)


def read(transport: str, row: bytes) -> Socket:
    """Return a row's socket."""
    family, state, port, remote_port, local, remote = _ROW.unpack_from(row)
    octets = 4 if family == socket.AF_INET else 16
    return Socket(
        transport=transport,
        local_ip=address(local[:octets]),
        local_port=port,
        remote_ip=address(remote[:octets]) if remote_port else None,
        remote_port=remote_port or None,
        state=_STATES.get(state) if transport == "tcp" else None,
    )


class Closings:
    """Connected sockets that were closed: a late reply meets one that no look has seen.

    On a busy server there may be more than the kernel keeps for us between two looks.
    """

    def __init__(self) -> None:
        """Raise OSError where the kernel does not tell (before 4.5), or not us."""
        self._told = Notifications(SOCK_DIAG, _CLOSED_GROUPS, room=_ROOM)

    def waiting(self) -> Iterator[Flow]:
        """Yield the conversations of the sockets closed since the last time."""
        for _, body in self._told.waiting():
            flow = closed(body)
            if flow is not None:
                yield flow


def closed(body: bytes) -> Flow | None:
    """Return the conversation of a closed socket; None when it was not connected."""
    if len(body) < _ANSWER:
        return None
    told = attributes(body, _ANSWER)
    transport = _TRANSPORTS.get(int.from_bytes(told.get(_PROTOCOL, b"")))
    if transport is None:
        return None
    seen = read(transport, _row(body))
    if seen.remote_ip is None or seen.remote_port is None:
        return None
    return Flow(
        transport=transport,
        local_ip=seen.local_ip,
        local_port=seen.local_port,
        remote_ip=seen.remote_ip,
        remote_port=seen.remote_port,
        bytes=_moved(told),
    )


def _moved(told: dict[int, bytes]) -> int | None:
    """Return the bytes of a TCP connection; None for others, and before Linux 4.1."""
    info = told.get(_INFO, b"")
    return sum(_MOVED.unpack_from(info)) if len(info) >= _MOVED.size else None


def _row(body: bytes) -> bytes:
    return body[:2] + body[4:40] + body[68:72]
