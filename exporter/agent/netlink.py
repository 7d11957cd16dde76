"""Raw netlink: a request and its answers, or what the kernel tells a group; bytes in, bytes out.

For what comes in thousands: sockets cost pyroute2 36 times as much as this, connections 27 times.
A message is its type and what follows the 16 bytes of its header. Sources: netlink(7),
linux/netlink.h, linux/genetlink.h.
"""

import errno
import os
import socket
import struct
import weakref
from collections.abc import Iterable, Iterator
from functools import lru_cache

SOCK_DIAG, NETFILTER, GENERIC = 4, 12, 16  # protocols of netlink
MOST_AT_ONCE = 20_000  # notifications; the rest waits for the next look

_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_BEGINNING = struct.Struct("=IH")  # of it
_ATTRIBUTE = struct.Struct("=HH")  # length, type
_INT = struct.Struct("=i")
_REQUEST, _ACK, _DUMP = 0x1, 0x4, 0x300
_ERROR, _DONE = 2, 3
_TYPE = 0x3FFF  # the two bits above say "nested" and "network byte order"
_SOL_NETLINK, _ADD_MEMBERSHIP = 270, 1  # which Python does not name
_RECEIVE_BUFFER_FORCE = 33  # SO_RCVBUFFORCE; needs CAP_NET_ADMIN
_RECEIVED = 1 << 16  # bytes; the kernel fills at most half of it
_PATIENCE = 5.0  # seconds; the kernel answers at once

Message = tuple[int, bytes]


def ask(protocol: int, kind: int, request: bytes, *, every: bool = True) -> Iterator[Message]:
    """Yield the answers to one request; with `every` it is for all there are (a dump).

    Raises OSError as the kernel means it: PermissionError where a right is missing.
    """
    flags = _REQUEST | (_DUMP if every else _ACK)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as kernel:
        kernel.settimeout(_PATIENCE)
        kernel.bind((0, 0))
        kernel.send(_HEADER.pack(_HEADER.size + len(request), kind, flags, 1, 0) + request)
        while True:
            for answered, body in messages(kernel.recv(_RECEIVED)):
                if answered in (_ERROR, _DONE):
                    # A dump ends with DONE, one answer with an error of 0.
                    (code,) = _INT.unpack_from(body) if len(body) >= _INT.size else (0,)
                    if code < 0:
                        raise OSError(-code, os.strerror(-code))
                    return
                yield answered, body


class Notifications:
    """What the kernel tells some groups, as it waits: reading never blocks."""

    def __init__(self, protocol: int, groups: Iterable[int], *, room: int) -> None:
        """Join the groups, with a buffer of `room` bytes if we may have it.

        Raises OSError when we may not listen, or the kernel has no such group.
        """
        self.lost = False  # set by `waiting` when the kernel had to drop some
        kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
        weakref.finalize(self, kernel.close)
        kernel.setblocking(False)
        kernel.bind((0, 0))
        try:
            kernel.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, room)
        except PermissionError:
            kernel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        for group in groups:
            kernel.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, group)
        self._kernel = kernel

    def waiting(self) -> Iterator[Message]:
        """Yield what has come since the last time, oldest first."""
        self.lost = False
        read = 0
        while read < MOST_AT_ONCE:
            try:
                data = self._kernel.recv(_RECEIVED)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                self.lost = True
                continue
            for message in messages(data):
                read += 1
                yield message


def messages(data: bytes) -> list[Message]:
    """Return the messages of one answer; what is cut off is left out."""
    found = []
    at, end, header = 0, len(data), _HEADER.size
    while at + header <= end:
        length, kind = _BEGINNING.unpack_from(data, at)
        if not header <= length <= end - at:
            break
        found.append((kind, data[at + header : at + length]))
        at += (length + 3) & ~3
    return found


def attributes(data: bytes, at: int = 0) -> dict[int, bytes]:
    """Return the attributes that begin `at` bytes behind the start; of equal ones the last."""
    found = {}
    end = len(data)
    while at + 4 <= end:
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        if length < 4 or at + length > end:
            break
        found[kind & _TYPE] = data[at + 4 : at + length]
        at += (length + 3) & ~3
    return found


def attribute(kind: int, value: bytes) -> bytes:
    """Return an attribute of a request."""
    return _ATTRIBUTE.pack(4 + len(value), kind) + value + bytes(-len(value) % 4)


@lru_cache(maxsize=8192)
def address(octets: bytes) -> str:
    """Return the canonical text of 4 or 16 bytes: an IPv4-mapped address as its IPv4 address."""
    if octets.startswith(_MAPPED):
        octets = octets[12:]
    return socket.inet_ntop(socket.AF_INET if len(octets) == 4 else socket.AF_INET6, octets)


_MAPPED = bytes(10) + b"\xff\xff"
