"""The kernel's connection tracking: its table, and what opened and ended since.

Needs CAP_NET_ADMIN. An entry has two tuples, as sent and as answered; where they are not each
other's mirror, addresses were translated. What was refused never gets an entry. Sources:
linux/netfilter/nfnetlink_conntrack.h, nf_conntrack-sysctl in the kernel's documentation.
"""

import struct
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from exporter.agent.netlink import NETFILTER, Notifications, address, ask, attributes

_SUBSYSTEM = 1 << 8  # NFNL_SUBSYS_CTNETLINK
_GET, _DELETE = _SUBSYSTEM | 1, _SUBSYSTEM | 2
_NEW_GROUP, _DESTROY_GROUP = 1, 3
_ROOM = 4 << 20  # bytes of notifications that may wait: about ten thousand

_FAMILY = struct.pack("=BBH", 0, 0, 0)  # nfgenmsg: both families, version 0
_ORIGINAL, _REPLY, _SENT, _ANSWERED = 1, 2, 9, 10  # CTA_TUPLE_*, CTA_COUNTERS_*
_ADDRESSES, _PORTS = 1, 2  # in a tuple
_PROTOCOL, _SOURCE_PORT, _DESTINATION_PORT = 1, 2, 3
_BYTES = 2  # in counters
_TRANSPORTS = {b"\x06": "tcp", b"\x11": "udp"}


class Tuple(NamedTuple):
    """One direction of a connection."""

    source_ip: str
    source_port: int
    destination_ip: str
    destination_port: int


class Entry(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One connection of the table."""

    transport: str
    original: Tuple  # as the first packet was sent
    reply: Tuple  # as answers come: their destination is how the other side sees us
    bytes: int | None = None  # of both directions; None unless the kernel counts them
    ended: bool = False


def table() -> Iterator[Entry]:
    """Yield the TCP and UDP connections of this network namespace.

    Raises OSError: PermissionError without CAP_NET_ADMIN.
    """
    for kind, body in ask(NETFILTER, _GET, _FAMILY):
        entry = read(kind, body)
        if entry is not None:
            yield entry


class Changes:
    """Connections that opened and ended since the last time."""

    def __init__(self) -> None:
        """Raise OSError: PermissionError without CAP_NET_ADMIN."""
        self._told = Notifications(NETFILTER, (_NEW_GROUP, _DESTROY_GROUP), room=_ROOM)

    @property
    def lost(self) -> bool:
        """Whether some were dropped: the table has to be read again."""
        return self._told.lost

    def waiting(self) -> Iterator[Entry]:
        """Yield them in order."""
        for kind, body in self._told.waiting():
            entry = read(kind, body)
            if entry is not None:
                yield entry


def read(kind: int, body: bytes) -> Entry | None:
    """Return the connection of a message; None when it is neither TCP nor UDP."""
    found = attributes(body, len(_FAMILY))
    sent, answered = _side(found.get(_ORIGINAL, b"")), _side(found.get(_REPLY, b""))
    if sent is None or answered is None:
        return None
    counted = [attributes(found[side]).get(_BYTES) for side in (_SENT, _ANSWERED) if side in found]
    return Entry(
        transport=sent[0],
        original=sent[1],
        reply=answered[1],
        bytes=sum(int.from_bytes(count) for count in counted if count) if counted else None,
        ended=kind == _DELETE,
    )


def connections(file: Path = Path("/proc/sys/net/netfilter/nf_conntrack_count")) -> int | None:
    """Return how many connections are tracked; None where there is no connection tracking.

    Asking netlink instead would load it.
    """
    try:
        return int(file.read_bytes())
    except (OSError, ValueError):
        return None


def counts_bytes(file: Path = Path("/proc/sys/net/netfilter/nf_conntrack_acct")) -> bool:
    """Tell whether the kernel counts the bytes of connections; as it comes it does not."""
    try:
        return file.read_bytes().strip() != b"0"
    except OSError:
        return False


@lru_cache(maxsize=4096)  # of the table most is as it was
def _side(data: bytes) -> tuple[str, Tuple] | None:
    """Return transport and tuple; None when it is neither TCP nor UDP."""
    found = attributes(data)
    ends, ports = attributes(found.get(_ADDRESSES, b"")), attributes(found.get(_PORTS, b""))
    transport = _TRANSPORTS.get(ports.get(_PROTOCOL, b""))
    if transport is None:
        return None
    for source, destination, octets in ((1, 2, 4), (3, 4, 16)):  # CTA_IP_V4_*, CTA_IP_V6_*
        if len(ends.get(source, b"")) == octets == len(ends.get(destination, b"")):
            return transport, Tuple(
                address(ends[source]),
                int.from_bytes(ports.get(_SOURCE_PORT, b"")),
                address(ends[destination]),
                int.from_bytes(ports.get(_DESTINATION_PORT, b"")),
            )
    return None
