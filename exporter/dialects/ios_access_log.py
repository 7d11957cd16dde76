"""What an access list of Cisco's routers and switches says about a packet.

    list 102 denied tcp 198.51.100.7(3067) -> 203.0.113.9(139), 1 packet                 IOS
    access-list wan-in (20) deny udp 198.51.100.7(53) -> 203.0.113.9(53), 4 packets      IOS-XR
    Src IP: 198.51.100.7, Dst IP: 203.0.113.9, Src Port: 3067, Dst Port: 139, Src Intf: Ethernet3/3,
    Protocol: "TCP"(6), ACL Name: wan-in, ACE Action: Deny, Appl Intf: Vlan10, Hit-count: 6   NX-OS
    ingress_interface='Gi1/0/1' sgacl_name='x' action='Deny' protocol='tcp' src-ip='198.51.100.7'
    src-port='3067' dest-ip='203.0.113.9' dest-port='139' logging_interval_hits='1'      TrustSec

The text behind the tag goes in, its event comes out. `count` is the number of packets of that
interval. Sources: "Configuring IP Access Lists" for what `log-input` adds; Nexus 7000 "Configure
ACL Logging"; IOS-XR "Implementing Access Lists"; "Cisco TrustSec Switch Configuration Guide".
"""

import re

from exporter.dialects import fields, keyvalue, notation
from exporter.events import Event, Kind

_PORTLESS = fields.PORTLESS | {"igmp"}  # what stands in parentheses is a type
_ENTRY = re.compile(
    r"list[ \t]++(?P<rule>\S++)(?:[ \t]++\([0-9]++\))?[ \t]++"
    r"(?P<verdict>denied|permitted|deny|permit)[ \t]++(?P<what>[^,]*+)"
    r"(?:,[ \t]*+(?P<count>[0-9]++)[ \t]++packet)?",
    re.IGNORECASE,
)
_INPUT = (
    r"\(?(?P<interface>[A-Za-z][^\s()]{0,63})(?:[ \t]++(?P<mac>[0-9A-Fa-f.:-]{12,17}))?[ \t]*+\)?"
)
_STANDARD = re.compile(
    rf"(?P<source>\S++)(?:[ \t]++(?=\(){_INPUT})?(?:[ \t]*+->[ \t]*+(?P<destination>\S++))?[ \t]++"
    r"(?P<count>[0-9]++)[ \t]++packet",
    re.IGNORECASE,
)
_HOST = re.compile(r"(?P<ip>[0-9A-Za-z:.]++)[ \t]*+(?:\((?P<port>[0-9]{1,5})\))?")
_LOG_INPUT = re.compile(_INPUT)  # "(FastEthernet0/0 0000.5e00.5301)", or an interface alone
_MISSED = re.compile(r"missed (?P<count>[0-9]++) packet", re.IGNORECASE)
_PIECE = re.compile(r"(?P<key>[A-Za-z][A-Za-z -]{1,23}?) ?[:=] ?(?P<value>[^,]*+)")
_NUMBER = re.compile(r"\((?P<number>[0-9]{1,3})\)")
_MAX_PIECES = 24


def read(text: str) -> Event:
    """Read an entry, a flow of NX-OS, a hit of TrustSec, or how many packets were not logged.

    Raises Malformed when a count is above 1,000,000.
    """
    if "IP:" in text and (pairs := _pieces(text)).keys() & {"src ip", "source ip"}:
        return _flow(pairs)
    if "src-ip=" in text:
        return _group_hit(keyvalue.pairs(text))
    if entry := _ENTRY.search(text):
        return _entry(entry)
    missed = _MISSED.search(text)
    return Event(kind="other", count=notation.count(missed["count"]) if missed else None)


def _entry(entry: re.Match[str]) -> Event:
    verdict, what = entry["verdict"].lower(), entry["what"]
    kind: Kind = "rejected" if verdict in ("denied", "deny") else "accepted"
    if standard := _STANDARD.match(what):
        return Event(
            kind=kind,
            action=verdict,
            source_ip=fields.address(standard["source"]),
            destination_ip=fields.address(standard["destination"] or ""),
            ingress_interface=standard["interface"],
            rule=fields.word(entry["rule"]),
            mac=notation.mac(standard["mac"]),
            count=notation.count(standard["count"]),
        )
    protocol, _, ends = what.strip().partition(" ")
    before, arrow, behind = ends.partition("->")
    if not ends.strip():  # a standard list with a comma: no protocol; or a cut line
        protocol, before = "", protocol
    transport = fields.transport(protocol)
    source_ip, source_port, rest = _host(before)
    destination_ip, destination_port, _ = _host(behind)
    interface = _LOG_INPUT.match(rest) if arrow else None
    has_ports = transport not in _PORTLESS
    return Event(
        kind=kind,
        action=verdict,
        transport=transport,
        source_ip=source_ip,
        source_port=source_port if has_ports else None,
        destination_ip=destination_ip,
        destination_port=destination_port if has_ports else None,
        ingress_interface=interface["interface"] if interface else None,
        rule=fields.word(entry["rule"]),
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


def _pieces(text: str) -> dict[str, str]:
    """Return the values of `Key: value, Key = value` by key in lower case."""
    found: dict[str, str] = {}
    for piece in text.split(",", _MAX_PIECES):
        if pair := _PIECE.fullmatch(piece.strip()):
            key = pair["key"].lower().replace("source", "src").replace("destination", "dst")
            found.setdefault(key.replace("interface", "intf"), pair["value"].strip())
    return found


def _flow(pairs: dict[str, str]) -> Event:
    """Read a flow of NX-OS; both ports are 0 where it has none."""
    protocol = pairs.get("protocol", "")
    number = _NUMBER.search(protocol)
    ports = pairs.get("src port", ""), pairs.get("dst port", "")
    source_port, destination_port = ("", "") if ports == ("0", "0") else ports
    action = pairs.get("ace action", "")
    return keyvalue.packet(
        keyvalue.verdict(action)[0],
        action,
        transport=number["number"] if number else protocol.strip('"'),
        source=(pairs.get("src ip", ""), source_port),
        destination=(pairs.get("dst ip", ""), destination_port),
        interfaces=(pairs.get("src intf", ""), ""),
        rule=pairs.get("acl name", ""),
        times=pairs.get("hit-count", ""),
    )


def _group_hit(found: dict[str, str]) -> Event:
    action = keyvalue.value(found, "action")
    return keyvalue.packet(
        keyvalue.verdict(action)[0],
        action,
        transport=keyvalue.value(found, "protocol"),
        source=(keyvalue.value(found, "src-ip"), keyvalue.value(found, "src-port")),
        destination=(keyvalue.value(found, "dest-ip"), keyvalue.value(found, "dest-port")),
        interfaces=(keyvalue.value(found, "ingress_interface"), ""),
        rule=keyvalue.value(found, "sgacl_name"),
        times=keyvalue.value(found, "logging_interval_hits"),
    )
