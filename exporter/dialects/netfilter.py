"""Linux netfilter's LOG target, and what firewalls make of it: `IN= OUT= MAC= SRC= DST= … PROTO=`.

    [WAN_LOCAL-default-D]IN=eth0 OUT= MAC=00:00:5e:00:53:01:00:00:5e:00:53:02:08:00 SRC=198.51.100.7
    DST=203.0.113.9 LEN=60 TOS=0x00 PREC=0x00 TTL=52 ID=0 DF PROTO=TCP SPT=51422 DPT=445 …

Most home routers and every Linux host write this. The kernel states no verdict; the prefix may
(see `netfilter_flavours`). Lines are long and lose their head or tail on the way, so what is left
is read. An ICMP error carries the packet it is about in brackets; nothing is taken from that.
Source: net/ipv4/netfilter/nf_log_ipv4.c, net/netfilter/nf_log_syslog.c.
"""

import re
from functools import lru_cache

from exporter.dialects import Dialect, Malformed, fields, netfilter_flavours, signals
from exporter.events import Event, SyslogMessage

_PREFIX_LENGTH = (
    512  # the kernel cuts a prefix at 127 characters; the rest is what stands before it
)
_MAC_LENGTH = 41  # both stations and the EtherType: 14 octets
_ETHERTYPES = frozenset({"08:00", "86:dd", "86:DD", "0800", "86dd", "86DD"})

_BESIDE_PROTOCOL = ("SRC=", "TTL=", "HOPLIMIT=", "SPT=", "TYPE=")
_BESIDE_PORT = ("SPT=", "LEN=", "WINDOW=")
_BEFORE_PREFIX = re.compile(
    r"(?:\s*+\[(?:[ 0-9.]++|[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9:]++| *+[CT][0-9]++)\])++ ?"
)
_LEVEL = re.compile(r"<[0-7]>")  # kernels before 2.6.39 print each part of a line with its level
_KEY = re.compile(r" [A-Z]+=")
_BLANKS = re.compile(r" {2,}")
# At a line's end a name that is none of these is a cut one.
_NAMES = frozenset(
    ("tcp", "udp", "udplite", "icmp", "icmpv6", "igmp", "esp", "ah", "gre", "ipv6", "sctp", "pim")
)

