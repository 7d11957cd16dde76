"""IBM's Log Event Extended Format, which QRadar reads and firewalls of many vendors can write.

    LEEF:1.0|WatchGuard|XTM|12.10|30000148|policy=Unhandled External Packet-00<TAB>disp=Deny<TAB>…
    LEEF:2.0|Check Point|VPN-1 & FireWall-1|1.0|Drop|^|src=198.51.100.7^dst=203.0.113.9^proto=6^…
    LEEF:2.0|Palo Alto Networks|PAN-OS Syslog Integration|10.1|deny|x7C|cat=TRAFFIC|src=198.51.100.7

Version 2.0 names what stands between the attributes: one character, its code in hexadecimal (`x5E`,
`0x5E`), or nothing for TAB; some writers leave the field out. Relays turn a TAB into blanks or
`#011`, and some firewalls write `|` in 1.0 too. The verdict is an attribute or the event's
identifier. Source: IBM's "LEEF Format Guide", the vendors' own tables of attributes.
"""

import re

from exporter.dialects import Dialect, Malformed, fields, keyvalue
from exporter.events import Event, Kind, SyslogMessage

_LONGEST_FRONT = 512  # characters in which the header begins
_HEADER = re.compile(
    r"LEEF: ?(?P<version>[12](?:\.[0-9])?)\|[^|]{0,128}+\|[^|]{0,128}+\|[^|]{0,128}+\|"
    r"(?P<event>[^|]{0,256}+)\|"
)
_DELIMITER = re.compile(r"(?P<delimiter>[^|=\w]?|(?:0?[xX])?[0-9A-Fa-f]{2,4})\|")
_HEX = re.compile(r"(?:0?x)?(?P<code>[0-9A-Fa-f]{2,4})", re.IGNORECASE)
_PIPED = re.compile(r"\|[A-Za-z][\w.-]{0,63}+=")
_BLANKS = re.compile(r"(?<![ \t])[ \t]++(?=[A-Za-z][\w.-]{0,63}+=)")
_MAX_PAIRS = 200

_ACTIONS = ("action", "act", "disp", "deviceaction", "rule_action", "policy_action")
_INGRESS = ("deviceinboundinterface", "ingressinterface", "in_if", "srcintf", "src_intf")
_EGRESS = ("deviceoutboundinterface", "egressinterface", "out_if", "dstintf", "dst_intf")
_RULES = ("policy", "rulename", "rule_name", "policyname", "rule", "policyid")
_ATTACKS = ("port scan", "portscan", "flood", "dos attack", "ddos", "spoof")
_LOGIN = ("login failed", "failed login", "authentication failed", "login fail", "auth-fail")


def claims(message: SyslogMessage) -> bool:
    """Tell whether the format's header is there."""
    return "LEEF:" in message.text and _HEADER.search(message.text, 0, _LONGEST_FRONT) is not None


def parse(message: SyslogMessage) -> Event:
    """Read a packet or a failed log-in; what names no packet is of no kind.

    Raises Malformed when the header is cut.
    """
    header = _HEADER.search(message.text, 0, _LONGEST_FRONT)
    if header is None:
        raise Malformed("no 'LEEF:version|vendor|product|version|event|'")
    found = _pairs(message.text[header.end() :], header["version"])
    event = header["event"]
    action, kind, word = _verdict(found, event)
    about = f"{event} {found.get('cat', '')}"
    if keyvalue.mentions(f"{about} {found.get('msg', '')}", _LOGIN):
        kind = "login_failure"
    elif keyvalue.mentions(about, _ATTACKS):
        kind = "dos_alert"
    transport = found.get("proto", "").partition("(")[0].strip()
    source, destination = found.get("src", ""), found.get("dst", "")
    if not (fields.address(source) or fields.address(destination) or fields.transport(transport)):
        return Event(kind=kind if kind == "login_failure" else "other")
    return keyvalue.packet(
        kind,
        action or word,
        transport=transport,
        source=(source, _first(found, ("srcport", "spt", "s_port"))),
        destination=(destination, _first(found, ("dstport", "dpt"))),
        interfaces=_interfaces(found),
        rule=_first(found, _RULES),
        mac=_first(found, ("srcmac", "src_mac")),
        hostname=_first(found, ("srcname", "src_host")),
        times=_first(found, ("cnt", "count")),
    )


def _pairs(text: str, version: str) -> dict[str, str]:
    """Return the values by key in lower case; of two equal keys the first counts."""
    delimiter = "\t"
    if version.startswith("2") and (stated := _DELIMITER.match(text)):
        text, delimiter = text[stated.end() :], _character(stated["delimiter"])
    if delimiter == "\t":
        text = text.replace("#011", "\t")  # rsyslog's way to write it
        if "\t" not in text:
            delimiter = "|" if _PIPED.search(text) else ""
    parts = text.split(delimiter, _MAX_PAIRS) if delimiter else _BLANKS.split(text, _MAX_PAIRS)
    found: dict[str, str] = {}
    for part in parts:
        key, equals, value = part.partition("=")
        if equals:
            found.setdefault(key.strip().lower(), value.strip())
    return found


def _character(stated: str) -> str:
    """Return the character between attributes from what the header says."""
    if len(stated) < 2:
        return stated or "\t"
    code = _HEX.fullmatch(stated)
    return chr(int(code["code"], 16)) if code else "\t"


def _verdict(found: dict[str, str], event: str) -> tuple[str, Kind, str | None]:
    """Return the action as printed, what it means, and the word that says so."""
    action = _first(found, _ACTIONS)
    kind, word = keyvalue.verdict(action)
    if not action:
        kind, word = keyvalue.verdict(event)
        policy = found.get("policy", "")
        if word is None and policy.isalpha():  # a name of several words is a rule's
            kind, word = keyvalue.verdict(policy)
    return action, kind, word


def _interfaces(found: dict[str, str]) -> tuple[str, str]:
    ingress, egress, one = _first(found, _INGRESS), _first(found, _EGRESS), found.get("ifname", "")
    if found.get("ifdir", "").lower() == "outbound":
        return ingress, egress or one
    return ingress or one, egress


def _first(found: dict[str, str], keys: tuple[str, ...]) -> str:
    return next((text for key in keys if (text := found.get(key))), "")


DIALECT = Dialect(
    "leef",
    "LEEF of any vendor (IBM QRadar's format)",
    claims,
    parse,
    examples=(
        (
            "LEEF:1.0|WatchGuard|XTM|12.10|30000148|disp=Deny\tsrc=198.51.100.7\tsrcPort=3478\t"
            "dst=203.0.113.9\tdstPort=51413\tproto=udp"
        ),
        "LEEF:2.0|Check Point|VPN-1 & FireWall-1|1.0|Drop|^|src=198.51.100.7^dst=203.0.113.9",
    ),
)
