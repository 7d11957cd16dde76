"""Read, write and classify IP addresses: the one place that calls `inet_pton`.

Text goes in as routers and hosts print it; canonical text comes out (RFC 5952, an IPv4-mapped
address as its IPv4 address), which is what every record carries. `Prefixes` answers which of many
CIDR prefixes an address is in. Caches are bounded, and so is the text that can get into them.
Scopes: RFC 1918, 4193, 3927, 4291 and 1112.
"""

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import Generic, Literal, TypeVar

V = TypeVar("V")

Scope = Literal["private", "loopback", "multicast", "broadcast", "unspecified", "global"]

MAX_TEXT = 80  # characters: the longest address, brackets and an interface name as zone
CACHED = 4096  # addresses, in each of six tables; a flood that repeats more repeats hardly any
_MAPPED = b"\0" * 10 + b"\xff\xff"


def canonical(text: str) -> str | None:
    """Return the canonical text of an address, or None when `text` is not one.

    Surrounding brackets and a zone (`fe80::1%eth0`) are dropped. Octets with leading zeros are not
    an address: some systems read them as octal, so nobody knows which one is meant.
    """
    return _canonical(text) if len(text) <= MAX_TEXT else None


def packed(text: str) -> bytes:
    """Return the address as 4 or 16 bytes.

    Raises ValueError when `text` is not an address.
    """
    address = _packed(text) if len(text) <= MAX_TEXT else None
    if address is None:
        raise ValueError(f"not an IP address: {text[:MAX_TEXT]!r}")
    return address


def neighbour(ip: str, distance: int) -> str:
    """Return another address of the same 65,536; `ip` itself when it is not an address."""
    address = _packed(ip) if len(ip) <= MAX_TEXT else None
    if address is None:
        return ip
    low = (int.from_bytes(address[-2:], "big") + distance) % 65536
    near = address[:-2] + low.to_bytes(2, "big")
    return inet_ntop(AF_INET if len(near) == 4 else AF_INET6, near)


@lru_cache(maxsize=CACHED)
def scope(ip: str) -> Scope:
    """Return how far an address reaches; `private` is RFC 1918, ULA and link-local.

    Text that is not an address is `global`: nothing of it is known to be near.
    """
    return _SCOPES.look_up(ip) or "global"


def is_private(ip: str) -> bool:
    """Tell whether an address is one of a local network (loopback is not)."""
    return scope(ip) == "private"


def is_loopback(ip: str) -> bool:
    """Tell whether an address is the host itself."""
    return scope(ip) == "loopback"


class Prefixes(Generic[V]):
    """A value for each of many CIDR prefixes, IPv4 and IPv6; the longest match wins.

    Nested prefixes are flattened once into sorted boundaries, so that a look-up is one bisection.
    Of two equal prefixes the later one wins.
    """

    def __init__(self, prefixes: Iterable[tuple[str, V]]):
        """Raise ValueError naming a prefix that is not one, or that has host bits set."""
        ranges: dict[int, list[tuple[int, int, V]]] = {4: [], 16: []}
        for text, value in prefixes:
            first, last = _bounds(text)
            ranges[len(first)].append(
                (int.from_bytes(first, "big"), int.from_bytes(last, "big"), value)
            )
        self._tables = {size: _flatten(found) for size, found in ranges.items()}

    def look_up(self, ip: str) -> V | None:
        """Return the value of the longest prefix that holds `ip`, or None."""
        address = _packed(ip) if len(ip) <= MAX_TEXT else None
        if address is None:
            return None
        starts, values = self._tables[len(address)]
        return values[bisect_right(starts, int.from_bytes(address, "big")) - 1]


@lru_cache(maxsize=CACHED)
def _canonical(text: str) -> str | None:
    address = _packed(text)
    if address is None:
        return None
    return inet_ntop(AF_INET if len(address) == 4 else AF_INET6, address)


@lru_cache(maxsize=CACHED)
def _packed(text: str) -> bytes | None:
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    try:
        if ":" not in text:
            return inet_pton(AF_INET, text)
        address = inet_pton(AF_INET6, text.partition("%")[0])
    except (OSError, ValueError):  # ValueError: a NUL or a lone surrogate
        return None
    return address[12:] if address.startswith(_MAPPED) else address


def _bounds(text: str) -> tuple[bytes, bytes]:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(f"not a CIDR prefix: {text!r} ({error})") from None
    return network.network_address.packed, network.broadcast_address.packed


def _flatten(ranges: list[tuple[int, int, V]]) -> tuple[list[int], list[V | None]]:
    """Turn nested ranges into boundaries and the value that holds from each of them on."""
    starts: list[int] = [0]
    values: list[V | None] = [None]
    enclosing: list[tuple[int, V]] = []  # the ranges that are open, innermost last

    def begin(start: int, value: V | None) -> None:
        if starts[-1] == start:
            values[-1] = value
        else:
            starts.append(start)
            values.append(value)

    def close_before(start: int | None) -> None:
        while enclosing and (start is None or enclosing[-1][0] < start):
            last, _ = enclosing.pop()
            begin(last + 1, enclosing[-1][1] if enclosing else None)

    for first, last, value in sorted(ranges, key=lambda found: (found[0], -found[1])):
        close_before(first)
        begin(first, value)
        enclosing.append((last, value))
    close_before(None)
    return starts, values


_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")
_PRIVATE_V6 = ("fc00::/7", "fe80::/10")
_SCOPES: Prefixes[Scope] = Prefixes(
    [
        *((prefix, "private") for prefix in _PRIVATE + _PRIVATE_V6),
        ("127.0.0.0/8", "loopback"),
        ("::1/128", "loopback"),
        ("224.0.0.0/4", "multicast"),
        ("ff00::/8", "multicast"),
        ("255.255.255.255/32", "broadcast"),
        ("0.0.0.0/8", "unspecified"),
        ("::/128", "unspecified"),
    ]
)
