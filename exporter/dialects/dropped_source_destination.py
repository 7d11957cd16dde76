"""Home gateways that write `… - Source:A, p, WAN - Destination:B, p, LAN - 'rule'`.

    Tues, 11/10/2026 23:04:06 - TCP connection dropped - Source:198.51.100.7, 2770, WAN -
    Destination:203.0.113.9, 445, LAN - 'SMB'
    [Tue, 2026-11-10 23:04:06] - UDP Packet - Source:198.51.100.7,138 ,WAN -
    Destination:203.0.113.9,138 ,LAN [Drop] - [Inbound Default rule match]

The second form is Netgear's FVS and FWG; its verdict stands behind the destination. An ICMP line
has no port, or a type in its place. Sources: lines published by users, Netgear's FWG114P manual,
appendix "Firewall Log Formats".
"""

import re

from exporter.dialects import Dialect, Malformed, fields
from exporter.events import Event, Kind, SyslogMessage

_VERDICTS: dict[str, Kind] = {
    **dict.fromkeys(("dropped", "drop", "blocked", "block", "denied", "deny"), "rejected"),
    **dict.fromkeys(("rejected", "reject", "reset", "discarded", "discard"), "rejected"),
    **dict.fromkeys(("forwarded", "forward", "accepted", "accept", "allowed"), "accepted"),
    **dict.fromkeys(("allow", "permitted", "passed", "receive", "received"), "accepted"),
}
_WHAT = re.compile(
    r"(?P<transport>[A-Za-z0-9-]{2,16}+) ++(?:packet|connection)\b"
    r"(?: *+\[[^\]]{0,64}+\])?(?: ++(?P<verb>[A-Za-z]{3,16}+))?",
    re.IGNORECASE,
)
_SIDE = (
    r" *+(?P<ip>[^\s,\[\]]{1,80}+)(?: *+, *+(?P<port>[0-9]{1,5}+)(?: *+\[[^\]]{0,64}+\])?)?"
    r"(?: *+, *+(?P<interface>[A-Za-z][A-Za-z0-9_.-]{0,31}+))?"
)
_SOURCE = re.compile(rf"Source:{_SIDE}", re.IGNORECASE)
_DESTINATION = re.compile(rf"Destination:{_SIDE}", re.IGNORECASE)
_BEHIND = re.compile(
    r"[ \]]*+(?:\[(?P<verb>[A-Za-z]{3,16}+)\])?[ -]*+"
    r"(?:'(?P<quoted>[^']{1,128}+)'?|\[(?P<rule>[^\]]{1,128}+)\]?)?"
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether both sides are there, or the first of a cut line."""
    text = message.text
    return "- Source:" in text and (
        "- Destination:" in text or " dropped - Source:" in text or " Packet - Source:" in text
    )


def parse(message: SyslogMessage) -> Event:
    """Read verdict, both sides and the rule.

    Raises Malformed when no protocol stands before the source.
    """
    text = message.text
    source = _SOURCE.search(text)
    at = text.find("Source:")
    what = _WHAT.search(text, max(0, at - 128), max(at, 0))
    if what is None:
        raise Malformed("no 'PROTOCOL packet' before 'Source:'")
    destination = _DESTINATION.search(text)
    behind = _BEHIND.match(text, destination.end()) if destination else None
    verb = (what["verb"] or (behind["verb"] if behind else None) or "").lower()
    transport = fields.transport(what["transport"])
    source_ip, source_port = _side(source, transport)
    destination_ip, destination_port = _side(destination, transport)
    return Event(
        kind=_VERDICTS.get(verb, "other"),
        action=verb if verb in _VERDICTS else None,
        transport=transport,
        source_ip=source_ip,
        source_port=source_port,
        destination_ip=destination_ip,
        destination_port=destination_port,
        ingress_interface=source["interface"] if source else None,
        egress_interface=destination["interface"] if destination else None,
        rule=(behind["quoted"] or behind["rule"]) if behind else None,
    )


def _side(found: re.Match[str] | None, transport: str | None) -> tuple[str | None, int | None]:
    if found is None:
        return None, None
    port = None if transport in fields.PORTLESS else fields.port(found["port"] or "")
    return fields.address(found["ip"]), port


DIALECT = Dialect(
    "dropped_source_destination",
    "home gateways that write '… dropped - Source:… - Destination:…' (Netgear FVS, FWG)",
    claims,
    parse,
    examples=(
        (
            "Tues, 11/10/2026 23:04:06 - TCP connection dropped - Source:198.51.100.7, 2770, WAN - "
            "Destination:203.0.113.9, 445, LAN - 'SMB'"
        ),
        (
            "[Tue, 2026-11-10 23:04:06] - UDP Packet - Source:198.51.100.7,138 ,WAN - "
            "Destination:203.0.113.9,138 ,LAN [Drop] - [Inbound Default rule match]"
        ),
    ),
)