_KEYS = (" IN=", " OUT=", " MAC=", " SRC=", " DST=", " PROTO=", " SPT=", " DPT=")
# Their values in most lines: one search costs less than eight.
_USUAL = re.compile(
    r" IN=([^ ,]*+) OUT=([^ ,]*+) MAC=([^ ,]*+) SRC=([^ ,]++) DST=([^ ,]++) LEN=[0-9]++ "
    r"TOS=0x[0-9A-F]++ PREC=0x[0-9A-F]++ TTL=[0-9]++ ID=[0-9]++ (?:CE )?(?:DF )?(?:MF )?"
    r"PROTO=(TCP|UDP) SPT=([0-9]++) DPT=([0-9]++) "
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether two keys of one part of the line are there; a cut line keeps one such pair."""
    text = message.content
    return (
        ("SRC=" in text and "DST=" in text)
        or ("IN=" in text and " OUT=" in text)
        or ("PROTO=" in text and any(key in text for key in _BESIDE_PROTOCOL))
        or ("DPT=" in text and any(key in text for key in _BESIDE_PORT))
    )


def parse(message: SyslogMessage) -> Event:
    """Read the outer packet and the prefix.

    Raises Malformed when the line states neither a verdict nor anything of the packet.
    """
    line = message.content.replace("\t", " ")
    line = _outer_packet(_LEVEL.sub("", line) if "<" in line else line)
    start = _start(line)
    before, _, connection = line[max(0, start - _PREFIX_LENGTH) : start].partition("CONN=")
    before = _prefix(message, before)
    before = _BLANKS.sub(" ", before) if "  " in before else before
    prefix = netfilter_flavours.read(before.lstrip())
    # The blank parts IN= from a prefix that is glued to it; in another order, keys stand before it.
    packet = f" {line[start:]} {line[:start]}"
    usual = _USUAL.match(packet)
    values = usual.groups() if usual else [_value(packet, key) for key in _KEYS]
    ingress, egress, stations, source, destination, protocol, source_port, port = values
    transport = _transport(protocol or _value(packet, " IP proto="), line)
    has_ports = transport not in fields.PORTLESS
    event = Event(
        kind=prefix.kind,
        action=prefix.action,
        transport=transport,
        source_ip=fields.address(source),
        source_port=fields.port(source_port) if has_ports else None,
        destination_ip=fields.address(destination),
        destination_port=fields.port(port) if has_ports else None,
        ingress_interface=fields.interface(ingress or _connection(connection)),
        egress_interface=fields.interface(egress),
        rule=fields.word(prefix.rule),
        mac=_source_station(packet, stations),
        signal=_signal(packet, transport),
    )
    if event.kind == "other" and not _says_anything(event):
        raise Malformed("no address, protocol, port or interface can be read")
    return event


def _value(packet: str, key: str) -> str:
    at = packet.find(key)
    if at < 0:
        return ""
    at += len(key)
    end = packet.find(" ", at)
    return (packet[at:] if end < 0 else packet[at:end]).rstrip(",")


def _transport(protocol: str, line: str) -> str | None:
    """Read PROTO=; at the end of the line only what cannot be the beginning of another name."""
    transport = fields.transport(protocol)
    if transport is None or transport in _NAMES or transport.isdecimal():
        return transport
    return None if line[line.rfind("=") + 1 :].lower() == transport else transport


def _signal(packet: str, transport: str | None) -> str | None:
    """Read TCP's flags, which stand between RES= and URGP=, or ICMP's TYPE=."""
    if transport in fields.PORTLESS:
        return signals.icmp_type(_value(packet, " TYPE="))
    at = packet.find(" RES=0x")
    end = packet.find(" URGP=", at) if at >= 0 else -1
    return signals.flags(packet[at + len(" RES=0x00") : end]) if end >= 0 else None


def _connection(text: str) -> str:
    """Read what follows Peplink's CONN=: a name with blanks, up to the next key."""
    key = _KEY.search(text)
    return fields.single_spaced(text[: key.start()] if key else text).strip()


def _outer_packet(text: str) -> str:
    """Return the line without the packet that an ICMP error quotes: `… CODE=3 [SRC=… LEN=40 ]`."""
    inner = text.find("[SRC=")
    if inner >= 0:
        return text[:inner]
    # The head is lost up to inside the brackets.
    if " ]" in text and (text.endswith(" ]") or " ] MARK=" in text):
        return text[text.rindex(" ]") + 2 :]
    return text


def _start(line: str) -> int:
    """Return where the kernel's own keys begin; prefixes may hold `IN=` too, so the last counts."""
    source = line.rfind(" SRC=")
    end = len(line) if source < 0 else source
    at = line.rfind("IN=", 0, end)
    while at >= 4 and line[at - 4 : at] == "PHYS":
        at = line.rfind("IN=", 0, at)
    if at < 0:  # Proxmox leaves out what is empty; UniFi and Peplink may have neither
        at = line.rfind(" OUT=", 0, end)
    return max(at, 0) if at >= 0 else max(source, 0)


def _prefix(message: SyslogMessage, before: str) -> str:
    """Return the log prefix: `before` without what a logger put in front of it."""
    kernel = before.rfind("kernel: ")
    if kernel >= 0:
        before = before[kernel + len("kernel: ") :]
    if clock := _BEFORE_PREFIX.match(before):
        before = before[clock.end() :]
    tag = message.app_name
    if tag is None or tag == "kernel" or message.proc_id is not None:
        return before
    return f"{tag[:_PREFIX_LENGTH]} {before}"  # "DENY: IN=…": the prefix was taken for the tag


def _source_station(packet: str, stations: str) -> str | None:
    """Return the sender's station, as a header or the keys of LOG's --log-macdecode tell it."""
    if (station := _of_header(stations[:_MAC_LENGTH])) is not None:
        return station
    if _value(packet, " MACPROTO=") in _ETHERTYPES:
        return fields.mac(_value(packet, " MACSRC="))
    return None


@lru_cache(maxsize=4096)
def _of_header(text: str) -> str | None:
    """Return octets 7 to 12 of `MAC=` where octets 13 and 14 are the EtherType of IP.

    Tunnels have no MAC header: then these are bytes of an IP header, which begins with 45.
    """
    is_header = text[36:] in _ETHERTYPES and not text.startswith("45:")
    return fields.mac(text[18:35]) if is_header else None


def _says_anything(event: Event) -> bool:
    ports = (event.source_port, event.destination_port)
    names = (event.transport, event.source_ip, event.destination_ip)
    interfaces = (event.ingress_interface, event.egress_interface)
    return any(value is not None for value in (*ports, *names, *interfaces))


DIALECT = Dialect(
    "netfilter",
    "Linux iptables and nftables; ufw, firewalld, Shorewall, Proxmox VE, OpenWrt, Tomato, DD-WRT, "
    "Asuswrt, EdgeOS, VyOS, UniFi, Broadcom DSL, Peplink",
    claims,
    parse,
    examples=(
        (
            "kernel: DROP IN=eth0 OUT= MAC=00:00:5e:00:53:01:00:00:5e:00:53:02:08:00 "
            "SRC=198.51.100.7 DST=203.0.113.9 LEN=40 TOS=0x00 PREC=0x00 TTL=245 ID=37308 PROTO=TCP "
            "SPT=8080 DPT=8123 WINDOW=1024 RES=0x00 SYN URGP=0"
        ),
    ),
)
