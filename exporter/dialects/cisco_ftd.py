"""Cisco Firepower's own messages, numbers 430001 and on: pairs `Key: value` with commas between.

    %FTD-1-430002: EventPriority: Low, AccessControlRuleAction: Block, SrcIP: 192.168.1.4,
    DstIP: 198.51.100.8, SrcPort: 60846, DstPort: 22, Protocol: tcp, AccessControlRuleName: No ssh

430001 is an intrusion, 430002 the begin of a connection, 430003 its end, 430004 and 430005 files.
Of a key that comes twice the first counts: what strangers choose (URLs, names of files) stands
behind the addresses. Source: "Cisco Secure Firewall Threat Defense Syslog Messages".
"""

import re

from exporter.dialects import Dialect, Malformed, fields
from exporter.events import Event, Kind, SyslogMessage

_TAG = re.compile(r"(?<![A-Za-z0-9])(?:FTD|NGIPS|ASA)-[0-7]-(?P<number>430[0-9]{3})(?![0-9]):?")
_KEYS = frozenset(
    (
        *("AccessControlRuleAction", "AccessControlRuleName", "InlineResult", "Protocol"),
        *("SrcIP", "SrcPort", "DstIP", "DstPort", "IngressInterface", "EgressInterface"),
    )
)
_INTRUSION = "430001"


def claims(message: SyslogMessage) -> bool:
    """Tell whether there is the tag with one of these numbers."""
    return "-430" in message.text and _TAG.search(message.text) is not None


def parse(message: SyslogMessage) -> Event:
    """Read the keys that an event has a place for."""
    tag = _TAG.search(message.text)
    if tag is None:
        raise Malformed("no '%FTD-level-430…'")
    pairs = _pairs(message.text[tag.end() :])
    is_intrusion = tag["number"] == _INTRUSION
    action = pairs.get("InlineResult" if is_intrusion else "AccessControlRuleAction", "").lower()
    transport = fields.transport(pairs.get("Protocol", ""))
    has_ports = transport not in fields.PORTLESS
    return Event(
        kind=_kind(action),
        action=action or None,
        transport=transport,
        source_ip=fields.address(pairs.get("SrcIP", "")),
        source_port=fields.port(pairs.get("SrcPort", "")) if has_ports else None,
        destination_ip=fields.address(pairs.get("DstIP", "")),
        destination_port=fields.port(pairs.get("DstPort", "")) if has_ports else None,
        ingress_interface=fields.interface(pairs.get("IngressInterface", "")),
        egress_interface=fields.interface(pairs.get("EgressInterface", "")),
        rule=pairs.get("AccessControlRuleName") or None,
    )


def _pairs(text: str) -> dict[str, str]:
    """Return the first value of each known key."""
    pairs: dict[str, str] = {}
    for piece in text.split(","):
        key, colon, value = piece.partition(":")
        key = key.strip()
        if colon and key in _KEYS:
            pairs.setdefault(key, value.strip())
    return pairs


def _kind(action: str) -> Kind:
    """Return what an action means; "monitor" and "would have blocked" are no verdict."""
    if action.startswith(("block", "interactive block", "drop", "reset", "deny", "reject")):
        return "rejected"
    return "accepted" if action.startswith(("allow", "trust", "fastpath", "permit")) else "other"


DIALECT = Dialect("cisco_ftd", "Cisco Firepower (FTD)", claims, parse)
