"""Sophos: XG/XGS (SFOS) and UTM (Astaro), two flavours of quoted `key="value"` lines.

    device_name="XGS" timestamp="2026-11-10T23:04:06+0100" log_type="Firewall"
    log_component="Firewall Rule" log_subtype="Denied" fw_rule_id="4" in_interface="Port2"
    src_mac="00:00:5E:00:53:02" src_ip="198.51.100.7" dst_ip="203.0.113.9" protocol="UDP"
    src_port=60248 dst_port=443

    2026:11:10-23:04:06 utm ulogd[5157]: id="2001" severity="info" sys="SecureNet"
    sub="packetfilter" name="Packet dropped" action="drop" fwrule="60002" initf="eth0"
    srcmac="00:00:5e:00:53:02" srcip="198.51.100.7" dstip="203.0.113.9" proto="6" srcport="3666" …

Sources: Sophos Firewall Syslog Guide; UTM's own `packetfilter.log`.
"""

from exporter.dialects import Dialect, fields, keyvalue
from exporter.dialects.keyvalue import value
from exporter.events import Event, Kind, SyslogMessage

_LEASED = ("renew", "lease", "new", "assign")
_UTM_ATTACKS = ("flood", "portscan", "port scan")


def claims_xg(message: SyslogMessage) -> bool:
    """Tell whether it has the type of an SFOS line and one of its parts."""
    text = message.content
    return (
        "log_type=" in text
        and ("log_subtype=" in text or "log_component=" in text)
        and not keyvalue.in_envelope(text)
    )


def parse_xg(message: SyslogMessage) -> Event:
    """Read a packet line, a failed log-in or a lease."""
    found = keyvalue.pairs(message.content)
    kind = value(found, "log_type").lower()
    if kind == "event":
        return _xg_event(found)
    action = value(found, "log_subtype")
    component = value(found, "log_component").lower()
    verdict = "dos_alert" if component == "dos attack" else keyvalue.verdict(action)[0]
    source = value(found, "src_ip", "srcip", "sourceip")
    if verdict == "other" and not source:
        return Event(kind="other")
    return keyvalue.packet(
        verdict,
        action,
        transport=value(found, "protocol"),
        source=(source, value(found, "src_port", "srcport")),
        destination=(
            value(found, "dst_ip", "dstip", "destinationip"),
            value(found, "dst_port", "dstport"),
        ),
        interfaces=(value(found, "in_interface"), value(found, "out_interface")),
        rule=value(found, "fw_rule_id", "policy_id"),
        mac=value(found, "src_mac"),
    )


def _xg_event(found: dict[str, str]) -> Event:
    component, status = value(found, "log_component").lower(), value(found, "status").lower()
    if "dhcp" in component:
        return Event(
            kind="dhcp_lease" if status.startswith(_LEASED) else "other",
            ip=fields.address(value(found, "leased_ip", "ipaddress", "src_ip")),
            mac=fields.mac(value(found, "src_mac", "client_physical_address")),
            hostname=keyvalue.name(value(found, "client_host_name")),
        )
    of_log_in = component == "gui" or value(found, "log_subtype").lower() == "authentication"
    kind: Kind = "login_failure" if of_log_in and status.startswith("fail") else "other"
    return Event(kind=kind, source_ip=fields.address(value(found, "src_ip", "srcip")))


def claims_utm(message: SyslogMessage) -> bool:
    """Tell whether it has the system and subsystem of a UTM line."""
    text = message.content
    return ' sys="' in text and ' sub="' in text and 'id="' in text


def parse_utm(message: SyslogMessage) -> Event:
    """Read a line of the packet filter, the proxy, intrusion protection or a log-in."""
    found = keyvalue.pairs(message.content)
    title, action = value(found, "name"), value(found, "action")
    kind = keyvalue.verdict(action or title)[0]
    if action == "DNAT":
        kind = "accepted"  # a port forward that was hit
    elif keyvalue.mentions(f"{title} {action}", _UTM_ATTACKS):
        kind = "dos_alert"
    elif value(found, "sub") == "auth" and keyvalue.mentions(title, ("fail",)):
        kind = "login_failure"
    source = value(found, "srcip")
    if kind == "other" and not source:
        return Event(kind="other")
    return keyvalue.packet(
        kind,
        action,
        transport=value(found, "proto"),
        source=(source, value(found, "srcport")),
        destination=(value(found, "dstip"), value(found, "dstport")),
        interfaces=(value(found, "initf"), value(found, "outitf")),
        rule=value(found, "fwrule"),
        mac=value(found, "srcmac"),
        flags=value(found, "tcpflags"),
    )


XG = Dialect(
    "sophos_xg",
    "Sophos Firewall (XG, XGS)",
    claims_xg,
    parse_xg,
    examples=(
        (
            'device_name="XGS" timestamp="2026-11-10T14:04:06+0000" log_type="Firewall" '
            'log_component="Firewall Rule" log_subtype="Denied" in_interface="PortB" '
            'src_ip="198.51.100.7" dst_ip="203.0.113.9" protocol="UDP" src_port=3478 dst_port=51413'
        ),
    ),
)
UTM = Dialect(
    "sophos_utm",
    "Sophos UTM (Astaro)",
    claims_utm,
    parse_utm,
    examples=(
        (
            '2026:11:10-14:04:06 utm ulogd[5472]: id="2001" severity="info" sys="SecureNet" '
            'sub="packetfilter" name="Packet dropped" action="drop" fwrule="60001" initf="eth1" '
            'srcip="198.51.100.7" dstip="203.0.113.9" proto="17" srcport="3478" dstport="51413"'
        ),
    ),
)
