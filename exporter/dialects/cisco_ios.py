"""Cisco IOS, IOS-XE and relatives: `%FACILITY-level-MNEMONIC: text`.

    %SEC-6-IPACCESSLOGP: list 102 denied tcp 198.51.100.7(3067) -> 203.0.113.9(139), 1 packet
    %SEC-6-IPACCESSLOGS: list 10 denied 198.51.100.7 4 packets
    %IOSXE-6-PLATFORM: F0: cpp_cp: QFP:0.0 Thread:1 TS:1 %FW-6-DROP_PKT: Dropping udp pkt from …

Sequence numbers, uptimes and unsynchronised clocks (`*`, `.`) stand before the tag; a platform's
message holds a second tag, which counts. `count` is the number of packets of that interval. Source:
"Cisco IOS System Message Guide"; "Configuring IP Access Lists" for what `log-input` adds.
"""

import re

from exporter.dialects import Dialect, Malformed, fields, notation
from exporter.events import Event, Kind, SyslogMessage

_TAG = re.compile(
    r"%(?P<facility>[A-Z][A-Z0-9_]{0,31})(?:-[A-Z][A-Z0-9_]{0,31}){0,2}-[0-7]-"
    r"(?P<mnemonic>[A-Z][A-Z0-9_]{1,47}):[ \t]*+"
)
_LENGTH = 1024  # characters of a text that are read; the facts stand in front
_TWO_TAGS = ("IOSXE", "IOSXE_INFRA", "FMANFP", "CPPOSLIB")

_ACCESS_LIST = re.compile(
    r"list[ \t]++(?P<rule>\S++)[ \t]++(?P<verdict>denied|permitted)[ \t]++(?P<what>[^,]*+)"
    r"(?:,[ \t]*+(?P<count>[0-9]++)[ \t]++packet)?",
    re.IGNORECASE,
)
_STANDARD = re.compile(
    r"(?P<source>\S++)(?:[ \t]*+->[ \t]*+(?P<destination>\S++))?[ \t]++"
    r"(?P<count>[0-9]++)[ \t]++packet",
    re.IGNORECASE,
)
_HOST = re.compile(r"(?P<ip>[0-9A-Za-z:.]++)[ \t]*+(?:\((?P<port>[0-9]{1,5})\))?")
_INPUT = re.compile(  # log-input: "(FastEthernet0/0 0000.5e00.5301)", or an interface alone
    r"\(?(?P<interface>[A-Za-z][^\s()]{0,63})(?:[ \t]++(?P<mac>[0-9A-Fa-f.:-]{12,17}))?\)?"
)
_MISSED = re.compile(r"missed (?P<count>[0-9]++) packet", re.IGNORECASE)

_DROPPED = re.compile(
    r"(?P<verdict>dropping|dropped)[ \t]++(?P<transport>\S++)[ \t]++(?:pkt|packet|session)[ \t]++"
    r"(?:from[ \t]++)?(?:(?P<interface>[A-Za-z]\S*+)[ \t]++)?(?P<source>\S++)[ \t]++(?:=>[ \t]++)?"
    r"(?P<destination>[^\s(]++)",
    re.IGNORECASE,
)
_SUMMARY = re.compile(
    r"(?P<count>[0-9]++) packets? were (?P<verdict>dropped) from (?P<source>\S++) => "
    r"(?P<destination>[^\s(]++)",
    re.IGNORECASE,
)
_LOGIN_SOURCE = re.compile(r"\[Source: *(?P<ip>[^\]\s]++) *\]", re.IGNORECASE)
_LOGIN_PORT = re.compile(r"\[localport: *(?P<port>[0-9]{1,5}) *\]", re.IGNORECASE)
_SNMP_HOST = re.compile(r"(?:from|by)(?: host)? (?P<ip>[0-9A-Fa-f:.]++)", re.IGNORECASE)
_OWN_ADDRESS = re.compile(
    r"interface (?P<interface>\S++) assigned DHCP address (?P<ip>[^\s,]++)", re.IGNORECASE
)
_STATION = re.compile(
    r"(?:interface (?P<interface>[^\s,]++),? [a-z ]{0,32})?station[ \t]++(?:\S++[ \t]++)??"
    r"(?P<mac>[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})",
    re.IGNORECASE,
)
_STATIONS: dict[str, Kind] = {
    **dict.fromkeys(("ASSOC", "ROAMED"), "wifi_join"),
    "DISASSOC": "wifi_leave",
    **dict.fromkeys(("AUTH_FAILED", "MAXRETRIES"), "wifi_auth_failure"),
}
_NO_TRANSLATION = ("FAIL", "EXHAUST", "MAX_ENTRIES", "POOL", "OUT_OF", "NO_ADDR", "LIMIT")
_FOR = re.compile(r" for (?P<ip>[0-9A-Fa-f:.]++)", re.IGNORECASE)
_ATTACKS = frozenset({"ALERT_ON", "HOST_TCP_ALERT_ON", "BLOCK_HOST", "TCP_SYN_FLOOD"})


def claims(message: SyslogMessage) -> bool:
    """Tell whether there is a tag of words; the firewalls' tags have numbers."""
    return "%" in message.text and _TAG.search(message.text) is not None


