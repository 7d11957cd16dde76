"""Barracuda CloudGen Firewall: its activity log, by position or as `key=value`; its threat log.

    fw/box_Firewall_Activity:  Security fw Block: FWD|TCP|p1|198.51.100.7|49959|00:00:5e:00:53:02|
    203.0.113.9|25|smtp||BLOCKALL|4002|||0|1|0|0|0|0||||||
    fw/box_Firewall_Activity:  Info fw Allow: type=FWD|proto=UDP|srcIF=p1|srcIP=10.0.0.249|
    srcPort=42325|srcMAC=00:00:5e:00:53:02|dstIP=203.0.113.8|dstPort=53|dstIF=p2|rule=LAN-2-INTERNET|count=1|…

    fw/box_Firewall_threat:  Warning  fw firewall: [Request] Block:   IPS ALLIP(0) 198.51.100.7 ->
    203.0.113.9:22 |[ID: 5000001 SSH Brute Force]||3|Probing

Detect, Remove and Fail are no verdicts. The ports of ICMP are its identifiers. Source: Barracuda
Campus, "How to Configure Syslog Streaming" and "Firewall Activity Log".
"""

import re

from exporter.dialects import Dialect, Malformed, fields, keyvalue
from exporter.events import Event, SyslogMessage

_TAG = "box_Firewall_Activity:"
_THREAT_TAG = "box_Firewall_threat:"
_NAME = re.compile(r"\|\[(?P<name>[^\]]{0,128}+)")
_LONGEST = 512  # characters of a threat that are read; the rest describes it
_NOWHERE = "0.0.0.0"  # noqa: S104 - how an intrusion without a destination is printed
_ATTACKS = ("scan", "flood", "spoof")
# 0-based positions, named as the other form names them
_POSITIONS = (
    *("type", "proto", "srcIF", "srcIP", "srcPort", "srcMAC", "dstIP", "dstPort", "dstService"),
    *("dstIF", "rule"),
)
_MAX_COLUMNS = 32


def claims(message: SyslogMessage) -> bool:
    """Tell whether it is the activity log, or the threat log."""
    return "box_Firewall_" in message.text and (_TAG in message.text or _THREAT_TAG in message.text)


def parse(message: SyslogMessage) -> Event:
    """Read the verdict before the colon and the columns behind it.

    Raises Malformed when there are no columns.
    """
    if _THREAT_TAG in message.text:
        return _threat(message.text.partition(_THREAT_TAG)[2])
    columns = message.text.partition(_TAG)[2].split("|", _MAX_COLUMNS)
    if len(columns) < 2:
        raise Malformed("no 'verdict: column|column|…'")
    front, _, columns[0] = columns[0].rpartition(":")
    action = front.split()[-1] if front.strip() else ""
    if "=" in columns[0]:
        found = dict(column.partition("=")[::2] for column in columns)
    else:
        found = dict(zip(_POSITIONS, columns, strict=False))
    found = {key: text.strip() for key, text in found.items()}
    action = action or found.get("action", "")
    kind, word = keyvalue.verdict(action)
    return keyvalue.packet(
        kind,
        action if word else None,
        transport=found.get("proto", "").partition("(")[0],
        source=(found.get("srcIP", ""), found.get("srcPort", "")),
        destination=(found.get("dstIP", ""), found.get("dstPort", "")),
        interfaces=(found.get("srcIF", ""), found.get("dstIF", "")),
        rule=found.get("rule", ""),
        mac=found.get("srcMAC", ""),
        times=found.get("count", ""),
    )


def _threat(text: str) -> Event:
    """Read an intrusion; where it has no destination, 0.0.0.0:0 stands."""
    before, arrow, behind = text[:_LONGEST].partition(" -> ")
    words, ends = before.split(), behind.split(None, 1)
    if not arrow or len(words) < 4 or not ends:
        return Event(kind="other")
    verdict, _, protocol, source = words[-4:]
    kind, word = keyvalue.verdict(verdict)
    named = _NAME.search(behind)
    if named and keyvalue.mentions(named["name"], _ATTACKS):
        kind = "dos_alert"
    word_of_protocol = protocol.partition("(")[0].lower()
    transport = None if word_of_protocol == "allip" else fields.transport(word_of_protocol)
    has_ports = transport not in fields.PORTLESS
    source_ip, source_port = keyvalue.endpoint(source)
    host, port = keyvalue.endpoint(ends[0])
    nowhere = host == _NOWHERE
    return Event(
        kind=kind,
        action=word,
        transport=transport,
        source_ip=fields.address(source_ip),
        source_port=fields.port(source_port) if has_ports else None,
        destination_ip=None if nowhere else fields.address(host),
        destination_port=fields.port(port) if has_ports and not nowhere else None,
    )


DIALECT = Dialect(
    "barracuda_cgf",
    "Barracuda CloudGen Firewall",
    claims,
    parse,
    examples=(
        (
            "fw/box_Firewall_Activity:  Security fw Block: "
            "FWD|UDP|p1|198.51.100.7|3478|00:00:5e:00:53:02|203.0.113.9|51413|||BLOCKALL|4002|||0|"
            "1|0|0|0|0||||||"
        ),
        (
            "fw/box_Firewall_Activity:  Security fw Deny: "
            "type=FWD|proto=UDP|srcIF=p1|srcIP=198.51.100.7|srcPort=3478|srcMAC=00:00:5e:00:53:02|"
            "dstIP=203.0.113.9|dstPort=51413|dstService=|dstIF=|rule=BLOCKALL|info=Block|count=1|"
            "user="
        ),
    ),
)
