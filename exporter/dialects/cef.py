"""ArcSight CEF, and the keys that UniFi Network's SIEM export adds to it.

    CEF:0|Ubiquiti|UniFi Network|9.4.19|203|Blocked by Firewall|4|proto=TCP src=198.51.100.7
    spt=46621 dst=192.168.1.9 dpt=80 act=blocked UNIFIpolicyName=No visitors msg=…
    CEF:0|Vendor|Product|1.0|9|Deny|5|src=198.51.100.7 dst=203.0.113.9 proto=17 cs1Label=Rule cs1=7

Values hold blanks and end at the next ` key=`. The word CEF is sometimes lost, so `0|Vendor|` at
the front will do. UniFi OS leaves out a header column. Source: ArcSight's "Implementing Common
Event Format", Ubiquiti's help article on SIEM integration, lines that users published.
"""

import re

from exporter.dialects import Dialect, Malformed, fields, keyvalue
from exporter.events import Event, Kind, SyslogMessage

_BARE = re.compile(r"[01]\|[A-Za-z][^|=]{0,63}+\|[^|]{0,64}+\|")  # the word CEF is lost
_CATEGORY = re.compile(r"\A\w{1,32}+:\w{1,32}+")  # "traffic:forward deny": the way, no verdict
_SEPARATOR = re.compile(r"(?<!\\)\|")
_KEY = re.compile(r" ([A-Za-z0-9_.]++)=")
_ESCAPED = re.compile(r"\\([\\=|])")
_MAX_PAIRS = 200
_RULES = ("UNIFIpolicyName", "UNIFIfirewallPolicy", "FTNTFGTpolicyid", "rule", "policy")
_SOURCES = ("src", "UNIFIsrcClientIp", "c6a2")
_DESTINATIONS = ("dst", "UNIFIdstClientIp", "c6a3")
_STATIONS = ("smac", "UNIFIsrcClientMac")
_HOSTS = ("shost", "UNIFIsrcClientHostname", "UNIFIsrcClientAlias")
_ATTACKS = ("port scan", "portscan", "flood", "dos attack", "ddos")
_WIFI: tuple[tuple[str, Kind], ...] = (
    ("wifi client connected", "wifi_join"),
    ("wifi client roamed", "wifi_join"),
    ("wifi client disconnected", "wifi_leave"),
)
_WAN = re.compile(
    r"(?:internet|wan)\b(?>[ \w]*?(?:"
    r"(?P<up> up\b| connected| restored)|(?P<down> down\b| disconnected| lost)))"
)
_OF_PACKETS = frozenset({*_SOURCES, *_DESTINATIONS, "proto", "spt", "dpt"})
_LOGIN = ("failed login", "failed admin login", "authentication failed", "login fail")


def claims(message: SyslogMessage) -> bool:
    """Tell whether the header's columns are there; RouterOS writes its own lines into them."""
    return _start(message.text) >= 0 and "|MikroTik|" not in message.text[:512]


def parse(message: SyslogMessage) -> Event:
    """Read a packet, a wireless client's coming or going, or an event of no such kind.

    Raises Malformed when the header is cut.
    """
    columns = _SEPARATOR.split(message.text[_start(message.text) :], 7)
    if len(columns) < 6:
        raise Malformed(f"a CEF header of {len(columns)} columns")
    found = _pairs(columns[-1])
    title = columns[5].lower()
    if wifi := next((kind for words, kind in _WIFI if words in title), None):
        return _wifi(wifi, found)
    if wan := _WAN.match(title):
        return Event(kind="wan_up" if wan["up"] else "wan_down")
    action = found.get("act", "")
    kind, word = keyvalue.verdict(action or _CATEGORY.sub("", title))
    if keyvalue.mentions(title, _LOGIN):
        kind = "login_failure"
    elif keyvalue.mentions(title, _ATTACKS):
        kind = "dos_alert"
    elif not any(key in found for key in _OF_PACKETS):
        kind = "other"  # a client that was blocked is no packet
    return _packet(kind, action or word or "", found)


def _start(text: str) -> int:
    """Return where the header begins; -1 when there is none."""
    at = text.find("CEF:", 0, 512)
    if at >= 0 and text.find("|", at, at + 8) > 0 and text[at + 4 : at + 8].strip()[:1].isdigit():
        return at
    return 0 if text[1:2] == "|" and _BARE.match(text) else -1


def _pairs(extension: str) -> dict[str, str]:
    """Return the values by key; of two equal keys the first counts, since free text comes last."""
    parts = _KEY.split(" " + extension.replace("\t", " "), _MAX_PAIRS)
    parts.reverse()  # value, key, value, key, what stands before the first key
    return dict(zip(parts[1::2], parts[::2], strict=False))


def _packet(kind: Kind, action: str, found: dict[str, str]) -> Event:
    source, destination = _first(found, _SOURCES), _first(found, _DESTINATIONS)
    transport = found.get("proto", "").partition("/")[0]
    known = fields.address(source) or fields.address(destination) or fields.transport(transport)
    if kind == "other" and not known:
        return Event(kind="other", action=action.lower()[:64] or None)
    return keyvalue.packet(
        kind,
        action,
        transport=transport,
        source=(source, found.get("spt", "")),
        destination=(destination, found.get("dpt", "")),
        interfaces=(
            found.get("deviceInboundInterface", ""),
            found.get("deviceOutboundInterface", ""),
        ),
        rule=_unescaped(_first(found, _RULES) or _labelled_rule(found)),
        mac=_first(found, _STATIONS),
        hostname=_unescaped(_first(found, _HOSTS)),
        times=found.get("cnt", ""),
    )


def _wifi(kind: Kind, found: dict[str, str]) -> Event:
    return Event(
        kind=kind,
        mac=fields.mac(found.get("UNIFIclientMac", "")),
        ip=fields.address(found.get("UNIFIclientIp", "")),
        hostname=keyvalue.name(_first(found, ("UNIFIclientHostname", "UNIFIclientAlias"))),
    )


def _labelled_rule(found: dict[str, str]) -> str:
    """Return the custom string whose label speaks of a rule or policy."""
    for number in "123456":
        label = found.get(f"cs{number}Label", "")
        if label and keyvalue.mentions(label, ("rule", "policy")):
            return found.get(f"cs{number}", "")
    return ""


def _first(found: dict[str, str], keys: tuple[str, ...]) -> str:
    return next((text for key in keys if (text := found.get(key))), "")


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text[:512]) if "\\" in text else text


DIALECT = Dialect(
    "cef",
    "UniFi Network 9 and later; CEF of any vendor",
    claims,
    parse,
    examples=(
        (
            "CEF:0|Ubiquiti|UniFi Network|10.0.140|203|Blocked by "
            "Firewall|4|UNIFIcategory=Security UNIFIsubCategory=Firewall proto=UDP "
            "src=198.51.100.7 spt=3478 dst=203.0.113.9 dpt=51413 act=blocked"
        ),
    ),
)
