"""D-Link DIR and other routers with Ubicom's firmware: sentences, often behind `System Log:`.

    D-Link Systems DIR-655 System Log: Blocked incoming UDP packet from 198.51.100.7:6346 to
    203.0.113.9:45594
    Blocked incoming TCP connection request from 198.51.100.7:8240 to 203.0.113.9:6003
    Blocked incoming ICMP error message (ICMP type 3) from 198.51.100.7 to 203.0.113.9 as there is
    no UDP session active between 203.0.113.9:6881 and 198.51.100.7:6346
    A network computer (notebook) was assigned the IP address of 192.168.0.199.
    [INFO] Tue Nov 10 23:04:06 2026 Wireless system with MAC address 00005E005305 associated
    Internet access port filter dropped packet from 192.168.0.9:1204 to 198.51.100.7:80 (protocol 6)
    Lease 192.168.0.199 renewed by client 00005E005305

In front of `System Log:` stands the router's name, which its owner may choose. What follows `as`
or `with` is a reason; addresses in it belong to another packet. Sources: lines published by users,
D-Link's description of the log messages, the firmware's own texts.
"""

import re

from exporter.dialects import Dialect, endpoints, fields, notation
from exporter.events import Event, Kind, SyslogMessage

_LOG = "System Log: "
_LEVEL = re.compile(  # the exported log: level and stamp
    r"\[(?:INFO|WARN|WARNING|ERROR|CRITICAL|NOTICE|DEBUG)\] ++"
    r"(?:[A-Z][a-z]{2} ++[A-Z][a-z]{2} ++[0-9]{1,2} ++[0-9:]{8} ++[0-9]{4} ++)?",
    re.IGNORECASE,
)
_VERBS: dict[str, Kind] = {
    **dict.fromkeys(("blocked", "dropped", "rejected"), "rejected"),
    "allowed": "accepted",
}
_PACKET = re.compile(
    r"(?:(?:[\w.]{2,16}+ ALG|Internet access [a-z ]{4,24}?) ++)?"
    r"(?P<verb>Blocked|Dropped|Rejected|Allowed) ++(?:(?P<way>incoming|outgoing) ++)?"
    r"(?:(?P<transport>(?!packet)[A-Za-z0-9]{2,10}+) ++)?"
    r"(?:packet|connection request|error message|connection)s?+(?: ++\([^()]{0,64}+\))?"
    r"(?: ++from(?: ++(?P<source>[^\s,\[]++)(?:\[[^\[\]]{0,64}+\])?"
    r"(?: ++to(?: ++(?P<destination>[^\s,]++)"
    r"(?: ++\((?:IP )?protocol (?P<number>[0-9]{1,3})\))?)?)?)?)?",
    re.IGNORECASE,
)
_LEASE = re.compile(
    r"A network computer ++(?:\((?P<hostname>[^()]{1,255}+)\) ++)?was assigned the IP address of ++"
    r"(?P<ip>[0-9.]++)",
    re.IGNORECASE,
)
_CLIENT = re.compile(
    r"(?:Assigned new lease|Lease)(?: reservation)? ++(?P<ip>[0-9.]{7,15}+)(?P<said> renewed)?"
    r"(?: ++\w{2,8} ++client ++(?P<mac>[0-9A-Fa-f:-]{12,17}+))?",
    re.IGNORECASE,
)
_OBTAINED = re.compile(
    r"Obtained IP address using \w{2,8}+\. *+IP address is (?P<ip>[0-9A-Fa-f:.]++)", re.IGNORECASE
)
_STATION = re.compile(
    r"Wireless system with MAC address ++(?P<mac>[0-9A-F]{12}(?![0-9A-F])|[0-9A-F:-]{17})"
    r"(?P<said>.{0,64}+)",
    re.IGNORECASE | re.DOTALL,
)
_WAN = re.compile(
    r"WAN interface is (?P<state>up|down)(?:.{0,64}?\bIP address (?P<ip>[0-9A-Fa-f:.]++))?",
    re.IGNORECASE | re.DOTALL,
)
_MAPPING = re.compile(
    r"UPnP added entry \S++ <-> (?P<outside>\S++) <-> (?P<inside>\S++)"
    r"(?: (?P<transport>\w{2,8}+))?",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"UPnP (?:deleted|expired|renew|changed|conflict)|(?:WAN|LAN) interface (?:is|cable)"
    r"|Estimating speed of WAN|Bringing up WAN|Obtained IP address using|Administrator log"
    r"|(?:Allowed|Blocked) configuration authentication|Unauthorized|Device initialized"
    r"|Initialized firewall|Stored configuration to|Log (?:cleared|viewed) by|Starting DHCP server"
    r"|Administrator logout"
    r"|Gateway remote administration|Wireless (?:link|schedule)|Time server .{1,128}? is at IP",
    re.IGNORECASE | re.DOTALL,
)
_FORMS = (_PACKET, _LEASE, _CLIENT, _STATION, _WAN, _MAPPING, _OTHERS)
_STARTS = re.compile(  # as those begin: one look at a line of somebody else
    r"Blocked|Dropped|Rejected|Allowed|A network|Wireless|[WL]AN interface|UPnP|Estimating"
    r"|Internet access|[\w.]{2,16} ALG |Assigned new lease|Lease|Bringing"
    r"|Obtained|Administrator|Unauthorized|Device|Initialized|Stored|Log |Starting|Gateway|Time",
    re.IGNORECASE,
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether the log's name stands in front, or one of its sentences begins the line."""
    text = message.text
    if (at := text.find(_LOG, 0, 96)) >= 0:
        if text[:6].lower() == "d-link":
            return True
        text = text[at + len(_LOG) :].lstrip()
    if level := _LEVEL.match(text):
        text = text[level.end() :]
    return _STARTS.match(text) is not None and any(form.match(text) for form in _FORMS)


def parse(message: SyslogMessage) -> Event:
    """Read the sentence; what tells of no packet, lease, station or mapping is `other`."""
    text = _sentence(message.text)
    if found := _PACKET.match(text):
        return _packet(found)
    if found := _LEASE.match(text):
        ip = fields.address(found["ip"].rstrip("."))
        return Event(kind="dhcp_lease" if ip else "other", ip=ip, hostname=found["hostname"])
    if found := _CLIENT.match(text):
        return _client(found)
    if found := _OBTAINED.match(text):
        return Event(kind="wan_up", ip=fields.address(found["ip"].rstrip(".")))
    if found := _STATION.match(text):
        return _station(found)
    if found := _WAN.match(text):
        if found["state"].lower() == "down":
            return Event(kind="wan_down")
        return Event(kind="wan_up", ip=fields.address((found["ip"] or "").rstrip(".")))
    if found := _MAPPING.match(text):
        return _mapping(found)
    first = text[:32].lower()
    if first.startswith("device initialized"):
        return Event(kind="boot")
    if first.startswith(("blocked configuration", "unauthorized")):
        return Event(kind="login_failure", source_ip=endpoints.first_address(text)[0])
    return Event(kind="other")


def _sentence(text: str) -> str:
    at = text.find(_LOG, 0, 96 + len(_LOG))
    text = text[at + len(_LOG) :].lstrip() if at >= 0 else text
    level = _LEVEL.match(text)
    return text[level.end() :] if level else text


def _packet(found: re.Match[str]) -> Event:
    verb = found["verb"].lower()
    transport = fields.transport(found["transport"] or found["number"] or "")
    has_ports = transport not in fields.PORTLESS
    source_ip, source_port = endpoints.endpoint((found["source"] or "").rstrip("."))
    destination_ip, destination_port = endpoints.endpoint((found["destination"] or "").rstrip("."))
    return Event(
        kind=_VERBS[verb],
        action=verb,
        transport=transport,
        source_ip=source_ip,
        source_port=source_port if has_ports else None,
        destination_ip=destination_ip,
        destination_port=destination_port if has_ports else None,
    )


def _client(found: re.Match[str]) -> Event:
    """Read who was given an address, or keeps it; one that was released has its verb behind."""
    given = found["said"] or found[0].lower().startswith("assigned")
    ip, mac = fields.address(found["ip"]), notation.mac(found["mac"])
    return Event(kind="dhcp_lease" if given and ip else "other", ip=ip, mac=mac)


def _station(found: re.Match[str]) -> Event:
    mac, said = notation.mac(found["mac"]), found["said"].lower()
    if "disconnected" in said or "disassociated" in said or "deauth" in said:
        return Event(kind="wifi_leave", mac=mac)
    if "fail" in said or "reject" in said or "denied" in said:
        return Event(kind="wifi_auth_failure", mac=mac)
    return Event(kind="wifi_join" if "associated" in said else "other", mac=mac)


def _mapping(found: re.Match[str]) -> Event:
    destination_ip, destination_port = endpoints.endpoint(found["outside"])
    return Event(
        kind="port_mapping",
        transport=fields.transport(found["transport"] or ""),
        destination_ip=destination_ip,
        destination_port=destination_port,
        ip=endpoints.endpoint(found["inside"])[0],
    )


DIALECT = Dialect(
    "dlink_ubicom",
    "D-Link DIR and others with Ubicom's firmware",
    claims,
    parse,
    examples=(
        "Blocked incoming TCP connection request from 198.51.100.7:8240 to 203.0.113.9:6003",
        "Wireless system with MAC address 00005E005305 associated",
        "A network computer was assigned the IP address of 192.168.0.100.",
        "Lease 192.168.0.100 renewed by client 00005E005305",
        (
            "Internet access port filter dropped packet from 192.168.0.9:1204 to 198.51.100.7:80 "
            "(protocol 6)"
        ),
        (
            "[INFO] Tue Nov 10 23:04:06 2026 Blocked outgoing TCP packet from 192.168.0.9:1204 to "
            "198.51.100.7:80 as RST:ACK received but there is no active connection"
        ),
        (
            "UPnP added entry 255.255.255.255 <-> 203.0.113.9:6346 <-> 192.168.0.101:6346 TCP "
            "timeout:0 'game'"
        ),
    ),
)
