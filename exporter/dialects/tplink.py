"""TP-Link routers: the exported log (CSV with an epoch in front) and padded columns.

    "1794351846","Nov 10 23:04:06","DHCP","INFO","DHCPS:Recv REQUEST from 00:00:5E:00:53:05"
    Nov 10 23:04:06  DHCP  NOTICE  DHCPS:Send ACK to 192.168.0.100
    [dhcpc]Recv ACK from server 198.51.100.1 with ip 203.0.113.9 lease time 3600

DHCPS is the router's server, DHCPC asks the provider. Only the ACK that the server sends is a
lease, and it names the address alone. Addresses may be eight hex digits. Sources: exported logs
published by users.
"""

import re

from exporter.dialects import Dialect, endpoints, fields
from exporter.events import Event, SyslogMessage

_CSV = re.compile(r'"[0-9]{1,12}","[^"]{0,32}+","[A-Za-z0-9 _/-]{1,24}+","[A-Za-z]{3,12}+","')
_MODULE = re.compile(
    r"(?<![A-Za-z])(?:DHCPS ?: ?(?:Recv|Send|Grant|Wrong|Assign|Lease|Server|Service|Broad)"
    r"|DHCPC ?:? ?(?:Recv|Send|DHCP|Broad|Unicast|Renew|Release|Get)"
    r"|DHCPD ++[A-Z]{3,8} ++(?:Recv|Send)|\[dhcp[cs]\] ?|Dynamic IP ?\((?:DHCP Client)\))",
    re.IGNORECASE,
)
_WITHIN = 96  # characters that may stand before the module: stamp, category, level
_ACK = re.compile(
    r"(?:DHCPS ?:|DHCPD ++[A-Z]{3,8} ++|\[dhcps\]) ?"
    r"(?:Send ACK to|Grant(?:ed)?|Assign(?:ed)?) ++(?P<ip>[0-9A-Fa-f.:]++)",
    re.IGNORECASE,
)
_HEX = re.compile(r"[0-9A-Fa-f]{8}")
_OBTAINED = re.compile(r"Dynamic IP ?\(DHCP Client\) obtained an IP", re.IGNORECASE)


def claims(message: SyslogMessage) -> bool:
    """Tell whether the line is a row of the export, or names TP-Link's DHCP modules."""
    text = message.text
    if text[:1] == '"':
        return _CSV.match(text) is not None
    head = text[:_WITHIN]
    return ("DHCP" in head or "dhcp" in head) and _MODULE.search(head) is not None


def parse(message: SyslogMessage) -> Event:
    """Read what the module says; what gives no address to anybody is `other`."""
    said = message.text
    if row := _CSV.match(said):
        said = said[row.end() :].rstrip('" ')
    if found := _ACK.search(said, 0, _WITHIN + 128):
        ip, station = _address(found["ip"]), endpoints.station(said)
        return Event(kind="dhcp_lease" if ip or station else "other", ip=ip, mac=station)
    if _OBTAINED.search(said, 0, _WITHIN + 64):
        return Event(kind="wan_up")
    lower = said[:64].lower()
    started = lower.startswith(("system started", "system is started"))
    return Event(kind="boot" if started else "other")


def _address(text: str) -> str | None:
    if _HEX.fullmatch(text):
        return ".".join(str(octet) for octet in bytes.fromhex(text))
    return fields.address(text.rstrip("."))


DIALECT = Dialect(
    "tplink",
    "TP-Link",
    claims,
    parse,
    examples=('"1794351846","Nov 10 23:04:06","DHCP","INFO","DHCPS:Send ACK to 192.168.0.100"',),
)
