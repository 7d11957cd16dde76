"""Netgear home routers: `[what happened] to whom, Weekday, Month DD, YYYY hh:mm:ss`.

    [DoS Attack: SYN/ACK Scan] from source: 198.51.100.7, port 443, Tuesday, November 10, 2026 23:04
    [DoS attack: STORM] (3) attack packets in last 20 sec from ip [198.51.100.7], Tuesday, Nov 10,…
    [LAN access from remote] from 198.51.100.7:46589 to 192.168.1.9:8080, Tuesday, Nov 10,2026 23:04
    [DHCP IP: 192.168.1.11] to MAC address 00:00:5e:00:53:05, Tuesday, November 10, 2026 23:04:06

The text in brackets tells the kind. Spelling, case, commas and the stamp's form change with the
firmware. `LAN access from remote` is a port forward that was hit. Sources: logs published by users;
Netgear's knowledge base, "What do the log entries mean".
"""

import re

from exporter.dialects import Dialect, Malformed, endpoints, fields
from exporter.events import Event, Kind, SyslogMessage
from exporter.syslog.repeats import MAX_COUNT

_HEADS = (
    *("DoS attack", "LAN access from", "WLAN access", "DHCP IP", "Internet connected"),
    *("Internet disconnected", "UPnP set event", "Admin login", "Remote login", "Guest login"),
    *("Time synchronized with", "Initialized, firmware", "Dynamic DNS", "Service blocked"),
    *("site allowed", "site blocked", "Log Cleared", "Access Control", "email sent to"),
    *("email failed", "Port Scan", "self2WAN", "USB device", "Wireless signal schedule"),
)
_HEAD = re.compile(rf"\[ *(?:{'|'.join(_HEADS)})", re.IGNORECASE)
_STAMP = re.compile(
    r"[,\s\]] *(?:mon|tues|wednes|thurs|fri|satur|sun)day, *[a-z]{3,9}\.? *[0-9]{1,2}, *[0-9]{4}",
    re.IGNORECASE,
)
_KERNEL_LENGTH = 128  # characters in which a bracket behind the kernel's numbers begins
_STAMP_LENGTH = 64  # characters from a line's end in which its stamp begins

_LINE = re.compile(r"\[(?P<head>[^\[\]]{1,256}+)\](?P<rest>.*+)", re.DOTALL)
_BEFORE_SOURCE = re.compile(r"(?:from|source)(?: ++(?:source|ip))?+ *+:? *+", re.IGNORECASE)
_SOURCE = re.compile(  # maybe masked
    r"(?P<ip>\[?[^\s,\[\]]{2,60}+(?:\](?::[0-9]{1,5}+)?)?)"
    r"(?:[ ,]++port[ :]*+(?P<port>[0-9]{1,5}+))?",
    re.IGNORECASE,
)
_TO = re.compile(
    r"[ ,]++to[ ,]++(?P<destination>\[?[0-9A-Fa-f:.]{2,60}+\]?(?::[0-9]++)?)"
    r"(?:[ ,]++port[ :]*+(?P<port>[0-9]{1,5}+))?",
    re.IGNORECASE,
)
_PACKETS = re.compile(
    r"\s*+(?:\( *+(?P<count>[0-9]++) *+\) *+attack packets?|: *+(?P<number>[0-9]++) ++\[)",
    re.IGNORECASE,
)
_LEASED = re.compile(r"DHCP IP *+: *+\(? *+(?P<ip>[0-9A-Fa-f:.]++)", re.IGNORECASE)
_WAN = re.compile(r"\s*+IP(?: address)?+ *+:? *+(?P<ip>[0-9A-Fa-f:.]++)", re.IGNORECASE)
_DEVICE = re.compile(r"\s*+Device (?P<name>.{1,128}?) with MAC", re.IGNORECASE | re.DOTALL)
_ATTACKS = ("dos attack", "port scan", "flood")


def claims(message: SyslogMessage) -> bool:
    """Tell whether the line begins with a bracket of Netgear's, or ends with their stamp."""
    text = _words(message)
    if text[:1] != "[":
        return False
    text = fields.single_spaced(text)
    return _HEAD.match(text) is not None or _STAMP.search(text[-_STAMP_LENGTH:]) is not None


def parse(message: SyslogMessage) -> Event:
    """Read the bracket and what stands behind it.

    Raises Malformed for a count above 1,000,000.
    """
    found = _LINE.match(fields.single_spaced(_words(message)))
    if found is None:
        return Event(kind="other")  # cut inside the bracket
    head, rest = found["head"].strip(), _without_stamp(found["rest"])
    lower = head.lower()
    if any(sign in lower for sign in _ATTACKS):
        return _attack(rest)
    if lower.startswith("dhcp ip"):
        leased = _LEASED.match(head)
        ip = fields.address(leased["ip"]) if leased else None
        return Event(kind="dhcp_lease" if ip else "other", ip=ip, mac=endpoints.station(rest))
    if lower.startswith("internet "):
        return _internet(lower, rest)
    if lower.startswith(("lan access", "service blocked", "site ")):
        return _access(lower, rest)
    if lower.startswith(("wlan access", "access control")):
        return _station(lower, rest)
    return _rest(lower, rest)


