"""Check Point: Log Exporter's syslog and generic formats, old `fw log`, what loggrabber prints.

    CheckPoint 19710 - [action:"Drop"; ifdir:"inbound"; ifname:"eth2"; dst:"203.0.113.9";
    proto:"17"; rule_name:"Cleanup"; s_port:"55036"; service:"514"; src:"198.51.100.7"; ]
    time=1794322000|product=Firewall|action=Drop|ifdir=inbound|ifname=bond1|loguid={0x0,0x0}|
    dst=203.0.113.9|proto=6|rule=402|rule_name=Cleanup|s_port=33687|service=23|src=198.51.100.7|
    Checkpoint: 10Nov2026 23:04:06 drop 192.0.2.1 >eth0 rule: 102; src: 198.51.100.7;
    dst: 203.0.113.9; proto: tcp; service: 80; s_port: 1111;
    time=10Nov2026 23:04:06 action=drop i/f_dir=inbound i/f_name=eth0 product=VPN-1 & FireWall-1
    src=198.51.100.7 s_port=1234 dst=203.0.113.9 service=23 proto=tcp rule=12

Interfaces are those of `ifdir`, or of the arrow: `>` came in, `<` went out. Source: Check Point
sk122323 (Log Exporter) and the Logs and Monitoring guide.
"""

import re

from exporter.dialects import Dialect, fields, keyvalue
from exporter.dialects.keyvalue import value
from exporter.events import Event, SyslogMessage

_QUOTED = re.compile(r"(?<![^\s;\[])([\w.-]++):{1,2}\"((?:[^\"\\]++|\\(?s:.))*+)\"")
_PIPED = re.compile(r"(?<![^\s|])([\w./-]++)=([^|]*+)")
_BLANKS = re.compile(
    r"(?<![^\s|])([\w./-]++)=(?:\"([^\"]*+)\"|((?:[^|\s\"]++|[ \t]++(?![\w./-]++=))*+))"
)
_PRODUCT = re.compile(r"(?<![^\s|])product=\"?(?:VPN-1|FireWall-1|SmartDefense)")
_OLD = re.compile(
    r"(?:[0-9]{1,2}[A-Za-z]{3}[0-9]{4} )? *+[0-9]{1,2}:[0-9:]{4,5} +(?P<action>[A-Za-z]++) +\S++"
    r"(?: +(?P<arrow>[<>])(?P<interface>\S++))?"
)
_TAG = "Checkpoint:"
_MAX_PAIRS = 200
_FAILED = ("failed log in", "failed login", "log in failed")


def claims(message: SyslogMessage) -> bool:
    """Tell whether one of the formats is there."""
    text = message.text
    if keyvalue.in_envelope(text):
        return False
    if message.app_name == "Checkpoint" or text.startswith("Checkpoint: "):
        return True
    if "CheckPoint " in text:
        return ':"' in text
    if "|product=" in text and ("|loguid=" in text or "|origin=" in text):
        return True
    if "product=" in text and "action=" in text:
        return _PRODUCT.search(text) is not None
    return "; dst: " in text and ("src: " in text) and _OLD.match(text) is not None


def parse(message: SyslogMessage) -> Event:
    """Read a packet line or a failed log-in; lines of management are of no kind.

    Raises Malformed when a packet line is cut before verdict and packet.
    """
    text = message.text
    if ':"' in text:
        return _event(dict(reversed(_QUOTED.findall(text))))
    if "|product=" in text:
        return _event({key: part.strip() for key, part in _PIPED.findall(text)})
    if "product=" in text:
        return _event(
            {key: quoted or bare for key, quoted, bare in reversed(_BLANKS.findall(text))}
        )
    text = text[max(0, text.find(_TAG) + len(_TAG)) :].lstrip() if _TAG in text else text
    old = _OLD.match(text)
    pairs = text[old.end() :] if old else text
    found = dict(part.partition(":")[::2] for part in pairs.split(";", _MAX_PAIRS))
    found = {key.rpartition(" ")[2]: part.strip() for key, part in found.items()}
    if old:
        found["action"] = old["action"]
        found["ifname"] = old["interface"] or ""
        found["ifdir"] = "outbound" if old["arrow"] == "<" else "inbound"
    return _event(found)


def _event(found: dict[str, str]) -> Event:
    action = value(found, "action", "rule_action")
    if action.lower() in _FAILED:
        return keyvalue.packet("login_failure", action, source=(value(found, "src"), ""))
    kind = keyvalue.verdict(action)[0]
    if kind != "rejected" and not value(found, "src", "dst", "proto"):
        return Event(kind="other", action=fields.word(action.lower()))
    interface = value(found, "ifname", "i/f_name")
    outbound = value(found, "ifdir", "i/f_dir").lower() == "outbound"
    return keyvalue.packet(
        kind,
        action,
        transport=value(found, "proto"),
        source=(value(found, "src"), value(found, "s_port")),
        destination=(value(found, "dst"), value(found, "service")),
        interfaces=("", interface) if outbound else (interface, ""),
        rule=value(found, "rule_name", "rule", "match_id"),
        times=value(found, "packet_amount"),
    )


DIALECT = Dialect(
    "checkpoint",
    "Check Point",
    claims,
    parse,
    examples=(
        (
            'CheckPoint 19710 - [action:"Drop"; ifdir:"inbound"; '
            'ifname:"eth0"; src:"198.51.100.7"; dst:"203.0.113.9"; proto:"17"; s_port:"3478"; '
            'service:"51413"; ]'
        ),
        (
            "action=drop orig=192.0.2.1 i/f_dir=inbound i/f_name=eth0 product=VPN-1 & FireWall-1 "
            "src=198.51.100.7 s_port=1234 dst=203.0.113.9 service=23 proto=tcp rule=12"
        ),
    ),
)
