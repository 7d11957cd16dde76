"""Yamaha RTX, NVR and FWX routers: filters, stateful inspection, DHCP server, PP interfaces.

    PP[01] Rejected at IN(200099) filter: TCP 198.51.100.7:51413 > 203.0.113.9:23
    [INSPECT] LAN2[out][101098] UDP 192.168.100.5:49152 > 198.51.100.53:53 (2026/11/10 23:04:06)
    [DHCPD] LAN1(port3) Allocates 192.168.100.5: 00:00:5e:00:53:05
    LAN1(port2) Rejected at IN(45) filter: 00:00:5e:00:53:05 > ff:ff:ff:ff:ff:ff IP
    PP[01] PPP/IPCP up  (Local: 203.0.113.9, Remote: 198.51.100.1)

IPv6 has a dot before the port. `[INSPECT]` is written for what a dynamic filter lets through.
A line is cut where a buffer ends, often behind `>`. A packet's dump follows as lines of hex bytes.
A PP interface is the Internet session, except the anonymous ones, by which VPN users dial in.
Sources: Yamaha's command reference (`syslog notice`, `ip filter`), logs published by users.
"""

import re

from exporter.dialects import Dialect, Malformed, endpoints, fields, signals
from exporter.events import Event, Kind, SyslogMessage

_TAGS = (
    *("INSPECT", "DHCPD", "DHCPv6", "IKE[0-9]?", "IPsec", "SWCTL", "NAT"),
    *("NETVOLANTE-DNS", "DDNS", "HTTPD", "SSHD", "TELNETD", "SFTPD", "SNMP", "NTP", "SNTP"),
    *("BGP", "OSPF", "RIP", "UPNP", "UPnP", "SIP", "NGN", "SCHEDULE", "SCHEDULER", "LUA", "USB"),
    *("L2TP", "PPTP", "PPTPD", "MOBILE", "POLICY", "QAC", "APCTL", "YNO", "LLDP", "LMAP", "BRIDGE"),
    *("EXTERNAL-MEMORY", "URL_FILTER", "TUNNEL", "KEEPALIVE", "VRRP", "MAIL", "RADIUS", "MLD"),
)
_INTERFACE = (
    r"(?:(?:PP|PPPOE|TUNNEL|VLAN)\[[^\]\s]{1,16}\]|(?:LAN|WAN|ONU|BRIDGE|VLAN|LOOPBACK)[0-9]{1,2}"
    r"(?:[/.:][0-9]{1,2}(?![0-9:]))?(?:\(port ?[0-9]{1,2}\))?)"
)
_START = re.compile(
    rf"\[(?:{'|'.join(_TAGS)})\]|{_INTERFACE}(?::? )|(?:IP )?Tunnel ?\[[0-9]{{1,4}}\]"
    r"|(?:RTX|NVR|FWX|SRT|RTV|RT)[0-9]{2,4}[A-Za-z]{0,3} (?:Rev|BootROM)"
    r"|(?:Login (?:succeeded|failed|incorrect)|Logout) (?:for|from) |'administrator' "
    r"|(?:Configuration saved|Restart by |Power-on boot|Previous EXEC:|main: +RTX)",
    re.IGNORECASE,
)
_DUMP = re.compile(r"(?:[0-9a-f]{2} {1,2}){1,31}[0-9a-f]{2}", re.IGNORECASE)
_JUDGED = re.compile(
    rf"(?P<interface>{_INTERFACE}):? ++(?P<verdict>Rejected|Passed|Restricted) ++at ++"
    r"(?P<way>IN|OUT) *+\( *+(?P<rule>[^()\s]{1,32}+) *+\) *+filter *+:? *+(?P<packet>.*+)",
    re.IGNORECASE | re.DOTALL,
)
_INSPECTED = re.compile(
    rf"\[INSPECT\] ++(?P<interface>{_INTERFACE}) *+\[(?P<way>in|out)\] *+"
    r"(?:\[(?P<rule>[^\[\]\s]{1,32}+)\])? *+(?P<packet>.*+)",
    re.IGNORECASE | re.DOTALL,
)
_LEASE = re.compile(
    rf"\[DHCPD\] ++(?:(?P<interface>{_INTERFACE}):? ++)?(?:Allocates|Extends|Renews) ++"
    r"(?P<ip>[0-9.]{7,15}+) *+:?(?P<station>.{0,64}+)",
    re.IGNORECASE | re.DOTALL,
)
_SESSION = re.compile(
    r"(?P<interface>(?:PP|PPPOE)\[(?!ANONYMOUS)[^\]\s]{1,16}\]) ++"
    r"(?:PPP/IP(?:V6)?CP ++(?P<state>up|down)|(?P<lost>Disconnected))\b"
    r"(?: *+\( *+Local: *+(?P<ip>[0-9A-Fa-f:.]++))?",
    re.IGNORECASE,
)
_NO_LOGIN = re.compile(
    r"(?:\[\w{3,8}\] (?:\w{3,6} )?)?Login (?:failed|incorrect) (?:for|from) ++(?P<from>.{0,160}+)",
    re.IGNORECASE | re.DOTALL,
)
_STARTED = re.compile(r"[A-Z]{2,3}[0-9]{2,4}\S{0,4} Rev.{1,160}? starts", re.IGNORECASE | re.DOTALL)
_NAT_FAULT = re.compile(
    r".{0,80}?\bNAT\b.{0,120}?\b(?:full|exhausted|exceeded|overflow|limit over)\b",
    re.IGNORECASE | re.DOTALL,
)
# A cut line may end inside the protocol's name: only a whole one counts there.
_TRANSPORTS = frozenset(
    ("tcp", "udp", "icmp", "icmpv6", "icmp6", "igmp", "esp", "ah", "gre", "ipv6", "sctp", "pim")
)
_VERDICTS: dict[str, Kind] = {
    "rejected": "rejected",
    "restricted": "rejected",
    "passed": "accepted",
}


