"""Cisco Firepower's own messages, numbers 430001 and on: pairs `Key: value` with commas between.

    %FTD-1-430002: EventPriority: Low, AccessControlRuleAction: Block, SrcIP: 192.168.1.4,
    DstIP: 198.51.100.8, SrcPort: 60846, DstPort: 22, Protocol: tcp, AccessControlRuleName: No ssh

    SFIMS: Protocol: TCP, SrcIP: 192.168.1.4, DstIP: 198.51.100.8, …, AccessControlRuleAction: Block

430001 is an intrusion, 430002 the begin of a connection, 430003 its end, 430004 and 430005 files.
Of a key that comes twice the first counts: what strangers choose (URLs, names of files) stands
behind the addresses. `SFIMS` is the tag of older versions, whose keys may hold blanks, and whose
packet may stand behind the pairs as `{TCP} A:p -> B:p`. Source: "Cisco Secure Firewall Threat
Defense Syslog Messages".
"""

import re

from exporter.dialects import Dialect, Malformed, fields, keyvalue
from exporter.events import Event, Kind, SyslogMessage

_TAG = re.compile(r"(?<![A-Za-z0-9])(?:FTD|NGIPS|ASA)-[0-7]-(?P<number>430[0-9]{3})(?![0-9]):?")
_KEYS = frozenset(
    (
        *("AccessControlRuleAction", "AccessControlRuleName", "InlineResult", "Protocol"),
        *("SrcIP", "SrcPort", "DstIP", "DstPort", "IngressInterface", "EgressInterface"),
    )
)
_INTRUSION = "430001"
_SFIMS = "SFIMS"
_FLOW = re.compile(
    r"\{(?P<transport>[A-Za-z0-9-]{1,16}+)\} ?(?P<source>[0-9A-Fa-f:.\[\]]++) ?"
    r"(?:\([^)]{0,64}+\) ?)?-> ?(?P<destination>[0-9A-Fa-f:.\[\]]++)",
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether there is the tag with one of these numbers, or that of older versions."""
    if message.app_name == _SFIMS:
        return True
    return "-430" in message.text and _TAG.search(message.text) is not None


def parse(message: SyslogMessage) -> Event:
    """Read the keys that an event has a place for."""
    tag = _TAG.search(message.text)
    if tag is None and message.app_name != _SFIMS:
        raise Malformed("no '%FTD-level-430…'")
    pairs = _pairs(message.text[tag.end() :] if tag else message.content)
    is_intrusion = tag is not None and tag["number"] == _INTRUSION
    action = pairs.get("InlineResult" if is_intrusion else "AccessControlRuleAction", "").lower()
    transport = fields.transport(pairs.get("Protocol", ""))
    has_ports = transport not in fields.PORTLESS
    return Event(
        kind=_kind(action),
        action=fields.word(action),
        transport=transport,
        source_ip=fields.address(pairs.get("SrcIP", "")),
        source_port=fields.port(pairs.get("SrcPort", "")) if has_ports else None,
        destination_ip=fields.address(pairs.get("DstIP", "")),
        destination_port=fields.port(pairs.get("DstPort", "")) if has_ports else None,
        ingress_interface=fields.interface(pairs.get("IngressInterface", "")),
        egress_interface=fields.interface(pairs.get("EgressInterface", "")),
        rule=fields.word(pairs.get("AccessControlRuleName")),
    )


def _pairs(text: str) -> dict[str, str]:
    """Return the first value of each known key."""
    pairs: dict[str, str] = {}
    if flow := _FLOW.search(text):
        pairs["Protocol"] = flow["transport"]
        pairs["SrcIP"], pairs["SrcPort"] = keyvalue.endpoint(flow["source"])
        pairs["DstIP"], pairs["DstPort"] = keyvalue.endpoint(flow["destination"])
    for piece in text.split(","):
        key, colon, value = piece.partition(":")
        key = key.replace(" ", "")
        if colon and key in _KEYS:
            pairs.setdefault(key, value.strip())
    return pairs


def _kind(action: str) -> Kind:
    """Return what an action means; "monitor" and "would have blocked" are no verdict."""
    if action.startswith(("block", "interactive block", "drop", "reset", "deny", "reject")):
        return "rejected"
    return "accepted" if action.startswith(("allow", "trust", "fastpath", "permit")) else "other"


DIALECT = Dialect(
    "cisco_ftd",
    "Cisco Firepower (FTD)",
    claims,
    parse,
    examples=(
        (
            "%FTD-1-430002: AccessControlRuleAction: Block, SrcIP: 198.51.100.7, DstIP: "
            "203.0.113.9, SrcPort: 3478, DstPort: 51413, Protocol: udp, IngressInterface: outside, "
            "EgressInterface: inside"
        ),
        (
            "SFIMS: [Primary Detection Engine][Policy] Connection Type: Start, Access Control Rule "
            "Name: x, Access Control Rule Action: Block {TCP} 198.51.100.7:1 -> 203.0.113.9:80"
        ),
    ),
)
