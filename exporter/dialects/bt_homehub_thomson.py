"""BT Home Hub and Thomson, SpeedTouch, Technicolor gateways: a category in capitals, then prose.

    23:04:06  10 Nov<TAB>FIREWALL icmp check (1 of 2): Protocol: ICMP Src ip: 198.51.100.7
    Dst ip: 203.0.113.9 Type: Destination Unreachable Code: Host Unreacheable
    FIREWALL rule (1 of 1): Protocol: TCP Src ip: 198.51.100.7 Src port: 4662 Dst ip: 203.0.113.9
    Dst port: 23 Chain: sink_fire Rule Id: 1 Action: drop
    23:04:06  10 Nov<TAB>LOGIN User admin logged in on [HTTP] (from 192.168.1.71)

The FIREWALL category logs what its checks refuse, unless an action says otherwise. `(1 of 2)` is
not a count. Sources: lines published by users, "Technicolor TG582n: the missing event logging
manual".
"""

import re

from exporter.dialects import Dialect, endpoints, fields
from exporter.events import Event, SyslogMessage

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_STAMP = re.compile(
    rf"[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}\s++[0-9]{{1,2}} (?:{_MONTHS})\s++(?=[A-Za-z]{{2}})"
)
_CHECK = re.compile(r"FIREWALL [a-z ]{1,32}+ ?\([0-9]{1,6} of [0-9]{1,6}\)", re.IGNORECASE)
_INTRUSION = re.compile(
    r"IDS (?:scan|proto|dos|tcp|udp|icmp|ip|rate|frag)\w* parser", re.IGNORECASE
)
_USER = re.compile(r"(?:LOGIN|LOGOUT) (?:User|Session of user) ", re.IGNORECASE)
_FLOW = re.compile(
    r"Protocol: *+(?P<transport>[A-Za-z0-9-]{1,16}+)"
    r"(?: ++Src ip: *+(?P<source>\S++))?(?: ++Src port: *+(?P<source_port>[0-9]++))?"
    r"(?: ++Dst ip: *+(?P<destination>\S++))?(?: ++Dst port: *+(?P<destination_port>[0-9]++))?",
    re.IGNORECASE,
)
_ACTION = re.compile(r"\bAction: *+(?P<action>[A-Za-z]{2,16}+)", re.IGNORECASE)
_RULE = re.compile(r"\bRule Id: *+(?P<rule>[^\s]{1,32}+)", re.IGNORECASE)
_ACCEPTED = frozenset({"accept", "accepted", "allow", "pass"})
_LINK = re.compile(
    r"(?:PPP|WAN) link (?P<state>up|down)(?: \([^()]{0,64}+\))?(?: \[(?P<ip>[0-9A-Fa-f:.]++)\])?",
    re.IGNORECASE,
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether the web page's stamp is there, or the firewall, detector or log-in speaks."""
    text = message.text
    if text[:1].isdigit():
        return _STAMP.match(text) is not None
    return any(form.match(text) for form in (_CHECK, _INTRUSION, _USER))


def parse(message: SyslogMessage) -> Event:
    """Read a refused packet, an alert, a log-in or the state of the line."""
    text = message.text
    if stamp := _STAMP.match(text):
        text = text[stamp.end() :]
    category = text[:9].upper()
    if category.startswith("FIREWALL "):
        return _firewall(text)
    if category.startswith("IDS "):
        source_ip, source_port = endpoints.first_address(text)
        return Event(kind="dos_alert", source_ip=source_ip, source_port=source_port)
    if category.startswith("LOGIN "):
        lower = text[:512].lower()
        if "tried" in lower or "fail" in lower or "incorrect" in lower:
            at = max(0, lower.rfind("from "))
            source_ip = endpoints.first_address(text[at : at + 128])[0]
            return Event(kind="login_failure", source_ip=source_ip)
    if found := _LINK.match(text):
        up = found["state"].lower() == "up"
        return Event(
            kind="wan_up" if up else "wan_down",
            ip=fields.address(found["ip"] or "") if up else None,
        )
    if category.startswith("KERNEL ") and "restart" in text[:32].lower():
        return Event(kind="boot")
    return Event(kind="other")


def _firewall(text: str) -> Event:
    found = _FLOW.search(text[:1024])
    if found is None:  # the firewall speaks about itself, or the line is cut
        return Event(kind="rejected" if " check " in text[:48] else "other")
    transport = fields.transport(found["transport"])
    has_ports = transport not in fields.PORTLESS
    said = _ACTION.search(text, found.end(), found.end() + 512)
    action = said["action"].lower() if said else None
    rule = _RULE.search(text, found.end(), found.end() + 512)
    return Event(
        kind="accepted" if action in _ACCEPTED else "rejected",
        action=action,
        transport=transport,
        source_ip=fields.address(found["source"] or ""),
        source_port=fields.port(found["source_port"] or "") if has_ports else None,
        destination_ip=fields.address(found["destination"] or ""),
        destination_port=fields.port(found["destination_port"] or "") if has_ports else None,
        rule=rule["rule"] if rule else None,
    )


DIALECT = Dialect(
    "bt_homehub_thomson", "BT Home Hub, Thomson, SpeedTouch, Technicolor", claims, parse
)
