"""The word behind a stamp: the host that wrote the message, or the message's first word.

    gateway kernel: …        a host and a tag
    kernel: …                a tag
    UDP connection rejected … · LAN2 Rejected at … · 23:04:06 10 Nov. IN: …    neither

A text goes in; the host, if there is one, and what follows come out.
"""

import re
from functools import lru_cache

from exporter.syslog import priorities

# No host is a bare number, a date or a time of day.
_HOST = re.compile(
    r"(?![0-9_]*+$|[0-9]{4}[.-][0-9]{2}[.-][0-9]{2}$|[0-9]{1,2}:[0-9]{2}:[0-9]{2}$)"
    r"[A-Za-z0-9_:][A-Za-z0-9._:-]{0,254}"
)
_ADDRESS = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}")
# Words that messages begin with; where the host is left out, they stand in its place.
_NO_HOST = frozenset(
    (
        *("udp", "tcp", "icmp", "icmpv6", "gre", "esp", "nat", "last", "same", "message"),
        *("accept", "accepted", "allow", "allowed", "pass", "passed", "permit", "permitted"),
        *("block", "blocked", "deny", "denied", "drop", "dropped", "reject", "rejected"),
        *("connection", "discard", "discarded", "rule", "kqueue", "intrusion", "previous"),
        *("bad", "failed", "login", "user", "internet", "internetverbindung", "wlan-anmeldung"),
        *("debug", "info", "warn", "error", "fatal", "wan", "lan", "wlan", "upnp", "sip", "rtsp"),
        *(
            "a",
            "dhcp",
            "dsl",
            "exit",
            "lease",
            "assigned",
            "obtained",
            "unallow",
            "unrecognized",
            "restarted",
            "associated",
        ),
        *("estimating", "bringing", "stored", "initialized", "unauthorized", "mobilfunkverbindung"),
        *("pppoe-fehler", "zeit\u00fcberschreitung", "anmeldung", "wireless", "starting"),
        *(f"lan{number}" for number in range(1, 10)),
    )
)


def split_off(text: str, *, sure: bool, relayed: bool = False) -> tuple[str | None, str]:
    """Split the host off. Where that is not sure it needs a tag or level behind it.

    Behind a relay's header an address, or a word with two blanks behind it, is a host, too.
    """
    word, _, rest = text.partition(" ")
    if not rest or word[-1:] == ":" or len(word) > 255 or priorities.level(word).end:
        return None, text
    spaced = rest[0] == " "
    rest = rest.lstrip(" ")
    if word == "(none)":
        return None, rest
    if rest[:1] == "\t" or not may_be(word):
        return None, text
    if rest.startswith(word) and rest[len(word) : len(word) + 1] == " ":
        rest = rest[len(word) :].lstrip(" ")  # UniFi prints it twice
    if not sure and not (relayed and (spaced or _ADDRESS.fullmatch(word))):
        second = rest.partition(" ")[0]
        if second[-1:] != ":" and not priorities.level(second).end:
            return None, text
    return word, rest


@lru_cache(maxsize=4096)
def may_be(word: str) -> bool:
    """Whether a word may be a host's name or address."""
    return _HOST.fullmatch(word) is not None and word.lower() not in _NO_HOST
