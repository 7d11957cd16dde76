"""Fortinet FortiGate: `key=value` lines of FortiOS 4 to 7, values quoted or bare.

    date=2026-11-10 time=23:04:06 devname="fw" devid="FGT40F" logid="0000000013" type="traffic"
    subtype="forward" vd="root" srcip=198.51.100.7 srcport=51422 srcintf="wan" dstip=203.0.113.9
    dstport=445 dstintf="root" sessionid=99 proto=6 action="deny" policyid=0 service="SMB"

    date=2011-02-20 time=12: 26:24 device_id=FGT log_id=21 type=traffic status=deny src=198.51.100.7
    src_port=1111 dst=203.0.113.9 dst_port=2222 service=2222/tcp policyid=0 src_int="wan1"

`type=event` is everything else: log-ins, leases, Wi-Fi. Sessions that end (close, timeout,
server-rst) state no verdict. Source: FortiOS Log Message Reference.
"""

import re

from exporter.dialects import Dialect, fields, keyvalue
from exporter.dialects.keyvalue import value
from exporter.events import Event, Kind, SyslogMessage

_BRACKETED = re.compile(r"\(([^()]{3,45}+)\)")
_WIFI: tuple[tuple[str, Kind], ...] = (
    ("disassociat", "wifi_leave"),
    ("deauthentic", "wifi_leave"),
    ("disconnect", "wifi_leave"),
    ("fail", "wifi_auth_failure"),
    ("denied", "wifi_auth_failure"),
    ("associat", "wifi_join"),
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether it has a log identifier and a type, as no other vendor's pairs do."""
    text = message.content
    return (
        "type=" in text
        and ("logid=" in text or "log_id=" in text)
        and "log_component=" not in text  # Sophos
        and not keyvalue.in_envelope(text)
    )


def parse(message: SyslogMessage) -> Event:
    """Read a packet line, or one of the events that are worth a kind.

    Raises Malformed when a line of traffic says nothing of a packet.
    """
    found = keyvalue.pairs(message.content)
    kind = value(found, "type").lower()
    if kind == "event" or (kind not in ("traffic", "") and not value(found, "srcip", "src")):
        return _event(found)
    return _packet(found, kind)


def _packet(found: dict[str, str], kind: str) -> Event:
    action = value(found, "action", "status")
    verdict = "accepted" if action.lower() == "start" else keyvalue.verdict(action)[0]
    if kind == "anomaly" or value(found, "subtype", "eventtype").lower() == "anomaly":
        verdict = "dos_alert"
    return keyvalue.packet(
        verdict,
        action,
        transport=value(found, "proto") or _transport(value(found, "service")),
        source=(value(found, "srcip", "src"), value(found, "srcport", "src_port")),
        destination=(value(found, "dstip", "dst"), value(found, "dstport", "dst_port")),
        interfaces=(value(found, "srcintf", "src_int"), value(found, "dstintf", "dst_int")),
        rule=value(found, "policyid", "rule", "policyname"),
        mac=value(found, "srcmac"),
        hostname=value(found, "srcname"),
        times=value(found, "count"),
    )


def _transport(service: str) -> str:
    """Read the protocol of `udp/5353`, `65535/tcp`, `icmp6/131/0`, `tcp`."""
    for word in service.lower().split("/", 2)[:2]:
        if word in ("tcp", "udp", "icmp", "icmp6", "sctp", "gre", "esp"):
            return word
    return ""


def _event(found: dict[str, str]) -> Event:
    action, status = value(found, "action").lower(), value(found, "status").lower()
    title = value(found, "logdesc", "msg")
    if value(found, "subtype").lower() == "wireless":
        return _wifi(found, f"{title} {action}".lower())
    if lease := value(found, "dhcp_msg"):
        return Event(
            kind="dhcp_lease" if lease.lower() == "ack" else "other",
            ingress_interface=fields.interface(value(found, "interface")),
            mac=fields.mac(value(found, "mac")),
            ip=fields.address(value(found, "ip")),
            hostname=keyvalue.name(value(found, "hostname")),
        )
    failed = status.startswith("fail") or "fail" in title.lower()
    kind: Kind = "other"
    if "login-fail" in action or (failed and action in ("login", "authentication")):
        kind = "login_failure"
    elif keyvalue.mentions(title, ("fortigate started", "system started")):
        kind = "boot"
    ui = _BRACKETED.search(value(found, "ui")[:128])
    return Event(
        kind=kind,
        action=fields.word(action),
        source_ip=fields.address(
            value(found, "srcip", "remip", "remote_ip") or (ui[1] if ui else "")
        ),
        source_port=fields.port(value(found, "srcport")),
        destination_ip=fields.address(value(found, "dstip")),
        destination_port=fields.port(value(found, "dstport")),
    )


def _wifi(found: dict[str, str], words: str) -> Event:
    kind: Kind = next((kind for part, kind in _WIFI if part in words), "other")
    return Event(
        kind=kind,
        ingress_interface=fields.interface(value(found, "vap", "radio")),
        mac=fields.mac(value(found, "stamac", "mac")),
        hostname=keyvalue.name(value(found, "stahostname")),
    )


DIALECT = Dialect(
    "fortigate",
    "Fortinet FortiGate",
    claims,
    parse,
    examples=(
        (
            'date=2026-11-10 time=14:04:10 logid="0000000013" type="traffic" subtype="forward" '
            'level="notice" vd="root" srcip=198.51.100.7 srcport=3478 srcintf="wan1" '
            'dstip=203.0.113.9 dstport=51413 dstintf="lan" proto=17 action="deny" policyid=3'
        ),
        (
            'date=2026-11-10 time=14:05:10 logid="0104043572" type="event" subtype="wireless" '
            'level="notice" vd="root" logdesc="Wireless client associated" ssid="home" '
            'stamac="00:00:5e:00:53:21" action="client-association"'
        ),
    ),
)