def parse(message: SyslogMessage) -> Event:
    """Read what the mnemonic says.

    Raises Malformed when a count is above 1,000,000.
    """
    tag = _TAG.search(message.text)
    if tag is None:
        raise Malformed("no '%FACILITY-level-MNEMONIC:'")
    if tag["facility"] in _TWO_TAGS and (second := _TAG.search(message.text, tag.end())):
        tag = second
    facility, mnemonic, text = (
        tag["facility"],
        tag["mnemonic"],
        message.text[tag.end() : tag.end() + _LENGTH],
    )
    if "ACCESSLOG" in mnemonic:
        return _access_log(text)
    if facility == "FW" or mnemonic == "DROP_PKT":
        return _firewall(mnemonic, text)
    if mnemonic in ("LOGIN_FAILED", "AUTHFAIL"):
        return _login_failure(text)
    if "NAT" in facility and any(word in mnemonic for word in _NO_TRANSLATION):
        inside = _FOR.search(text)
        return Event(kind="nat_fault", source_ip=fields.address(inside["ip"]) if inside else None)
    if facility == "SYS" and mnemonic == "RESTART":
        return Event(kind="boot")
    if (kind := _STATIONS.get(mnemonic)) and (station := _STATION.search(text[:256])):
        return Event(
            kind=kind, mac=notation.mac(station["mac"]), ingress_interface=station["interface"]
        )
    if mnemonic == "ADDRESS_ASSIGN" and (own := _OWN_ADDRESS.search(text)):
        return Event(
            kind="wan_up", ip=fields.address(own["ip"]), ingress_interface=own["interface"]
        )
    return Event(kind="other")


def _access_log(text: str) -> Event:
    entry = _ACCESS_LIST.search(text)
    if entry is None:
        missed = _MISSED.search(text)
        return Event(kind="other", count=notation.count(missed["count"]) if missed else None)
    verdict, what = entry["verdict"].lower(), entry["what"]
    kind: Kind = "rejected" if verdict == "denied" else "accepted"
    if standard := _STANDARD.match(what):
        return Event(
            kind=kind,
            action=verdict,
            source_ip=fields.address(standard["source"]),
            destination_ip=fields.address(standard["destination"] or ""),
            rule=entry["rule"],
            count=notation.count(standard["count"]),
        )
    protocol, _, ends = what.strip().partition(" ")
    before, arrow, behind = ends.partition("->")
    if not ends.strip():  # a standard list with a comma: no protocol; or a cut line
        protocol, before = "", protocol
    transport = fields.transport(protocol)
    source_ip, source_port, rest = _host(before)
    destination_ip, destination_port, _ = _host(behind)
    interface = _INPUT.match(rest) if arrow else None
    has_ports = transport not in fields.PORTLESS
    return Event(
        kind=kind,
        action=verdict,
        transport=transport,
        source_ip=source_ip,
        source_port=source_port if has_ports else None,
        destination_ip=destination_ip,
        destination_port=destination_port if has_ports else None,
        ingress_interface=interface["interface"] if interface else None,
        rule=entry["rule"],
        mac=notation.mac(interface["mac"]) if interface else None,
        count=notation.count(entry["count"]),
    )


def _host(text: str) -> tuple[str | None, int | None, str]:
    """Read `[station] address(port)`; return address, port and what follows."""
    text = text.strip()
    host = _HOST.match(text)
    if host is None:  # a station, of which nobody says whose it is, stands before the address
        _, _, text = text.partition(" ")
        host = _HOST.match(text)
    elif fields.address(host["ip"]) is None and " " in text:
        _, _, text = text.partition(" ")
        host = _HOST.match(text.lstrip())
    if host is None:
        return None, None, ""
    rest = host.string[host.end() :].strip()
    return fields.address(host["ip"]), fields.port(host["port"] or ""), rest


def _firewall(mnemonic: str, text: str) -> Event:
    if mnemonic in _ATTACKS:
        return Event(kind="dos_alert")
    found = _DROPPED.search(text) or _SUMMARY.search(text)
    if found is None:
        return Event(kind="other")
    groups = found.groupdict()
    transport = fields.transport(groups.get("transport") or "")
    source_ip, source_port = _with_colon(found["source"])
    destination_ip, destination_port = _with_colon(found["destination"])
    has_ports = transport not in fields.PORTLESS
    return Event(
        kind="rejected",
        action=found["verdict"].lower(),
        transport=transport,
        source_ip=source_ip,
        source_port=source_port if has_ports else None,
        destination_ip=destination_ip,
        destination_port=destination_port if has_ports else None,
        ingress_interface=groups.get("interface"),
        count=notation.count(groups.get("count")),
    )


def _with_colon(text: str) -> tuple[str | None, int | None]:
    host, _, port = text.rpartition(":")
    if ip := fields.address(host):
        return ip, fields.port(port)
    return fields.address(text), None


def _login_failure(text: str) -> Event:
    source = _LOGIN_SOURCE.search(text) or _SNMP_HOST.search(text)
    port = _LOGIN_PORT.search(text)
    return Event(
        kind="login_failure",
        source_ip=fields.address(source["ip"]) if source else None,
        destination_port=fields.port(port["port"]) if port else None,
    )


DIALECT = Dialect("cisco_ios", "Cisco IOS, IOS-XE", claims, parse)
