"""D-Link DI series and other routers of the same maker: sentences behind a stamp without a host.

    Unrecognized attempt blocked from 198.51.100.7:40245 to 203.0.113.9 TCP:8080
    Nov/10/2026 23:04:06 Drop UDP packet from WAN src:198.51.100.7:5 dst:203.0.113.9:6 Rule: Defau…
    Associated:  00-00-5E-00-53-05 st=0
    DHCP:ack(DOL=14400,T1=7200,T2=12600)

In the first the protocol stands between the destination and its port. `DHCP:` is the router asking
its provider, `DOD:` a dial on demand. A masked address keeps its port: it is printed apart, or
behind the last colon. Sources: lines published by users, DShield's DI-604 parser, the manuals of
the routers that share this firmware.
"""

import re

from exporter.dialects import Dialect, Malformed, endpoints, fields
from exporter.events import Event, SyslogMessage

_STARTS = re.compile(
    r"DHCP:(?:discover|offer|request|ack|nak|renew|release|rebind)|DOD:|TRIG(?:GER)?:"
    r"|ICMP: type|(?:TX|RX) (?:TCP|UDP|ICMP) |DoS Attack type|DHCP lease IP"
    r"|Wireless PC (?:dis)?connected"
    r"|(?:Dis)?associated *+:? *+(?:MAC *+:? *+)?[0-9A-F]{2}[:-][0-9A-F]{2}[:-]|Syn time:"
    r"|(?:Drop|Block|Allow|Pass) ++(?:TCP|UDP|ICMP|IGMP|PING) packet from "
    r"|(?:Unallow(?:ed)?|Unrecognized|Blocked) access (?:attempt )?from |WAN Type: |Restarted by "
    r"|Admin from [0-9.]++ ",
    re.IGNORECASE,
)
_STAMP = re.compile(r"[A-Z][a-z]{2}/[0-9]{2}/[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} ++")
_BLOCKED = "attempt blocked from "
_ATTEMPT = re.compile(
    r"attempt ++blocked ++from ++(?P<source>\S++)(?: ++to(?: ++(?P<destination>\S++)"
    r"(?: ++(?P<transport>[A-Za-z0-9]{1,16}+)(?:[: ] *+(?P<port>[0-9]{1,5}+))?)?)?)?",
    re.IGNORECASE,
)
_PACKET = re.compile(
    r"(?P<verb>Drop|Block|Allow|Pass) ++(?P<transport>\w{1,16}+) packet from ++(?P<side>\S{1,16}+)"
    r"(?: ++src: *+(?P<source>\S++))?(?: ++dst: *+(?P<destination>\S++))?"
    r"(?: ++Rule: *+(?P<rule>[^\r\n]{1,128}+))?",
    re.IGNORECASE,
)
_ACCESS = re.compile(
    r"(?P<verb>\w++) access (?:attempt )?from ++(?P<source>\S++)"
    r"(?: ++to(?: ++(?P<transport>[A-Z]{2,8}+))?(?: ++port)?+[: ]*+(?P<port>[0-9]{1,5}+)?)?",
    re.IGNORECASE,
)
_ICMP = re.compile(r"ICMP: type.{1,64}? from (?P<source>[0-9A-Fa-f:.]++)", re.IGNORECASE)
_LEASE = re.compile(
    r"DHCP lease IP ++(?P<ip>[0-9.]++)(?: ++to(?: ++(?P<hostname>[^\s]{1,255}+))?)?", re.IGNORECASE
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether an attempt was blocked, or the line begins as this firmware's others do."""
    text = _behind_stamp(message.text)
    # The word in front may have been taken for the host.
    return _blocked(text) is not None or _STARTS.match(text) is not None


def parse(message: SyslogMessage) -> Event:
    """Read the sentence; what tells of no packet, lease or station is `other`."""
    text = _behind_stamp(message.text)
    if found := _blocked(text):
        return _attempt(found)
    first = text[:16].lower()
    if found := _PACKET.match(text):
        return _packet(found)
    if first.startswith("dos attack"):
        source_ip, source_port = endpoints.first_address(text)
        return Event(kind="dos_alert", source_ip=source_ip, source_port=source_port)
    if first.startswith("dhcp lease"):
        return _lease(text)
    if found := _ICMP.match(text):
        source = fields.address(found["source"].rstrip("."))
        return Event(kind="other", transport="icmp", source_ip=source)
    if found := _ACCESS.match(text):
        return _access(found)
    if first.startswith("admin from") and "fail" in text[:96].lower():
        return Event(kind="login_failure", source_ip=endpoints.first_address(text)[0])
    if mac := endpoints.station(text):
        left = first.startswith(("disassoc", "wireless pc disc"))
        return Event(kind="wifi_leave" if left else "wifi_join", mac=mac)
    return Event(kind="boot" if first.startswith("restarted by") else "other")


def _behind_stamp(text: str) -> str:
    stamp = _STAMP.match(text)
    return text[stamp.end() :] if stamp else text


def _blocked(text: str) -> re.Match[str] | None:
    if _BLOCKED in text or "attempt" in text.lower():
        return _ATTEMPT.search(text)
    return None


def _attempt(found: re.Match[str]) -> Event:
    transport = fields.transport(found["transport"] or "")
    has_ports = transport not in fields.PORTLESS
    source_ip, source_port = endpoints.endpoint(found["source"])
    return Event(
        kind="rejected",
        action="blocked",
        transport=transport,
        source_ip=source_ip,
        source_port=source_port if has_ports else None,
        destination_ip=endpoints.endpoint(found["destination"] or "")[0],
        destination_port=fields.port(found["port"] or "") if has_ports else None,
    )


def _packet(found: re.Match[str]) -> Event:
    verb = found["verb"].lower()
    word = found["transport"].lower()
    transport = "icmp" if word == "ping" else fields.transport(word)
    has_ports = transport not in fields.PORTLESS
    source_ip, source_port = endpoints.endpoint(found["source"] or "")
    destination_ip, destination_port = endpoints.endpoint(found["destination"] or "")
    return Event(
        kind="rejected" if verb in ("drop", "block") else "accepted",
        action=verb,
        transport=transport,
        source_ip=source_ip,
        source_port=source_port if has_ports else None,
        destination_ip=destination_ip,
        destination_port=destination_port if has_ports else None,
        ingress_interface=found["side"],
        rule=fields.word((found["rule"] or "").strip()),
    )


def _access(found: re.Match[str]) -> Event:
    source_ip, source_port = endpoints.endpoint(found["source"])
    return Event(
        kind="rejected" if found["verb"].lower().startswith(("unallow", "block")) else "other",
        transport=fields.transport(found["transport"] or ""),
        source_ip=source_ip,
        source_port=source_port,
        destination_port=fields.port(found["port"] or ""),
    )


def _lease(text: str) -> Event:
    found = _LEASE.match(text)
    ip = fields.address(found["ip"]) if found else None
    if found is None or ip is None:
        raise Malformed("a lease without an address")
    mac = endpoints.station(text)
    name = found["hostname"]
    named = name is not None and endpoints.station(name) is None
    return Event(kind="dhcp_lease", ip=ip, mac=mac, hostname=name if named else None)


DIALECT = Dialect(
    "dlink_di",
    "D-Link DI series and relatives",
    claims,
    parse,
    examples=(
        "Unrecognized attempt blocked from 198.51.100.7:40245 to 203.0.113.9 TCP:8080",
        "Drop UDP packet from WAN src:198.51.100.7:58270 dst:203.0.113.9:1026 Rule: Default deny",
        "Dos Attack type : fragment flooding!!",
        "Unallow access from 198.51.100.7:4000 to TCP port 443",
        "Admin from 198.51.100.7 login successfully",
        "DHCP lease IP 192.168.0.102 to notebook 00-00-5E-00-53-05",
    ),
)
