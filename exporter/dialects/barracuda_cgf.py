"""Barracuda CloudGen Firewall: the firewall's activity log, by position or as `key=value`.

    fw/box_Firewall_Activity:  Security fw Block: FWD|TCP|p1|198.51.100.7|49959|00:00:5e:00:53:02|
    203.0.113.9|25|smtp||BLOCKALL|4002|||0|1|0|0|0|0||||||
    fw/box_Firewall_Activity:  Info fw Allow: type=FWD|proto=UDP|srcIF=p1|srcIP=10.0.0.249|
    srcPort=42325|srcMAC=00:00:5e:00:53:02|dstIP=203.0.113.8|dstPort=53|dstIF=p2|rule=LAN-2-INTERNET|count=1|…

Detect, Remove and Fail are no verdicts. The ports of ICMP are its identifiers. Source: Barracuda
Campus, "How to Configure Syslog Streaming" and "Firewall Activity Log".
"""

from exporter.dialects import Dialect, Malformed, keyvalue
from exporter.events import Event, SyslogMessage

_TAG = "box_Firewall_Activity:"
# 0-based positions, named as the other form names them
_POSITIONS = (
    *("type", "proto", "srcIF", "srcIP", "srcPort", "srcMAC", "dstIP", "dstPort", "dstService"),
    *("dstIF", "rule"),
)
_MAX_COLUMNS = 32


def claims(message: SyslogMessage) -> bool:
    """Tell whether it is the activity log."""
    return _TAG in message.text


def parse(message: SyslogMessage) -> Event:
    """Read the verdict before the colon and the columns behind it.

    Raises Malformed when there are no columns.
    """
    front, separator, rest = message.text.partition(_TAG)[2].partition(":")
    if not separator or "|" not in rest:
        raise Malformed("no 'verdict: column|column|…'")
    action = front.split()[-1] if front.strip() else ""
    columns = rest.split("|", _MAX_COLUMNS)
    if "=" in columns[0]:
        found = dict(column.partition("=")[::2] for column in columns)
    else:
        found = dict(zip(_POSITIONS, columns, strict=False))
    found = {key: text.strip() for key, text in found.items()}
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


DIALECT = Dialect("barracuda_cgf", "Barracuda CloudGen Firewall", claims, parse)
