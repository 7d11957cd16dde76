"""Whom a line names: an address with its port, or a station's hardware address.

Text as printed goes in; canonical addresses, ports and stations come out, None for what is masked
or missing.
"""

import re

from exporter.dialects import fields

__all__ = ["endpoint", "first_address", "station"]

_LONGEST = 512  # characters in which a line's addresses stand; the rest is free text
_STATION = re.compile(r"(?<![0-9A-Za-z:-])[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}(?![0-9A-Za-z:-])")
_WORDS = re.compile(r"[0-9A-Fa-f:.\[\]%]{2,80}+")


def endpoint(text: str) -> tuple[str | None, int | None]:
    """Read `A`, `A:port`, `[A]:port`, or `A.port` as some print IPv6.

    Of a masked address the port is read where one colon stands before it; behind more of them
    nobody can tell the last group of an address from a port.
    """
    if text[:1] == "[":
        host, _, port = text[1:].partition("]")
        return fields.address(host), fields.port(port.removeprefix(":"))
    if text.find(":") == text.rfind(":"):
        host, _, port = text.partition(":")
        return fields.address(host), fields.port(port)
    if ip := fields.address(text):
        return ip, None
    host, _, port = text.rpartition(".")
    ip = fields.address(host)
    return ip, fields.port(port) if ip else None


def station(text: str) -> str | None:
    """Return the first hardware address of `text`, in lower case with colons."""
    found = _STATION.search(text[:_LONGEST])
    return fields.mac(found[0]) if found else None


def first_address(text: str) -> tuple[str | None, int | None]:
    """Return the first word of `text` that is an address, and its port."""
    for word in _WORDS.findall(text[:_LONGEST]):
        ip, port = endpoint(word.rstrip(".:"))
        if ip:
            return ip, port
    return None, None
