"""What the records promise, whatever the bytes were they have been read from.

A record goes in; `Broken` is raised, naming the promise, when it holds what no record may hold.
"""

import math
import re
from typing import get_args

from exporter.addresses import canonical
from exporter.enrichment.direction import Home, rejection
from exporter.enrichment.networks import Networks
from exporter.events import Direction, Event, Kind, Network, SyslogMessage
from exporter.syslog.repeats import MAX_COUNT

MAX_TEXT = 256  # characters of a word in an event: a sender's last event is kept in memory
_KINDS = frozenset(get_args(Kind))
_DIRECTIONS = frozenset(get_args(Direction))
_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
_TRANSPORT = re.compile(r"[a-z][a-z0-9._/+-]{0,23}|[0-9]{1,3}")
_NAME = re.compile(r"(?![0-9.]+\Z)[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}")
_PORTLESS = frozenset({"icmp", "icmpv6"})
_WORDS = ("action", "ingress_interface", "egress_interface", "rule", "hostname")
_HOME = Home(["203.0.113.0/24"])


class Broken(AssertionError):
    """A promise that some input breaks; inputs that break the same one are one finding."""

    def __init__(self, promise: str, value: object):
        super().__init__(f"{promise}: {value!r:.300}")
        self.promise = promise


class NoNetworks(Networks):
    """A table without entries: the direction is asked for, not who owns the addresses."""

    def __init__(self) -> None:
        """Leave all tables out."""

    def look_up(self, ip: str) -> Network:
        """Return the unknown network."""
        return Network("unknown")


def hold(condition: bool, promise: str, value: object) -> None:
    """Raise Broken unless the condition holds."""
    if not condition:
        raise Broken(promise, value)


def message(read: SyslogMessage, name: str = "header") -> None:
    """Check a message's header fields."""
    hold(read.facility is None or read.facility in range(24), f"{name}: facility", read)
    hold(read.severity is None or read.severity in range(8), f"{name}: severity", read)
    hold(read.time is None or math.isfinite(read.time), f"{name}: time", read.time)
    hold(isinstance(read.text, str) and isinstance(read.content, str), f"{name}: text", read)
    hold(read.text.endswith(read.content), f"{name}: the content ends the text", read)
    for field, limit in (("hostname", 255), ("app_name", 128), ("proc_id", 128)):
        word = getattr(read, field)
        fits = word is None or (isinstance(word, str) and 0 < len(word) <= limit)
        hold(fits, f"{name}: {field} is a word of at most {limit}", word)


def event(read: Event, name: str) -> None:
    """Check an event that the dialect `name` has read."""
    hold(read.kind in _KINDS, f"{name}: kind", read.kind)
    for field in ("source_ip", "destination_ip", "ip"):
        ip = getattr(read, field)
        plain = type(ip) is str and (canonical(ip) == ip or _is_name(ip))
        hold(ip is None or plain, f"{name}: {field}", ip)
    for field in ("source_port", "destination_port"):
        port = getattr(read, field)
        hold(port is None or (type(port) is int and 0 <= port <= 65535), f"{name}: {field}", port)
        hold(port is None or read.transport not in _PORTLESS, f"{name}: icmp has no ports", read)
    for field in _WORDS:
        word = getattr(read, field)
        hold(word is None or type(word) is str, f"{name}: {field} is text", word)
        hold(word != "", f"{name}: {field} is not empty", read)
        hold(word is None or len(word) <= MAX_TEXT, f"{name}: {field} is not long", word)
    action, mac, transport = read.action, read.mac, read.transport
    hold(action is None or action == action.lower(), f"{name}: action is lower case", action)
    hold(mac is None or bool(_MAC.fullmatch(mac)), f"{name}: mac", mac)
    hold(transport is None or bool(_TRANSPORT.fullmatch(transport)), f"{name}: transport", read)
    count, time = read.count, read.time
    hold(count is None or 1 <= count <= MAX_COUNT, f"{name}: count", count)
    hold(time is None or math.isfinite(time), f"{name}: time", time)
    if read.kind == "rejected":
        _rejection(read, name)


def _is_name(text: str) -> bool:
    """Tell whether it is a name in place of an address, as some firewalls print it."""
    return canonical(text) is None and _NAME.fullmatch(text) is not None


def _rejection(read: Event, name: str) -> None:
    packets = rejection(read, router="r", received=0.0, home=_HOME, networks=NoNetworks())
    hold(packets.direction in _DIRECTIONS, f"{name}: direction", packets)
    sides = {packets.remote_ip, packets.our_ip}
    hold(sides == {read.source_ip or "", read.destination_ip or ""}, f"{name}: sides", packets)
