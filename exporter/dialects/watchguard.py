"""WatchGuard Firebox: positions behind a message number, the policy in parentheses at the end.

    firewall: msg_id="3000-0148" Deny 0-External Firebox 52 tcp 20 127 198.51.100.7 203.0.113.9
    62443 80 offset 8 S 832026162 win 8192  (Unhandled External Packet-00)
    firewall: msg_id="3000-0151" Allow LAN External tcp 192.168.1.10 203.0.113.1 50397 443
    flags="SD" duration="128 seconds" sent_pkts="17" rcvd_pkts="15"  (HTTPS-00)

    2026-11-10 23:04:06 Deny 198.51.100.7 203.0.113.9 telnet/tcp 62443 23 0-External Firebox Denied
    40 242 (Unhandled External Packet-00)  proc_id="firewall" rc="101" msg_id="3000-0148"

Pairs may stand before the verdict. The interfaces are told apart only where neither has a blank.
The last form is that of Dimension and the Traffic Monitor. Source: Fireware Log Catalog.
"""

import re

from exporter.dialects import Dialect, fields, keyvalue
from exporter.events import Event, Kind, SyslogMessage

_ID = 'msg_id="'
_NUMBER = re.compile(r"[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}\"")
_LEADING_PAIR = re.compile(r"\s*+[\w.-]++=(?:\"[^\"]*+\"|\S*+)")
_NAME = 72  # characters in which the verdict begins, a member's name in front of it included
_MONITOR = re.compile(
    r"(?:(?!Allow|Deny)[\w.-]{1,64}+[ \t]++)?(?P<verdict>Allow|Deny)[ \t]++"
    r"(?P<source>[0-9A-Fa-f:.]{3,45}+)[ \t]++"
    r"(?P<destination>[0-9A-Fa-f:.]{3,45}+)[ \t]++[^\s/]{1,64}+/(?P<transport>[a-z0-9]{2,10}+)"
    r"(?:[ \t]++(?P<source_port>[0-9]{1,5}+)[ \t]++(?P<destination_port>[0-9]{1,5}+))?(?!\S)"
    r"(?:[ \t]++(?P<ingress>[^\s(]++)[ \t]++(?P<egress>[^\s(]++)[ \t]++(?:Allowed|Denied)(?!\S))?"
    r"(?:[^(\"]*+\((?P<rule>[^()\"]{1,128}+)\))?"
)
_PPPOE = re.compile(
    r"\[(?P<interface>[^\]\s]{1,32}+)[^\]]{0,64}+\] PPPoE session\[[0-9]{1,10}+\] is "
    r"(?:(?P<up>established)(?:, acquired IP address (?P<ip>[0-9A-Fa-f:.]++))?|disconnected)"
)
_MAX_WORDS = 40
_ATTACKS = ("flood", "port scan", "address scan", "ddos", "spoof", " attack")
_FROM = re.compile(r" from ([0-9A-Fa-f:.]{3,45}+) ")
_AGAINST = re.compile(r" against ([0-9A-Fa-f:.]{3,45}+) ")


def claims(message: SyslogMessage) -> bool:
    """Tell whether a message number is there; lines of its DHCP server are left to that dialect."""
    text = message.text
    at = text.find(_ID)
    if (" Allow " in f" {text[:_NAME]}" or " Deny " in f" {text[:_NAME]}") and _MONITOR.match(text):
        return True
    return (
        at >= 0
        and not keyvalue.in_envelope(text)
        and _NUMBER.match(text, at + len(_ID)) is not None
        and " DHCP" not in text[at : at + 64]
    )


def parse(message: SyslogMessage) -> Event:
    """Read the verdict and the positions around the addresses; else a failed log-in or attack."""
    text = message.text
    if found := _MONITOR.match(text):
        return _monitored(found)
    start = text.find(_ID)
    while pair := _LEADING_PAIR.match(text, start):
        start = pair.end()
    rest = text[start:]
    front = rest.partition("=")[0]
    words = front.split(None, _MAX_WORDS)
    kind, action = keyvalue.verdict(words[0]) if words else ("other", None)
    at = _addresses(words)
    if at == 0:
        return _sentence(rest, kind, action)
    tail = rest[rest.rfind('"') + 1 :]
    _, opened, policy = tail.partition("(")
    if keyvalue.mentions(" ".join(words[at + 2 :]).partition("(")[0], _ATTACKS):
        kind = "dos_alert"
    transport, interfaces = _before(words[1:at])
    return keyvalue.packet(
        kind,
        action,
        transport=transport,
        source=(words[at], _word(words, at + 2)),
        destination=(words[at + 1], _word(words, at + 3)),
        interfaces=interfaces,
        rule=policy.rstrip().removesuffix(")") if opened else "",
    )


def _monitored(found: re.Match[str]) -> Event:
    verdict = found["verdict"].lower()
    return keyvalue.packet(
        "accepted" if verdict == "allow" else "rejected",
        verdict,
        transport=found["transport"],
        source=(found["source"], found["source_port"] or ""),
        destination=(found["destination"], found["destination_port"] or ""),
        interfaces=(found["ingress"] or "", found["egress"] or ""),
        rule=found["rule"] or "",
    )


def _addresses(words: list[str]) -> int:
    """Return where two addresses follow each other; 0 when nowhere."""
    for at in range(1, len(words) - 1):
        if words[at][0] in "0123456789abcdefABCDEF:[" and fields.address(words[at]):
            return at if fields.address(words[at + 1]) else 0
    return 0


def _before(words: list[str]) -> tuple[str, tuple[str, str]]:
    """Read interfaces and protocol: `In Out 52 tcp 20 127`, or `In Out tcp`."""
    if len(words) > 3 and words[-1].isdecimal() and words[-2].isdecimal():
        transport, names = words[-3], words[:-4]
    else:
        transport, names = words[-1] if words else "", words[:-1]
    return transport, (names[0], names[1]) if len(names) == 2 else ("", "")


def _word(words: list[str], at: int) -> str:
    return words[at] if at < len(words) else ""


def _sentence(text: str, kind: Kind, action: str | None) -> Event:
    """Read a line without two addresses; a cut one may still begin with the verdict."""
    head = text[:512]
    if found := _PPPOE.search(head):
        return Event(
            kind="wan_up" if found["up"] else "wan_down",
            ip=fields.address((found["ip"] or "").rstrip(".")),
            ingress_interface=found["interface"],
        )
    if keyvalue.mentions(head, ("log in attempt", "authentication of")) and keyvalue.mentions(
        head, ("rejected", "failed")
    ):
        source = _FROM.search(head)
        return Event(kind="login_failure", source_ip=fields.address(source[1]) if source else None)
    if not keyvalue.mentions(head, _ATTACKS):
        return Event(kind=kind, action=action)
    source, target = _FROM.search(f"{head} "), _AGAINST.search(f"{head} ")
    return Event(
        kind="dos_alert",
        action=action,
        source_ip=fields.address(source[1].rstrip(".")) if source else None,
        destination_ip=fields.address(target[1].rstrip(".")) if target else None,
    )


DIALECT = Dialect(
    "watchguard",
    "WatchGuard Firebox",
    claims,
    parse,
    examples=(
        (
            'Firebox (2026-11-10T14:04:10) firewall: msg_id="3000-0148" Deny 0-External Firebox 44 '
            "udp 20 54 198.51.100.7 203.0.113.9 3478 51413  (Unhandled External Packet-00)"
        ),
        (
            "Deny 198.51.100.7 203.0.113.9 telnet/tcp 62443 23 0-External Firebox Denied 40 242 "
            "(Unhandled External Packet-00)"
        ),
    ),
)
