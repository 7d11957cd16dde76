"""Zyxel Prestige and other routers with ZyNOS: packet filter, firewall and PPP lines.

    ZyXEL Communications Corp.: IP[Src=192.168.1.33 Dst=198.51.100.1 UDP spo=05d4 dpo=0035]}S03>…
    RAS: FW 192.168.1.80 :137 ->192.168.1.80 :137 |UDP|default permit:<2,0>|B
    ZyXEL Communications Corp.: ppp:IPCP Opening

The filter's ports are four hex digits (older firmware: five decimal ones); `S03>R01mF` is set, rule
and verdict: m for matched, F forward, D drop, N nothing. The firewall's verdict is F, B or N.
Source: Zyxel's support notes, "Filter log" and "Firewall log".
"""

import re

from exporter.dialects import Dialect, fields
from exporter.events import Event, Kind, SyslogMessage

_MAKERS = ("ZyXEL Communications Corp.:", "Zyxel Communications Corp.:")
_LETTERS: dict[str, Kind] = {"F": "accepted", "D": "rejected", "B": "rejected", "R": "rejected"}
_FILTER = re.compile(
    r"IP\[ *+Src=(?P<source>[^\s\]]++)(?: ++Dst=(?P<destination>[^\s\]]++)"
    r"(?: ++(?P<transport>[A-Za-z0-9-]{1,16}+)(?![=A-Za-z]))?"
    r"(?: ++spo=(?P<source_port>[0-9A-Fa-f]++))?(?: ++dpo=(?P<destination_port>[0-9A-Fa-f]++))?)?",
    re.IGNORECASE,
)
_RULE = re.compile(
    r" ?\}? ?(?P<rule>S[0-9]{1,3}>R[0-9]{1,3}) ?[mn](?P<letter>[A-Z])", re.IGNORECASE
)
_FIREWALL = re.compile(
    r"FW ++(?P<source>[^\s:|]++)(?: *+:(?P<source_port>[0-9]{1,5}+))? *+"
    r"-> *+(?P<destination>[^\s:|]++)"
    r"(?: *+:(?P<destination_port>[0-9]{1,5}+))? *+\|(?P<transport>[A-Za-z0-9-]{1,16}+)"
    r"(?:<[0-9]++>)? *+\|(?P<said>[^|]{0,128}+)\| *+(?P<letter>[A-Z])?",
    re.IGNORECASE,
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether the maker stands in front, or one of the two packet forms is there."""
    text = message.text
    return (
        "IP[Src=" in text
        or "RAS: FW " in text
        or text.startswith(_MAKERS)
        or (message.app_name in ("ZyXEL", "RAS") and 'msg="' not in text)  # a USG's pairs
        or (text[:3] == "FW " and _FIREWALL.match(text) is not None)
    )


def parse(message: SyslogMessage) -> Event:
    """Read a packet that filter or firewall judged; other lines are `other`."""
    text = message.text
    at = text.find("IP[")
    if at >= 0 and (found := _FILTER.match(text, at)):
        end = text.find("]", found.end())
        rule = _RULE.match(text, end + 1) if end >= 0 else None
        return _packet(found, rule["letter"] if rule else None, rule["rule"] if rule else None)
    at = text.find("FW ")
    if at >= 0 and (found := _FIREWALL.match(text, at)):
        return _packet(found, found["letter"], None)
    return Event(kind="other")


def _packet(found: re.Match[str], letter: str | None, rule: str | None) -> Event:
    transport = fields.transport(found["transport"] or "")
    has_ports = transport not in fields.PORTLESS
    number = _filter_port if found.re is _FILTER else fields.port
    return Event(
        kind=_LETTERS.get((letter or "").upper(), "other"),
        transport=transport,
        source_ip=fields.address(found["source"]),
        source_port=number(found["source_port"] or "") if has_ports else None,
        destination_ip=fields.address(found["destination"] or ""),
        destination_port=number(found["destination_port"] or "") if has_ports else None,
        rule=rule,
    )


def _filter_port(digits: str) -> int | None:
    if len(digits) == 4:
        return int(digits, 16)
    return fields.port(digits)


DIALECT = Dialect(
    "zyxel_zynos",
    "Zyxel Prestige (ZyNOS)",
    claims,
    parse,
    examples=(
        (
            "ZyXEL Communications Corp.: IP[Src=198.51.100.7 Dst=203.0.113.9 TCP spo=1c03 "
            "dpo=0017]S04>R01mD"
        ),
        "FW 198.51.100.7 ->203.0.113.9 |ICMP|default permit:<2,0>|B",
    ),
)
