"""Palo Alto PAN-OS: comma-separated columns, whose meaning depends on the fourth, the type.

    1,2026/11/10 23:04:06,0123456789,TRAFFIC,drop,2817,2026/11/10 23:04:06,198.51.100.7,203.0.113.9,
    0.0.0.0,0.0.0.0,block-inbound,,,not-applicable,vsys1,untrust,trust,eth1/1,eth1/2,Syslog,
    2026/11/10 23:04:06,0,1,53067,500,0,0,0x0,udp,drop,394,394,0,1,2026/11/10 23:04:05,0,…

Columns in quotes may hold commas. The 31st column of TRAFFIC and THREAT is the verdict; the
sub-type (start, end, drop) is not. The repeat count counts sessions, not packets, and is left out.
Source: PAN-OS Administrator's Guide, "Syslog Field Descriptions".
"""

import csv
import re

from exporter.dialects import Dialect, Malformed, fields, keyvalue
from exporter.events import Event, Kind, SyslogMessage

_PACKETS = frozenset({"TRAFFIC", "THREAT"})
_OTHERS = frozenset(
    (
        *("SYSTEM", "CONFIG", "HIPMATCH", "HIP-MATCH", "GLOBALPROTECT", "USERID", "IPTAG"),
        *("AUTHENTICATION", "DECRYPTION", "CORRELATION", "GTP", "SCTP", "URL", "DATA", "WILDFIRE"),
        "TUNNEL",
    )
)
_TYPES = _PACKETS | _OTHERS
_ATTACKS = frozenset({"flood", "scan"})  # sub-types of THREAT
_MAX_COLUMNS = 40
_COUNTED_ACTIONS = frozenset({"drop", "deny"})  # sub-types that say it where the line is cut

# 0-based columns of TRAFFIC and THREAT
_SUBTYPE, _SOURCE, _DESTINATION, _RULE = 4, 7, 8, 11
_INGRESS, _EGRESS, _SOURCE_PORT, _DESTINATION_PORT, _PROTOCOL, _ACTION = 18, 19, 24, 25, 29, 30

# 0-based columns of GLOBALPROTECT
_EVENT, _PUBLIC_IP, _STATUS = 8, 15, 28

# A user chooses his name: the address stands behind it, but before it in GlobalProtect's text.
_FROM = re.compile(r"(?<!\w)from:? ++([0-9a-f:.]{3,45}+)", re.IGNORECASE)
_LEASE = re.compile(
    r"DHCP lease (?P<what>[a-z]{1,16}+) ip (?P<ip>\S{3,45}) --> mac (?P<mac>\S{17})"
    r"(?: - hostname (?P<hostname>[^,]{1,255}+), interface (?P<interface>[^\s,\"]{1,64}+))?"
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether the fourth of the comma-separated columns is a type of PAN-OS."""
    columns = message.content.split(",", 4)
    return len(columns) == 5 and columns[3] in _TYPES and columns[1][:1].isdecimal()


def parse(message: SyslogMessage) -> Event:
    """Read a packet, a failed log-in or a lease.

    Raises Malformed when the line is cut before verdict and addresses, or its quotes are broken.
    """
    columns = _columns(message.content)
    if columns[3] not in _PACKETS:
        return _system(message.content, columns)
    columns += [""] * (_ACTION + 1 - len(columns))
    subtype, action = columns[_SUBTYPE].lower(), columns[_ACTION]
    if not action and subtype in _COUNTED_ACTIONS:
        action = subtype
    kind: Kind = keyvalue.verdict(action)[0]
    if columns[3] == "THREAT" and subtype in _ATTACKS:
        kind = "dos_alert"
    return keyvalue.packet(
        kind,
        action,
        transport=columns[_PROTOCOL],
        source=(columns[_SOURCE], columns[_SOURCE_PORT]),
        destination=(columns[_DESTINATION], columns[_DESTINATION_PORT]),
        interfaces=(columns[_INGRESS], columns[_EGRESS]),
        rule=columns[_RULE],
    )


def _columns(text: str) -> list[str]:
    if '"' not in text:
        return text.split(",", _MAX_COLUMNS)
    try:
        columns = next(csv.reader([text]))
    except csv.Error as error:
        raise Malformed(f"broken quotes: {error}") from None
    if len(columns) <= _SUBTYPE:  # an early quote holds the commas that `claims` has counted
        raise Malformed(f"broken quotes: {len(columns)} columns")
    return columns


def _system(text: str, columns: list[str]) -> Event:
    """Read what is no packet: the event's name is in the ninth column, its text at the end."""
    event = columns[_EVENT].lower() if len(columns) > _EVENT else ""
    if "DHCP lease" in text and (lease := _LEASE.search(text)):
        return Event(
            kind="dhcp_lease" if lease["what"] in ("started", "renewed") else "other",
            ip=fields.address(lease["ip"]),
            mac=fields.mac(lease["mac"]),
            hostname=keyvalue.name(lease["hostname"] or ""),
            ingress_interface=lease["interface"],
        )
    if "auth-fail" in event:
        found = _FROM.findall(text) or [""]
        said = found[0] if event.startswith("globalprotect") else found[-1]
        return Event(kind="login_failure", source_ip=fields.address(said.rstrip(".")))
    if event.endswith("-auth") and columns[_STATUS : _STATUS + 1] == ["failure"]:
        return Event(kind="login_failure", source_ip=fields.address(columns[_PUBLIC_IP]))
    return Event(kind="other")


DIALECT = Dialect(
    "paloalto",
    "Palo Alto Networks PAN-OS",
    claims,
    parse,
    examples=(
        (
            "1,2026/11/10 14:04:08,SERIAL,TRAFFIC,drop,2818,2026/11/10 "
            "14:04:08,198.51.100.7,203.0.113.9,0.0.0.0,0.0.0.0,block-inbound,,,not-applicable,"
            "vsys1,untrust,Trust,eth1/1,,Syslog,2026/11/10 "
            "14:04:08,0,1,3478,51413,0,0,0x0,udp,deny,60,60,0,1"
        ),
    ),
)