def claims(message: SyslogMessage) -> bool:
    """Tell whether the line begins as a Yamaha's: a tag, an interface, or bytes of a dump."""
    text = message.text
    if text[2:3] == " " and len(text) < 160 and _DUMP.fullmatch(text) is not None:
        return True
    return _START.match(text) is not None


def parse(message: SyslogMessage) -> Event:
    """Read the line; what is none of the known events is `other`."""
    text = message.text
    if found := _JUDGED.match(text):
        verdict = found["verdict"].lower()
        return _packet(found, _VERDICTS[verdict], verdict)
    if text[1:8].upper() == "INSPECT":
        found = _INSPECTED.match(text)
        return _inspected(found) if found else Event(kind="other")
    if found := _LEASE.match(text):
        return _lease(found)
    if found := _SESSION.match(text):
        return _session(found)
    if found := _NO_LOGIN.match(text):
        return Event(kind="login_failure", source_ip=endpoints.first_address(found["from"])[0])
    if _STARTED.match(text):
        return Event(kind="boot")
    return Event(kind="nat_fault" if _NAT_FAULT.match(text) else "other")


def _packet(found: re.Match[str], kind: Kind, action: str | None) -> Event:
    """Read `TCP A:p > B:p`, of which the tail may be cut."""
    transport, _, flow = found["packet"].partition(" ")
    source, _, destination = flow.partition(">")
    if mac := fields.mac(transport):  # an Ethernet filter: stations, and the protocol behind them
        return _event(found, kind, action, mac=mac)
    protocol = _transport(transport, whole=bool(flow))
    source_ip, source_port = _endpoint(source)
    destination_ip, destination_port = _endpoint(destination)
    has_ports = protocol not in fields.PORTLESS
    said = "" if has_ports else destination.partition(" : ")[2]
    return _event(
        found,
        kind,
        action,
        transport=protocol,
        source_ip=source_ip,
        source_port=source_port if has_ports else None,
        destination_ip=destination_ip,
        destination_port=destination_port if has_ports else None,
        signal=signals.icmp_type(said, protocol),
    )


def _event(
    found: re.Match[str],
    kind: Kind,
    action: str | None = None,
    *,
    transport: str | None = None,
    source_ip: str | None = None,
    source_port: int | None = None,
    destination_ip: str | None = None,
    destination_port: int | None = None,
    mac: str | None = None,
    signal: str | None = None,
) -> Event:
    """Build the event of a line that names an interface, a way through it and maybe a filter."""
    incoming = found["way"].upper() == "IN"
    return Event(
        kind=kind,
        action=action,
        transport=transport,
        source_ip=source_ip,
        source_port=source_port,
        destination_ip=destination_ip,
        destination_port=destination_port,
        ingress_interface=found["interface"] if incoming else None,
        egress_interface=None if incoming else found["interface"],
        rule=found["rule"],
        mac=mac,
        signal=signal,
    )


def _transport(word: str, *, whole: bool) -> str | None:
    if not whole and word.lower() not in _TRANSPORTS:
        return None
    return fields.transport(word)


def _endpoint(text: str) -> tuple[str | None, int | None]:
    """Read the first word; a port counts only with its address, which a mask may run into."""
    words = text[:128].split(None, 1)
    ip, port = endpoints.endpoint(words[0]) if words else (None, None)
    return ip, port if ip else None


def _inspected(found: re.Match[str]) -> Event:
    """Read what inspection let through, or, without a filter's number, detected."""
    before, _, after = found["packet"][:512].partition(">")
    words = before.split()
    if found["rule"] is not None or len(words) == 2:  # a transport and a source: a packet
        return _packet(found, "accepted", None)
    source_ip, source_port = _endpoint(words[-1] if words else "")
    destination_ip, destination_port = _endpoint(after)
    return _event(
        found,
        "dos_alert" if len(words) > 2 else "other",  # the attack's name, and whose it is; else cut
        source_ip=source_ip,
        source_port=source_port,
        destination_ip=destination_ip,
        destination_port=destination_port,
    )


def _lease(found: re.Match[str]) -> Event:
    ip = fields.address(found["ip"])
    if ip is None:
        raise Malformed(f"no address behind the DHCP server's verb: {found['ip']!r}")
    return Event(
        kind="dhcp_lease",
        ip=ip,
        mac=endpoints.station(found["station"]),
        ingress_interface=found["interface"],
    )


def _session(found: re.Match[str]) -> Event:
    if (found["state"] or "down").lower() == "down":
        return Event(kind="wan_down", ingress_interface=found["interface"])
    local = fields.address(found["ip"] or "")
    return Event(kind="wan_up", ingress_interface=found["interface"], ip=local)


DIALECT = Dialect(
    "yamaha_rtx",
    "Yamaha RTX, NVR, FWX",
    claims,
    parse,
    examples=(
        "PP[01] Rejected at IN(200099) filter: UDP 198.51.100.7:3478 > 203.0.113.9:51413",
        (
            "[INSPECT] PP[01][in][200080] TCP 198.51.100.7:40100 > 192.168.100.80:80 (2026/11/10 "
            "23:04:06)"
        ),
        "PP[01] PPP/IPCP up  (Local: 203.0.113.9, Remote: 198.51.100.1)",
        "Login failed for TELNET: 198.51.100.7",
    ),
)