def _words(message: SyslogMessage) -> str:
    """The text from its bracket on; the kernel and its numbers may stand in front."""
    if message.app_name != "kernel":
        return message.text
    head = _HEAD.search(message.content, 0, _KERNEL_LENGTH)
    return message.content[head.start() :] if head else ""


def _without_stamp(rest: str) -> str:
    tail = max(0, len(rest) - _STAMP_LENGTH)
    stamp = _STAMP.search(rest, tail)
    return rest[: stamp.start()] if stamp else rest


def _source(rest: str) -> tuple[str | None, int | None, int]:
    """Read `from source: A, port p`, `from ip [A]` or `from A:p`, and say where it ends."""
    for before in _BEFORE_SOURCE.finditer(rest[:512]):
        found = _SOURCE.match(rest, before.end())
        if found and ("." in found["ip"] or ":" in found["ip"]):
            ip, port = endpoints.endpoint(found["ip"].rstrip("."))
            return ip, fields.port(found["port"]) if found["port"] else port, found.end()
    return None, None, len(rest)


def _attack(rest: str) -> Event:
    ip, port, _ = _source(rest)
    packets = _PACKETS.match(rest)
    digits = (packets["count"] or packets["number"]) if packets else None
    count = None
    if digits is not None:
        if len(digits) > len(str(MAX_COUNT)) or int(digits) > MAX_COUNT:
            raise Malformed(f"an attack of {digits[:20]} packets")
        count = int(digits) or None
    return Event(kind="dos_alert", source_ip=ip, source_port=port, count=count)


def _internet(head: str, rest: str) -> Event:
    if head.startswith("internet connected"):
        found = _WAN.match(rest)
        return Event(kind="wan_up", ip=fields.address(found["ip"].rstrip(".")) if found else None)
    return Event(kind="wan_down" if head.startswith("internet disconnected") else "other")


def _access(head: str, rest: str) -> Event:
    """Read a port forward that was hit, or a service or site that the owner's rules judged."""
    kind: Kind = "accepted" if head.startswith(("lan access", "site allowed")) else "rejected"
    source_ip, source_port, end = _source(rest)
    to = _TO.match(rest, end)
    destination_ip, destination_port = endpoints.endpoint(to["destination"] if to else "")
    if to and to["port"]:
        destination_port = fields.port(to["port"])
    is_icmp = "icmp" in head
    return Event(
        kind=kind,
        transport="icmp" if is_icmp else None,
        source_ip=source_ip,
        source_port=None if is_icmp else source_port,
        destination_ip=destination_ip,
        destination_port=None if is_icmp else destination_port,
    )


def _station(head: str, rest: str) -> Event:
    """Read what became of a device at the door: its key, or the list of allowed devices."""
    mac = endpoints.station(rest)
    if head.startswith("wlan"):
        refused = "rejected" in head or "denied" in head
        return Event(kind="wifi_auth_failure" if refused else "other", mac=mac)
    found = _DEVICE.match(rest)
    said = rest[found.end() if found else 0 :].lower()  # behind a name that anybody may choose
    kind: Kind = "accepted" if "allowed" in said else "other"
    if "block" in said or "denied" in said:
        kind = "rejected"
    return Event(kind=kind, mac=mac, hostname=found["name"] if found else None)


def _rest(head: str, rest: str) -> Event:
    ip = _source(rest)[0]
    if head.startswith("upnp set event"):
        return Event(kind="port_mapping", ip=ip) if "add" in head else Event(kind="other", ip=ip)
    if "login" in head and ("fail" in head or "denied" in head):
        return Event(kind="login_failure", source_ip=ip)
    return Event(kind="boot" if head.startswith("initialized") else "other", source_ip=ip)


DIALECT = Dialect(
    "netgear",
    "Netgear home routers",
    claims,
    parse,
    examples=(
        (
            "[DoS Attack: SYN/ACK Scan] from source: 198.51.100.7, port 443, Tuesday, November 10, "
            "2026 23:04:06"
        ),
        (
            "[DHCP IP: 192.168.1.11] to MAC address 00:00:5e:00:53:05, Tuesday, November 10, 2026 "
            "23:04:06"
        ),
        "[Admin login failure] from source 198.51.100.7, Tuesday, Nov 10,2026 23:04:06",
    ),
)
