"""BT Home Hub and Thomson, SpeedTouch, Technicolor gateways: a category in capitals, then prose.

    23:04:06  10 Nov<TAB>FIREWALL icmp check (1 of 2): Protocol: ICMP Src ip: 198.51.100.7
    Dst ip: 203.0.113.9 Type: Destination Unreachable Code: Host Unreacheable
    FIREWALL rule (1 of 1): Protocol: TCP Src ip: 198.51.100.7 Src port: 4662 Dst ip: 203.0.113.9
    Dst port: 23 Chain: sink_fire Rule Id: 1 Action: drop
    23:04:06  10 Nov<TAB>LOGIN User admin logged in on [HTTP] (from 192.168.1.71)
    23:04:06 10 Nov. IN: BLOCK [16] Remote administration (TCP [198.51.100.7]:46060->[203.0.113.9]:…
    23:04:06 10 Nov. BLOCKED 2 more packets (because of Remote administration)
    23:04:06 10 Nov. (1234.56) Lease for IP 192.168.1.68 renewed by host phone (MAC 00:00:5e:00:53:…

The last three are BT's Home Hub 3 and later, and Smart Hub; behind `(` is the uptime. The FIREWALL
category logs what its checks refuse, unless an action says otherwise. `(1 of 2)` is not a count.
Sources: lines published by users, "Technicolor TG582n: the missing event logging manual".
"""

import re

