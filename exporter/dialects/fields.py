"""What a dialect's words mean: conversions that every dialect shares.

Text as printed goes in; what a record holds comes out, or None for text that cannot be read. Each
caches by its text or is a look-up: the same few words come with every line.
"""

import re
from functools import lru_cache

from exporter.addresses import canonical as address

__all__ = [
    "PORTLESS",
    "address",
    "interface",
    "mac",
    "port",
    "single_spaced",
    "transport",
    "word",
]

PORTLESS = frozenset({"icmp", "icmpv6"})  # what stands in a port's place is a type, code or id

_TRANSPORTS = {
    "1": "icmp",
    "2": "igmp",
    "6": "tcp",
    "17": "udp",
    "41": "ipv6",
    "47": "gre",
    "50": "esp",
    "58": "icmpv6",
    "103": "pim",
    "132": "sctp",
    "icmp6": "icmpv6",
    "ipv6-icmp": "icmpv6",
}
_LONGEST_WORD = 256  # characters: the last event of every sender is kept
_WORD = re.compile(r"[a-z][a-z0-9._/+-]{0,23}|[0-9]{1,3}")
_MAC = re.compile(r"[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}")
_NOWHERE = frozenset({"", "(none)", "(unknown 0)", "n/a", "N/A", "none", "-"})


def transport(text: str) -> str | None:
    """Return a protocol's name in lower case; a number without a name stays a number."""
    return _transport(text) if len(text) <= 24 else None


def port(text: str) -> int | None:
    """Return a port number; None for a service's name, a mask or a number above 65535."""
    if len(text) > 5 or not text.isdecimal() or not text.isascii():
        return None
    number = int(text)
    return number if number <= 65535 else None


def mac(text: str) -> str | None:
    """Return a hardware address in lower case with colons; None when it is not one, or all zero."""
    return _mac(text) if len(text) == 17 else None


def interface(text: str) -> str | None:
    """Return an interface's name as printed; None for the ways to print that there is none."""
    return None if text in _NOWHERE else text[:_LONGEST_WORD]


def word(text: str | None) -> str | None:
    """Return a name that people chose, cut to 256 characters; None when there is none."""
    return text[:_LONGEST_WORD] if text else None


def single_spaced(text: str) -> str:
    """Return a text with one blank for every run of blanks and tabs."""
    return " ".join(text.split()) if "  " in text or "\t" in text else text


@lru_cache(maxsize=1024)
def _transport(text: str) -> str | None:
    word = text.lower()
    if not _WORD.fullmatch(word) or (word.isdigit() and int(word) > 255):
        return None
    return _TRANSPORTS.get(word, word)


@lru_cache(maxsize=4096)
def _mac(text: str) -> str | None:
    station = text.lower().replace("-", ":")
    return station if _MAC.fullmatch(text) and station != "00:00:00:00:00:00" else None
