"""Cisco IOS, IOS-XE, IOS-XR, NX-OS and relatives: `%FACILITY-level-MNEMONIC: text`.

    %SEC-6-IPACCESSLOGP: list 102 denied tcp 198.51.100.7(3067) -> 203.0.113.9(139), 1 packet
    ipv4_acl_mgr[310]: %ACL-IPV4_ACL-6-IPACCESSLOGP : access-list wan deny tcp 198.51.100.7(3067) -…
    %IOSXE-6-PLATFORM: F0: cpp_cp: QFP:0.0 Thread:1 TS:1 %FW-6-DROP_PKT: Dropping udp pkt from …

Sequence numbers, uptimes and unsynchronised clocks (`*`, `.`) stand before the tag; a platform's
message holds a second tag, which counts. Small switches have a letter for the level. What access
lists say is read in `ios_access_log`. Source: "Cisco IOS System Message Guide".
"""

import re

from exporter.dialects import Dialect, Malformed, fields, ios_access_log, notation
from exporter.events import Event, Kind, SyslogMessage

_TAG = re.compile(
    r"(?<![A-Za-z0-9%])%(?P<facility>[A-Z][A-Za-z0-9_]{0,31})(?:-[A-Z][A-Z0-9_]{0,31}){0,2}-"
    r"(?:[0-7]|[AFEWNID](?=-[A-Z]))-(?P<mnemonic>[A-Z][A-Za-z0-9_]{1,47})[ \t]?:[ \t]*+"
)
_LENGTH = 1024  # characters of a text that are read; the facts stand in front
_TWO_TAGS = ("IOSXE", "IOSXE_INFRA", "FMANFP", "CPPOSLIB")

_DROPPED = re.compile(
    r"(?P<verdict>dropping|dropped|passing|passed)[ \t]++(?P<transport>\S++)[ \t]++"
    r"(?:pkt|packet|session)[ \t]++"
    r"(?:from[ \t]++)?(?:(?P<interface>[A-Za-z]\S*+)[ \t]++)?(?P<source>\S++)[ \t]++(?:=>[ \t]++)?"
    r"(?P<destination>[^\s(]++)",
    re.IGNORECASE,
)
_UNKNOWN = ("other", "unknown")  # instead of a protocol; then both ports are 0
_SIGNATURE = re.compile(
    r".{0,256}?(?:\[| from )(?P<source>[0-9A-Fa-f:.]{3,45}+) (?:->|to) "
    r"(?P<destination>[0-9A-Fa-f:.]{3,45}+)",
    re.DOTALL,
)
_ASSIGNED = re.compile(
    r"DHCPD: assigned IP address (?P<ip>[0-9.]{7,15}+) to client (?P<client>[0-9a-f.]{4,80}+)",
    re.IGNORECASE,
)
_SUMMARY = re.compile(
    r"(?P<count>[0-9]++) packets? (?:were|was) (?P<verdict>dropped|passed) from "
    r"(?:(?P<interface>[A-Za-z]\S*+) )?(?P<source>\S++) => (?P<destination>[^\s(]++)",
    re.IGNORECASE,
)
_SESSION = re.compile(
    r"(?>.*?(?:start|stop) )(?:(?P<transport>tcp|udp|icmp(?:v6)?)|\S++) session: initiator "
    r"\((?P<source>[^)\s]++)\)(?>.*?responder) \((?P<destination>[^)\s]++)\)",
    re.IGNORECASE | re.DOTALL,
)
_LOGIN_SOURCE = re.compile(r"\[Source: *(?P<ip>[^\]\s]++) *\]", re.IGNORECASE)
_LOGIN_PORT = re.compile(r"\[localport: *(?P<port>[0-9]{1,5}) *\]", re.IGNORECASE)
# A user's name is what somebody typed; the address stands behind it.
_LAST_HOST = re.compile(
    r".*\b(?:from|by|source)(?: host)? '?(?P<ip>[0-9A-Fa-f:.]++)", re.IGNORECASE | re.DOTALL
)
_NO_LOGINS: dict[str, str] = {  # by mnemonic: what the text must say, in lower case
    **dict.fromkeys(("LOGIN_FAILED", "AUTHFAIL", "SNMPAUTHFAIL", "AUTHEN_FAILED"), ""),
    "INFO_FAILURE": "authentication",
    "SSH2_USERAUTH": "failed",
    "SYSTEM_MSG": "authentication fail",
    "REJECT": "rejected",
}
_OWN_ADDRESS = re.compile(
    r"interface (?P<interface>\S++) assigned DHCP address (?P<ip>[^\s,]++)", re.IGNORECASE
)
_STATION = re.compile(
    r"(?:interface (?P<interface>[^\s,]++),? [a-z ]{0,32})?(?:station|with mac:)[ \t]++"
    r"(?:\S++[ \t]++)??(?P<mac>[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})",
    re.IGNORECASE,
)
_STATIONS: dict[str, Kind] = {
    **dict.fromkeys(("ASSOC", "ROAMED", "CLIENT_ADDED_TO_RUN_STATE"), "wifi_join"),
    "DISASSOC": "wifi_leave",
    **dict.fromkeys(("AUTH_FAILED", "MAXRETRIES"), "wifi_auth_failure"),
}
_NO_TRANSLATION = ("FAIL", "EXHAUST", "MAX_ENTRIES", "POOL", "OUT_OF", "NO_ADDR", "LIMIT")
_FOR = re.compile(r" for (?P<ip>[0-9A-Fa-f:.]++)", re.IGNORECASE)
_VERDICTS: dict[str, Kind] = {"drop": "rejected", "pass": "accepted"}
_ATTACKS = frozenset({"ALERT_ON", "HOST_TCP_ALERT_ON", "BLOCK_HOST", "TCP_SYN_FLOOD"})


