"""Where messages come in: what every receiver shares.

A receiver turns what reaches a socket into batches in the inbox, asks `allowed` who may send, and
counts in `dropped` each message that it could not hand over. A port is opened here, in one way for
UDP and TCP.
"""

import errno
import os
import socket
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, Literal

DropReason = Literal[
    "kernel_buffer",
    "oversize",
    "denied_sender",
    "rate_limited",
    "queue_full",
    "bad_frame",
    "defect",
    "unknown_site",  # by a relay
    "spool_full",
]
# Takes listener, reason and how many messages; receivers call it in threads of theirs, too.
Dropped = Callable[[str, DropReason, int], None]

_CAUSES_A_MINUTE = 100  # with forged senders there is no end of causes
_HINTS = {
    errno.EADDRINUSE: " (is another knockwatch running?)",
    errno.EACCES: " (ports below 1024 need root or CAP_NET_BIND_SERVICE)",
}
_FAMILY_MISSING = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}


class ListenError(OSError):
    """A port that cannot be opened; the text says which one and why."""

    def __init__(self, transport: str, host: str, port: int, cause: OSError):
        where = f"{transport} port {port}" + (f" of {host}" if host else "")
        why = (cause.strerror or str(cause)).lower() + _HINTS.get(cause.errno or 0, "")
        super().__init__(f"cannot listen on {where}: {why}")
        self.errno = cause.errno
        self.transport, self.host, self.port = transport, host, port


class Losses:
    """What was dropped and is not yet counted: a `Dropped` for all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lost: Counter[tuple[str, DropReason]] = Counter()

    def __call__(self, listener: str, reason: DropReason, messages: int) -> None:
        """Note what was dropped."""
        with self._lock:
            self._lost[listener, reason] += messages

    def take(self) -> dict[tuple[str, DropReason], int]:
        """Return what was noted since the last call."""
        with self._lock:
            lost, self._lost = self._lost, Counter()
        return lost


class OncePerMinute:
    """Tells which failures to log: each cause once in a minute, and a bounded number of causes."""

    def __init__(self) -> None:
        self._minute = 0.0
        self._logged: set[tuple[str, ...]] = set()

    def __call__(self, now: float, *cause: str) -> bool:
        """Tell whether `cause` is to be logged at `now`, and take it that it is."""
        minute = now // 60
        if minute != self._minute:
            self._minute, self._logged = minute, set()
        if cause in self._logged or len(self._logged) >= _CAUSES_A_MINUTE:
            return False
        self._logged.add(cause)
        return True


def bind(kind: socket.SocketKind, host: str, port: int) -> socket.socket:
    """Return a non-blocking socket that is bound, and listening if it is one for TCP.

    A `host` of "" or "::" is every address, IPv4 and IPv6 in one socket, or IPv4 alone where the
    system has no IPv6. A name is resolved, once; its first address that is ours is taken.

    Raises ListenError.
    """
    transport = "UDP" if kind is socket.SOCK_DGRAM else "TCP"
    try:
        addresses = _addresses(kind, host, port)
        for family, address in addresses[:-1]:
            try:
                return _bound(kind, family, address)
            except OSError as error:
                # A taken port is an error: one half of a dual stack would hide it.
                if error.errno not in _FAMILY_MISSING:
                    raise
        return _bound(kind, *addresses[-1])
    except OSError as error:
        raise ListenError(transport, host, port, error) from error


_Address = tuple[int, tuple[Any, ...]]  # family, and what `bind` takes for it


def _addresses(kind: socket.SocketKind, host: str, port: int) -> list[_Address]:
    if host in {"", "::"}:
        return [(socket.AF_INET6, ("::", port)), (socket.AF_INET, ("0.0.0.0", port))]  # noqa: S104 every address is the documented default
    found = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_PASSIVE)
    return [(family, address) for family, _, _, _, address in found]


def _bound(kind: socket.SocketKind, family: int, address: tuple[Any, ...]) -> socket.socket:
    opened = socket.socket(family, kind)
    try:
        opened.setblocking(False)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address[0] != "::")
        if kind is socket.SOCK_STREAM and os.name == "posix":
            # Else a restart waits a minute for old connections. On UDP it would share the port.
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        if kind is socket.SOCK_STREAM:
            opened.listen()
    except OSError:
        opened.close()
        raise
    return opened