from exporter.dialects import Dialect, endpoints, fields, keyvalue
from exporter.events import Event, Kind, SyslogMessage

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_STAMP = re.compile(
    rf"[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}},?\s++[0-9]{{1,2}} (?:{_MONTHS})\.?\s++(?=[A-Za-z]{{2}}|\()"
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
_LINK = re.compile(
    r"(?:(?:PPP|WAN) link|PPP(?:o[AE])? is) (?P<state>up|down)\b"
    r"(?: \([^()]{0,64}+\))?(?: \[(?P<ip>[0-9A-Fa-f:.]++)\])?",
    re.IGNORECASE,
)
_UPTIME = re.compile(r"\([0-9]{1,10}\.[0-9]{1,9}\)\s++")
# Where the hub's page would wrap the line, a blank without width stands behind the dash.
_HUB = re.compile(
    r"(?P<way>IN|OUT|LOCAL|FWD|FORWARD): (?P<verb>BLOCK|ACCEPT|DROP|REJECT)(?: \[[0-9]{1,6}\])?"
    r"(?P<reason>[^()]{0,128}+)"
    r"(?:\((?P<forward>Port Forwarding: )?(?P<transport>[A-Za-z0-9-]{2,16}+)"
    r"(?: type [0-9]++ code [0-9]++)? (?P<one>[^\s<>]{2,64}?) ?-?<?[-\u2013]?\u200b?-?> ?"
    r"(?P<other>[^\s<>]{2,64}+)"
    r"(?: \[(?P<peer>[^\]\s]{2,64}+)\])?(?: on (?P<interface>[^\s()]{1,32}+))?)?"
)
_MORE = re.compile(r"BLOCKED (?P<count>[0-9]{1,6}) more packets?\b", re.IGNORECASE)
_HUB_LEASE = re.compile(
    r"Lease for IP (?P<ip>\S++) (?P<what>\w++) by host (?P<hostname>[^()\s]{1,255}+) ?"
    r"\(MAC (?P<mac>[0-9A-Fa-f:]{17})\)",
    re.IGNORECASE,
)
_HUB_DEVICE = re.compile(
    r"Device (?P<what>connected|disconnected): Hostname: (?P<hostname>.{0,255}?) ?"
    r"IP: (?P<ip>\S++) MAC: (?P<mac>[0-9A-Fa-f:]{17})",
    re.IGNORECASE,
)
_HUB_STATION = re.compile(
    r"(?P<interface>[a-z0-9]{2,16}+): STA (?P<mac>[0-9A-Fa-f:]{17}) IEEE 802\.11: "
    r"(?P<said>.{0,64}+)",
    re.IGNORECASE,
)
_HUB_LOGIN = re.compile(r"Admin login (?P<said>\w++) by (?P<ip>[0-9A-Fa-f:.]++)", re.IGNORECASE)
_HUB_FORMS = (_HUB, _MORE, _HUB_LEASE, _HUB_DEVICE, _HUB_STATION, _HUB_LOGIN)

_FORMS = (_CHECK, _INTRUSION, _USER, *_HUB_FORMS)
_STARTS = re.compile(  # as those begin: one look at a line of somebody else
    r"FIREWALL |IDS |LOGIN |LOGOUT |(?:IN|OUT|LOCAL|FWD|FORWARD): |BLOCKED |Lease |Device |Admin "
    r"|[a-z0-9]{2,16}+: STA ",
    re.IGNORECASE,
)

_SAID: tuple[tuple[str, Kind], ...] = (
    ("disassociated", "wifi_leave"),
    ("deauthenticated", "wifi_leave"),
    ("fail", "wifi_auth_failure"),
    ("associated", "wifi_join"),
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether the web page's stamp is there, or the firewall, detector or log-in speaks."""
    text = message.text
    if text[:1].isdigit():
        return _STAMP.match(text) is not None
    if uptime := _UPTIME.match(text):
        return any(form.match(text, uptime.end()) for form in (*_HUB_FORMS, _LINK))
    return _STARTS.match(text) is not None and any(form.match(text) for form in _FORMS)


def parse(message: SyslogMessage) -> Event:
    """Read a refused packet, an alert, a log-in or the state of the line."""
    text = message.text
    if stamp := _STAMP.match(text):
        text = text[stamp.end() :]
    if uptime := _UPTIME.match(text):
        text = text[uptime.end() :]
    if event := _hub(text):
        return event
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


def _hub(text: str) -> Event | None:
    """Read what a Home Hub 3 or later says; None for the words of its ancestors."""
    if found := _HUB.match(text):
        return _judged(found)
    if found := _MORE.match(text):
        return Event(kind="rejected", action="blocked", count=int(found["count"]) or None)
    if found := _HUB_LEASE.match(text) or _HUB_DEVICE.match(text):
        gone = found["what"].lower() in ("released", "expired", "disconnected")
        return Event(
            kind="other" if gone else "dhcp_lease",
            ip=fields.address(found["ip"]),
            mac=fields.mac(found["mac"]),
            hostname=keyvalue.name(found["hostname"]),
        )
    if found := _HUB_STATION.match(text):
        said = found["said"].lower()
        kind: Kind = next((kind for words, kind in _SAID if words in said), "other")
        return Event(kind=kind, mac=fields.mac(found["mac"]), ingress_interface=found["interface"])
    if found := _HUB_LOGIN.match(text):
        failed = found["said"].lower().startswith("fail")
        ip = fields.address(found["ip"].rstrip("."))
        return Event(kind="login_failure" if failed else "other", source_ip=ip)
    return None


def _judged(found: re.Match[str]) -> Event:
    """Read a packet or a port forward; a connection that closed states no verdict."""
    verb, inward = found["verb"].lower(), found["way"] == "IN"
    ended = "closed" in found["reason"].lower()
    one, other = found["one"] or "", (found["other"] or "").rstrip(")")
    if found["forward"]:  # the host inside first, then our address, and the peer in brackets
        other = found["peer"] or ""
    source, destination = (other, one) if found["forward"] and inward else (one, other)
    transport = fields.transport(found["transport"] or "")
    has_ports = transport not in fields.PORTLESS
    source_ip, source_port = endpoints.endpoint(source)
    destination_ip, destination_port = endpoints.endpoint(destination)
    accepted = verb == "accept"
    verdict: Kind = "other" if ended else "accepted" if accepted else "rejected"
    return Event(
        kind=verdict,
        action=None if ended else verb,
        transport=transport,
        source_ip=source_ip,
        source_port=source_port if has_ports else None,
        destination_ip=destination_ip,
        destination_port=destination_port if has_ports else None,
        ingress_interface=found["interface"] if inward else None,
        egress_interface=None if inward else found["interface"],
    )


def _firewall(text: str) -> Event:
    found = _FLOW.search(text[:1024])
    # What does not pass a check is dropped; a rule has an action, unless it is cut.
    kind: Kind = "rejected" if " check " in text[:48] else "other"
    if found is None:  # the firewall speaks about itself, or the line is cut
        return Event(kind=kind)
    transport = fields.transport(found["transport"])
    has_ports = transport not in fields.PORTLESS
    said = _ACTION.search(text, found.end(), found.end() + 512)
    action = said["action"].lower() if said else None
    if action:
        kind, action = keyvalue.verdict(action)
    rule = _RULE.search(text, found.end(), found.end() + 512)
    return Event(
        kind=kind,
        action=action,
        transport=transport,
        source_ip=fields.address(found["source"] or ""),
        source_port=fields.port(found["source_port"] or "") if has_ports else None,
        destination_ip=fields.address(found["destination"] or ""),
        destination_port=fields.port(found["destination_port"] or "") if has_ports else None,
        rule=rule["rule"] if rule else None,
    )


DIALECT = Dialect(
    "bt_homehub_thomson",
    "BT Home Hub, Smart Hub, Thomson, SpeedTouch, Technicolor",
    claims,
    parse,
    examples=(
        (
            "23:04:06  10 Nov\tFIREWALL replay check (1 of 1): Protocol: UDP Src ip: 198.51.100.7 "
            "Src port: 53 Dst ip: 203.0.113.9 Dst port: 50123"
        ),
        "23:04:06  10 Nov\tPPP link up (Internet) [203.0.113.9]",
        (
            "23:04:06 10 Nov. IN: BLOCK [16] Remote administration (TCP [198.51.100.7]:46060->"
            "[203.0.113.9]:23 on ppp3)"
        ),
        "23:04:06 10 Nov. BLOCKED 2 more packets (because of First packet is Invalid)",
        (
            "23:04:06 10 Nov. (1234.56) Lease for IP 192.168.1.68 renewed by host phone (MAC "
            "00:00:5e:00:53:05). Lease duration: 1440 min"
        ),
        "23:04:06 10 Nov. ath10: STA 00:00:5e:00:53:05 IEEE 802.11: Client disassociated",
    ),
)
