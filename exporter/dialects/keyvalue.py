"""Lines of named values, `key=value key="a value"`: what commercial firewalls write.

Text goes in; its pairs come out, and from their texts an Event. Also the words by which such lines
state a verdict. Values that people choose (names, URLs) may hold `key=` themselves: quotes are
respected, and of two equal keys the first counts, since vendors print the packet before free text.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from exporter.dialects import Malformed, fields, signals, verdict_words
from exporter.events import Event, Kind
from exporter.syslog.repeats import MAX_COUNT

_REJECTED = (
    *("deny", "denied", "denies", "drop", "dropped", "drops", "reject", "rejected", "rejects"),
    *("block", "blocked", "blocks", "discard", "discarded", "refuse", "refused", "reset"),
    *("prevent", "prevented", "prohibited"),
)
_ACCEPTED = (
    *("accept", "accepted", "accepts", "allow", "allowed", "allows", "pass", "passed", "passes"),
    *("permit", "permitted", "permits", "forward", "forwarded", "passthrough", "opened", "built"),
)
_VERDICTS: dict[str, Kind] = {
    **dict.fromkeys(_REJECTED, "rejected"),
    **dict.fromkeys(_ACCEPTED, "accepted"),
}
_MAX_VERDICT = 128  # characters: a word, or a short sentence
_MAX_TEXT = 256  # characters of a name that somebody chose

_ENVELOPE = re.compile(r"(?<![A-Za-z])(?:CEF|LEEF): ?[0-9]")
_MAX_FRONT = 512  # characters in which a header begins

_PORTLESS = fields.PORTLESS | {"igmp", "gre", "esp", "ah", "ospf", "pim", "vrrp", "ipv6"}
_NO_NAMES = frozenset({"", "n/a", "unknown", "none", "null", "-"})

# A backslash before the last quote of a value is a fault of the writer, not an escape.
_PAIRS = re.compile(
    r"(?<![^\s,;|])([A-Za-z_][\w.-]*+)="
    r"(\"(?:[^\"\\]++|\\(?!\"(?:[\s,]++[\w.-]++=|\s*+\Z))(?s:.)|\\)*+\"?|'[^']*+'|[^\s,;|]*+)"
)


def pairs(text: str) -> dict[str, str]:
    """Return the values by key, still quoted; `value` takes the quotes off."""
    found = _PAIRS.findall(text)
    found.reverse()
    return dict(found)


def in_envelope(text: str) -> bool:
    """Tell whether the header of CEF or LEEF stands in front: two other dialects read those."""
    return "EF:" in text and _ENVELOPE.search(text, 0, _MAX_FRONT) is not None


def value(found: dict[str, str], *keys: str) -> str:
    """Return the value of the first of the keys that has one, without quotes; else ""."""
    for key in keys:
        if (text := found.get(key)) and (text := text.strip("\"'")):
            return text
    return ""


def verdict(text: str) -> tuple[Kind, str | None]:
    """Return what the first verdict word of a text says, and that word in lower case."""
    return _verdict(text[:_MAX_VERDICT])


def count(text: str) -> int | None:
    """Return how many packets a line stands for; None when it does not say.

    Raises Malformed above 1,000,000: that would drown every true count.
    """
    if not text.isdecimal() or not text.isascii():
        return None
    if len(text) > len(str(MAX_COUNT)) or int(text) > MAX_COUNT:
        raise Malformed(f"counts {text[:20]}")
    return int(text) or None


def name(text: str) -> str | None:
    """Return a host's name; None for an address and for the ways to print that there is none."""
    text = text.strip()[:_MAX_TEXT]
    return None if text.lower() in _NO_NAMES or fields.address(text) else text


def endpoint(text: str) -> tuple[str, str]:
    """Split `address:port`, `[address]:port` or an address alone; the parts are still text."""
    if text[:1] == "[":
        host, _, port = text[1:].partition("]")
        return host, port.removeprefix(":")
    host, _, port = text.rpartition(":")
    if not host:
        return text, ""
    if ":" in host and fields.address(text):
        return text, ""  # IPv6 without a port
    return host, port


def packet(
    kind: Kind,
    action: str | None = None,
    *,
    transport: str = "",
    source: tuple[str, str] = ("", ""),
    destination: tuple[str, str] = ("", ""),
    interfaces: tuple[str, str] = ("", ""),
    rule: str = "",
    mac: str = "",
    hostname: str = "",
    times: str = "",
    flags: str = "",
) -> Event:
    """Return the event of a packet line from its texts; endpoints are (address, port).

    Raises Malformed when neither a verdict nor anything of the packet can be read.
    """
    protocol = fields.transport(transport)
    has_ports = protocol not in _PORTLESS
    source_ip, destination_ip = fields.address(source[0]), fields.address(destination[0])
    if kind == "other" and not (source_ip or destination_ip or protocol):
        raise Malformed("no verdict, address or protocol can be read")
    return Event(
        kind=kind,
        action=action[:_MAX_TEXT].lower()[:_MAX_TEXT] if action else None,  # some letters grow
        transport=protocol,
        source_ip=source_ip,
        source_port=fields.port(source[1]) if has_ports else None,
        destination_ip=destination_ip,
        destination_port=fields.port(destination[1]) if has_ports else None,
        ingress_interface=fields.interface(interfaces[0][:_MAX_TEXT]),
        egress_interface=fields.interface(interfaces[1][:_MAX_TEXT]),
        rule=rule[:_MAX_TEXT] or None,
        mac=fields.mac(mac) if mac else None,
        hostname=name(hostname) if hostname else None,
        count=count(times) if times else None,
        signal=signals.flags(flags[:_MAX_TEXT]) if flags else None,
    )


def mentions(text: str, words: Iterable[str]) -> bool:
    """Tell whether a text has one of the words, whatever its case."""
    lower = text[:_MAX_TEXT].lower()
    return any(word in lower for word in words)


@lru_cache(maxsize=4096)
def _verdict(text: str) -> tuple[Kind, str | None]:
    for word in verdict_words.words(text):
        if kind := _VERDICTS.get(word):
            return kind, word
    return "other", None