def claims(message: SyslogMessage) -> bool:
    """Tell whether there is a tag of words, or what `debug ip dhcp server` says of a lease."""
    text = message.text
    if "DHCPD: assigned" in text:
        return _ASSIGNED.search(text) is not None
    return "%" in text and _TAG.search(text) is not None  # the firewalls' tags have numbers


def parse(message: SyslogMessage) -> Event:
    """Read what the mnemonic says.

    Raises Malformed when a count is above 1,000,000.
    """
    tag = _TAG.search(message.text)
    if tag is None:
        if assigned := _ASSIGNED.search(message.text):
            ip, mac = fields.address(assigned["ip"]), notation.mac(assigned["client"])
            return Event(kind="dhcp_lease" if ip else "other", ip=ip, mac=mac)
        raise Malformed("no '%FACILITY-level-MNEMONIC:'")
    if tag["facility"] in _TWO_TAGS and (second := _TAG.search(message.text, tag.end())):
        tag = second
    facility, mnemonic, text = (
        tag["facility"],
        tag["mnemonic"],
        message.text[tag.end() : tag.end() + _LENGTH],
    )
    if "ACCESSLOG" in mnemonic or facility == "ACLLOG" or mnemonic == "SGACLHIT":
        return ios_access_log.read(text)
    if facility == "FW" or mnemonic == "DROP_PKT":
        return _firewall(mnemonic, text)
    if facility in ("IPS", "IDS") and (found := _SIGNATURE.match(text)):
        source_ip, source_port = _with_colon(found["source"])
        destination_ip, destination_port = _with_colon(found["destination"])
        return Event(
            kind="other",
            source_ip=source_ip,
            source_port=source_port,
            destination_ip=destination_ip,
            destination_port=destination_port,
        )
    if (said := _NO_LOGINS.get(mnemonic)) is not None and said in text.lower():
        return _login_failure(text)
    if "NAT" in facility and any(word in mnemonic for word in _NO_TRANSLATION):
        inside = _FOR.search(text)
        return Event(kind="nat_fault", source_ip=fields.address(inside["ip"]) if inside else None)
    if facility == "SYS" and mnemonic == "RESTART":
        return Event(kind="boot")
    if (kind := _STATIONS.get(mnemonic)) and (station := _STATION.search(text[:256])):
        return Event(
            kind=kind,
            mac=notation.mac(station["mac"]),
            ingress_interface=fields.word(station["interface"]),
        )
    if mnemonic == "ADDRESS_ASSIGN" and (own := _OWN_ADDRESS.search(text)):
        return Event(
            kind="wan_up",
            ip=fields.address(own["ip"]),
            ingress_interface=fields.word(own["interface"]),
        )
    return Event(kind="other")


def _firewall(mnemonic: str, text: str) -> Event:
    if mnemonic in _ATTACKS:
        return Event(kind="dos_alert")
    found = _DROPPED.search(text) or _SUMMARY.search(text) or _SESSION.match(text)
    if found is None:
        return Event(kind="other")
    groups = found.groupdict()
    verdict = groups.get("verdict", "").lower()
    protocol = (groups.get("transport") or "").lower()
    unknown = protocol.startswith(_UNKNOWN)
    transport = None if unknown else fields.transport(protocol)
    source_ip, source_port = _with_colon(found["source"])
    destination_ip, destination_port = _with_colon(found["destination"])
    has_ports = not unknown and transport not in fields.PORTLESS
    return Event(
        kind=_VERDICTS.get(verdict[:4], "other"),
        action=verdict or None,
        transport=transport,
        source_ip=source_ip,
        source_port=source_port if has_ports else None,
        destination_ip=destination_ip,
        destination_port=destination_port if has_ports else None,
        ingress_interface=fields.word(groups.get("interface")),
        count=notation.count(groups.get("count")),
    )


def _with_colon(text: str) -> tuple[str | None, int | None]:
    host, _, port = text.rpartition(":")
    if ip := fields.address(host):
        return ip, fields.port(port)
    return fields.address(text), None


def _login_failure(text: str) -> Event:
    source = _LOGIN_SOURCE.search(text) or _LAST_HOST.match(text)
    port = _LOGIN_PORT.search(text)
    return Event(
        kind="login_failure",
        source_ip=fields.address(source["ip"].rstrip(".:")) if source else None,
        destination_port=fields.port(port["port"]) if port else None,
    )


DIALECT = Dialect(
    "cisco_ios",
    "Cisco IOS, IOS-XE, IOS-XR, NX-OS",
    claims,
    parse,
    examples=(
        (
            "%SEC-6-IPACCESSLOGP: list 177 denied udp 198.51.100.7(55250) -> 203.0.113.9(15600), 1 "
            "packet"
        ),
        "%LINK-3-UPDOWN: Interface Dialer1, changed state to up",
        (
            "RP/0/RP0/CPU0:Nov 10 23:04:06.213 UTC: ipv4_acl_mgr[162]: "
            "%ACL-IPV4_ACL-6-IPACCESSLOGP : access-list wan (20) deny tcp 198.51.100.7(53) -> "
            "203.0.113.9(53), 4 packets"
        ),
        (
            "%ACLLOG-5-ACLLOG_FLOW_INTERVAL: Src IP: 198.51.100.7, Dst IP: 203.0.113.9, Src Port: "
            '53, Dst Port: 53, Src Intf: Ethernet3/3, Protocol: "UDP"(17), ACL Name: wan, ACE '
            "Action: Deny, Appl Intf: Vlan10, Hit-count: 6"
        ),
    ),
)
