"""SMC Barricade and relatives: the attack detector's `**Name** A, p->> B, p (from WAN Inbound)`.

    2026.11.10 23:04:06 **SYN Flood to Host** 192.168.2.5, 35990->> 203.0.113.20, 80 (from WAN Out…
    11/10/2026  23:04:06 **Smurf** 198.51.100.7->> 203.0.113.9, Type:3, Code:1 (from WAN Inbound)
    11/10/2026  23:04:06 sending ACK to 192.168.2.5
    11/10/2026  23:04:06 DHCP Client: Send Discover

The comma stands before a port; ICMP has type and code instead. `sending ACK to` is the router's own
DHCP server. Sources: lines published by users.
"""

import re

from exporter.dialects import Dialect, endpoints, fields
from exporter.events import Event, SyslogMessage

_STAMP = re.compile(
    r"(?:[0-9]{4}\.[0-9]{2}\.[0-9]{2}|[0-9]{2}/[0-9]{2}/[0-9]{4}) ++[0-9]{2}:[0-9]{2}:[0-9]{2} ++"
    r"(?=\S)"
)
_ATTACK = re.compile(
    r"\*\*(?P<name>[^*]{1,64}+)\*\* *+(?P<source>[^\s,>]{1,80}?)"
    r"(?: *+, *+(?P<source_port>[0-9]{1,5}+))?"
    r" *+->>? *+(?P<destination>[^\s,(]{1,80}+)(?: *+, *+(?P<destination_port>[0-9]{1,5}+))?"
)
_NAMED = re.compile(r"\*\*[^*]{1,64}+\*\*")
_LEASE = re.compile(r"(?:DHCP Server: *+)?sending ACK to ++(?P<ip>[0-9.]++)", re.IGNORECASE)
_USER = re.compile(
    r"(?:User from )?[0-9.]{7,15}+ login ++(?:success|fail|error|incorrect)", re.IGNORECASE
)
_ACCESS = re.compile(
    r"Unrecognized access from (?P<source>\S++) to (?P<transport>TCP|UDP) port "
    r"(?P<port>[0-9]{1,5}+)",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"(?:User from )?(?P<source>[0-9.]{7,15}+) login ++(?:fail|error|incorrect)"
    r"|login fail\w*+ from (?P<from>[0-9.]++)",
    re.IGNORECASE,
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether the line has the router's stamp, or begins with a name in asterisks."""
    text = message.text
    if text[:2] == "**":
        return "->>" in text and _NAMED.match(text) is not None
    if text[:2].isdigit() and _STAMP.match(text):
        return True
    # Behind a stamp with one blank, which the header took, its own sentences tell.
    return _LEASE.match(text) is not None or _USER.match(text) is not None


def parse(message: SyslogMessage) -> Event:
    """Read the attack, lease or failed log-in; other lines are `other`."""
    text = message.text
    stamp = _STAMP.match(text)
    said = text[stamp.end() :] if stamp else text
    if said.startswith("**"):
        return _attack(said)
    if found := _LEASE.match(said):
        ip = fields.address(found["ip"].rstrip("."))
        return Event(kind="dhcp_lease" if ip else "other", ip=ip, mac=endpoints.station(said))
    if found := _LOGIN.match(said):
        source = fields.address((found["source"] or found["from"]).rstrip("."))
        return Event(kind="login_failure", source_ip=source)
    if found := _ACCESS.match(said):
        source, source_port = endpoints.endpoint(found["source"])
        return Event(
            kind="other",
            transport=fields.transport(found["transport"]),
            source_ip=source,
            source_port=source_port,
            destination_port=fields.port(found["port"]),
        )
    return Event(kind="other")


def _attack(said: str) -> Event:
    found = _ATTACK.match(said)
    if found is None:
        return Event(kind="dos_alert")  # cut, or masked
    source_ip = fields.address(found["source"])
    destination_ip = fields.address(found["destination"])
    return Event(
        kind="dos_alert",
        source_ip=source_ip,
        source_port=fields.port(found["source_port"] or ""),
        destination_ip=destination_ip,
        destination_port=fields.port(found["destination_port"] or ""),
    )


DIALECT = Dialect(
    "smc_barricade",
    "SMC Barricade and relatives",
    claims,
    parse,
    examples=(
        "**UDP Flood** 198.51.100.7, 53->> 203.0.113.9, 57790 (from WAN Inbound)",
        "**TCP FIN Scan** 198.51.100.7, 443->> 203.0.113.9, 61000 (from PPPoE1 Inbound)",
        "User from 198.51.100.7 login fail",
    ),
)
