"""LANCOM routers: `PACKET_ALERT`, which names the destination before the source.

    PACKET_ALERT: Dst: 192.168.200.10:80 {}, Src: 198.51.100.7:4353 {} (TCP): port filter
    PACKET_ALERT: Dst: 203.0.113.9 {gw}, Src: 198.51.100.7 {} (ICMP): intruder detection

The names of the stations stand in braces. It is written when a packet is dropped; behind the colon
is what dropped it. `PACKET_INFO` follows with the filter's name. Source: LCOS reference manual,
"SYSLOG notifications".
"""

import re

from exporter.dialects import Dialect, Malformed, endpoints, fields
from exporter.events import Event, Kind, SyslogMessage

_SIDE = r"(?P<{0}>[^\s,{{]++)? *+(?:\{{[^}}]{{0,255}}+\}})?"
_ALERT = re.compile(
    rf"PACKET_ALERT: *+Dst: *+{_SIDE.format('destination')}"
    rf"(?: *+, *+Src: *+{_SIDE.format('source')}"
    r"(?: *+\((?P<transport>[A-Za-z0-9-]{1,16}+)\))?(?: *+: *+(?P<why>[^\r\n]{0,256}+))?)?",
    re.IGNORECASE,
)
_DETECTED = re.compile(r"intru|denial|\bdos\b|flood|scan|smurf|land|spoof|death", re.IGNORECASE)
_MATCHED = re.compile(r"matched filter: *+(?P<rule>\S{1,64}+)", re.IGNORECASE)


def claims(message: SyslogMessage) -> bool:
    """Tell whether the word is there."""
    text = message.text
    return "PACKET_ALERT" in text or "PACKET_INFO:" in text


def parse(message: SyslogMessage) -> Event:
    """Read the dropped packet.

    Raises Malformed when no destination follows `PACKET_ALERT`.
    """
    text = message.text
    at = text.find("PACKET_ALERT")
    if at < 0:
        return Event(kind="other")  # the filter that the alert before was about
    found = _ALERT.match(text, at)
    if found is None:
        raise Malformed("no 'Dst:' behind PACKET_ALERT")
    transport = fields.transport(found["transport"] or "")
    has_ports = transport not in fields.PORTLESS
    source_ip, source_port = endpoints.endpoint(found["source"] or "")
    destination_ip, destination_port = endpoints.endpoint(found["destination"] or "")
    kind: Kind = "dos_alert" if _DETECTED.search(found["why"] or "") else "rejected"
    rule = _MATCHED.search(text, found.end("transport") if found["transport"] else found.end())
    return Event(
        kind=kind,
        transport=transport,
        source_ip=source_ip,
        source_port=source_port if has_ports else None,
        destination_ip=destination_ip,
        destination_port=destination_port if has_ports else None,
        rule=rule["rule"] if rule else None,
    )


DIALECT = Dialect(
    "lancom",
    "LANCOM",
    claims,
    parse,
    examples=(
        "PACKET_ALERT: Dst: 192.168.200.10:80 {}, Src: 198.51.100.7:4353 {} (TCP): port filter",
    ),
)
