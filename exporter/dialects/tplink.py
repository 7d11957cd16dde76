"""TP-Link routers: the exported log (CSV with an epoch in front) and padded columns; Omada.

    "1794351846","Nov 10 23:04:06","DHCP","INFO","DHCPS:Recv REQUEST from 00:00:5E:00:53:05"
    Nov 10 23:04:06  DHCP  NOTICE  DHCPS:Send ACK to 192.168.0.100
    [dhcpc]Recv ACK from server 198.51.100.1 with ip 203.0.113.9 lease time 3600
    Omada Controller_1 - - - DHCP Server allocated IP address 192.168.0.100 for the client[MAC: …].
    [client:phone:00-00-5E-00-53-05] went online on [ap:attic:00-00-5E-00-53-06] with SSID "a" on …

DHCPS is the router's server, DHCPC asks the provider. Only the ACK that the server sends is a
lease, and it names the address alone. Addresses may be eight hex digits. Omada's controller writes
sentences, and a client without an SSID is a wired one. Sources: exported logs published by users;
Omada's messages as those who read them published their forms.
"""

import re

from exporter.dialects import Dialect, endpoints, fields
from exporter.events import Event, Kind, SyslogMessage

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
_OMADA_LENGTH = 160  # characters in front of a controller's sentence
_OMADA = re.compile(
    r"DHCP Server allocated IP address (?P<leased>[0-9A-Fa-f.:]{3,45}+) for (?:the )?(?:client)?+"
    r"\[(?:client:|MAC: ?)(?P<mac>[0-9A-F:-]{17})\]"
    r"|\[client:(?:(?P<name>[^\[\]]{1,128}?):)?(?P<station>[0-9A-F]{2}(?:[:-][0-9A-F]{2}){5})\]"
    r"(?: ++\(IP: ?(?P<ip>[^\s,()]{3,45}+)[^()]{0,128}+\))? ++(?P<said>(?:went (?:on|off)line"
    r"|(?:is|was) (?:dis)?connected|is roaming|failed to connect)(?!\w)[^\r\n]{0,256})"
    r"|failed to log in to the controller from (?P<from>[0-9A-Fa-f.:]{3,45}+)",
    re.IGNORECASE,
)
_OMADA_SIGNS = ("DHCP Server allocated", "[client:", "failed to log in to the controller")
_OBTAINED = re.compile(r"Dynamic IP ?\(DHCP Client\) obtained an IP", re.IGNORECASE)


def claims(message: SyslogMessage) -> bool:
    """Tell whether the line is a row of the export, or names TP-Link's DHCP modules."""
    text = message.text
    if text[:1] == '"':
        return _CSV.match(text) is not None
    if any(sign in text for sign in _OMADA_SIGNS):
        return _OMADA.search(text, 0, _OMADA_LENGTH + 512) is not None
    head = text[:_WITHIN]
    return ("DHCP" in head or "dhcp" in head) and _MODULE.search(head) is not None


def parse(message: SyslogMessage) -> Event:
    """Read what the module says; what gives no address to anybody is `other`."""
    said = message.text
    if omada := _OMADA.search(said, 0, _OMADA_LENGTH + 512):
        return _controller(omada)
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


def _controller(found: re.Match[str]) -> Event:
    """Read a lease, a failed log-in, or what became of a client of an access point."""
    if found["leased"]:
        ip = fields.address(found["leased"].rstrip("."))
        return Event(kind="dhcp_lease", ip=ip, mac=endpoints.station(found["mac"]))
    if found["from"]:
        return Event(kind="login_failure", source_ip=fields.address(found["from"].rstrip(".")))
    said = found["said"].lower()
    mac = endpoints.station(found["station"])
    name = found["name"]
    return Event(
        kind=_client(said) if "ssid" in said else "other",
        mac=mac,
        ip=fields.address(found["ip"] or ""),
        hostname=name if name and endpoints.station(name) != mac else None,
    )


def _client(said: str) -> Kind:
    if said.startswith("failed"):
        return "wifi_auth_failure"
    left = "offline" in said or "disconnected" in said
    return "wifi_leave" if left and " and connected to " not in said else "wifi_join"


def _address(text: str) -> str | None:
    if _HEX.fullmatch(text):
        return ".".join(str(octet) for octet in bytes.fromhex(text))
    return fields.address(text.rstrip("."))


DIALECT = Dialect(
    "tplink",
    "TP-Link, Omada",
    claims,
    parse,
    examples=(
        '"1794351846","Nov 10 23:04:06","DHCP","INFO","DHCPS:Send ACK to 192.168.0.100"',
        "DHCP Server allocated IP address 192.168.0.100 for the client[MAC: 00-00-5E-00-53-05].",
        (
            "[client:phone:00-00-5E-00-53-05] went online on [ap:attic:00-00-5E-00-53-06] with "
            'SSID "home" on channel 36.'
        ),
    ),
)
