"""Cisco ASA, PIX, FWSM and Firepower in ASA's style: `%ASA-level-number: text`.

    %ASA-4-106023: Deny tcp src outside:198.51.100.7/2143 dst dmz:192.0.2.9/139 by access-group "a"
    %ASA-6-302013: Built outbound TCP connection 9 for outside:198.51.100.7/443 (198.51.100.7/443)
    to inside:192.168.1.5/61156 (203.0.113.9/61156)

What stands before the tag is very free. The number says which family of texts it is; only of the
families that judge packets a verdict is read, since others quote what people typed. The grammar
is in `asa_sentence`. Source: "Cisco Secure Firewall ASA Series Syslog Messages".
"""

import re

from exporter.dialects import Dialect, Malformed, asa_sentence, fields, notation
from exporter.events import Event, Kind, SyslogMessage

_LENGTH = 1024  # characters of a text that are read; the facts stand in front
_TAG = re.compile(
    r"(?<![A-Za-z0-9])(?:ASA|PIX|FWSM|FTD)(?:<[A-Za-z]{1,16}>)?-(?:[A-Za-z_]{0,16}-)?-?[0-7]-(?P<number>[0-9]{6})"
    r"(?![0-9])[ \t]*+:?[ \t]*+"
)
_REPEATED = re.compile(r"message repeated (?P<times>[0-9]++) times?: ?\[ ?", re.IGNORECASE)

_JUDGES = frozenset(
    (
        *("106", "108", "109", "201", "209", "305", "313", "322", "324", "326", "338", "342"),
        *("400", "401", "405", "406", "407", "410", "415", "416", "418", "419", "420", "421"),
        *("423", "424", "431", "434", "446", "448", "500", "507", "508", "607", "608", "703"),
        *("710", "304002"),
    )
)
_NUMBERS: dict[str, Kind] = {
    **dict.fromkeys(("313005",), "rejected"),  # states no verdict, yet the packet ends there
    **dict.fromkeys(("106017", "106020", "733100", "733101", "733102"), "dos_alert"),
    **dict.fromkeys(("733104", "733105"), "dos_alert"),
    **dict.fromkeys(("202001", "202010", "305005", "305006"), "nat_fault"),
    **dict.fromkeys(("109006", "109018", "113005", "113015", "113021"), "login_failure"),
    **dict.fromkeys(("605004", "611102", "308001", "716039"), "login_failure"),
    **dict.fromkeys(("199002",), "boot"),
}
_NO_VERDICTS = frozenset({"106025", "106026", "109005", "305009", "305011", "710001", "710004"})
# Packets to the firewall itself: the interface before its address is the one they came by.
_TO_THE_BOX = "710"

_ACCESS_LIST = re.compile(
    r"access-list[ \t]++(?P<rule>\S++)[ \t]++(?P<verdict>permitted|denied|est-allowed)[ \t]++"
    r"(?P<transport>\S++)[ \t]++(?:for user[ \t]++(?:'[^']*+'|\S++)[ \t]++)?"
    r"(?P<source>[^\s(>]++(?:\([^)\s]*+\))?)(?:\([^)]*+\))*+"
    r"(?:[ \t]*+->[ \t]*+(?P<destination>[^\s(]*+(?:\([^)\s]*+\))?)(?:\([^)]*+\))*+)?"
    r"(?:[ \t]++hit-cnt[ \t]++(?P<count>[0-9]++))?",
    re.IGNORECASE,
)
_GROUP = re.compile(
    r"by[ \t]++(?:access-group|access-list|outbound list)[ \t]++"
    r"(?:\"(?P<quoted>[^\"]*+)\"|(?!\")(?P<bare>\S++))",
    re.IGNORECASE,
)
_BUILT = re.compile(r"built(?:[ \t]++(?P<direction>inbound|outbound))?(?![\w-])", re.IGNORECASE)
# A user's name is what somebody typed: the last "user IP" is the firewall's own.
_LAST_USER_IP = re.compile(r"(?>.*user IP)[ \t]*+=[ \t]*+(?P<ip>\S++)", re.IGNORECASE | re.DOTALL)
_USER_IP = re.compile(r"(?:IP address:|IP[ \t]*+<|from)[ \t]*+(?P<ip>[^\s>,/)]++)", re.IGNORECASE)
_GRANTED = re.compile(
    r"interface (?P<interface>\S++)[: \t]++(?:address granted (?P<mac>\S++) \((?P<leased>[^)]++)|"
    r"allocated ip = (?P<own>[^\s,]++))",
    re.IGNORECASE,
)
_HOST = re.compile(r"(?<!\S)host[ \t]++(?P<ip>\S++)", re.IGNORECASE)
_UNTAGGED = re.compile(r"AAA user \w{1,32}+ Rejected ?: reason = ", re.IGNORECASE)
_DENIED_MAC = re.compile(r"mac address (?P<mac>[0-9a-f.:-]{12,17})(?![^\s,])", re.IGNORECASE)


def claims(message: SyslogMessage) -> bool:
    """Tell whether there is a tag; Firepower's own numbers, 430 and on, are another dialect's."""
    tag = _tag(message.text)
    if tag is None:  # a filter has cut it off
        return "AAA user " in message.text and _UNTAGGED.search(message.text) is not None
    return not tag["number"].startswith("430")


def parse(message: SyslogMessage) -> Event:
    """Read the text as its number's family writes it.

    Raises Malformed when a count is above 1,000,000.
    """
    tag = _tag(message.text)
    if tag is None:
        if _UNTAGGED.search(message.text):
            return _login_failure(message.text[:_LENGTH], None)
        raise Malformed("no '%ASA-level-number:'")
    number, text, times = tag["number"], message.text[tag.end() : tag.end() + _LENGTH], None
    if repeated := _REPEATED.match(text):
        times, text = notation.count(repeated["times"]), text[repeated.end() :].rstrip("] ")
    if number in ("106100", "106102", "106103") and (entry := _ACCESS_LIST.match(text)):
        return _access_list(entry, times)
    if number in ("604101", "604103") and (granted := _GRANTED.search(text)):
        return _dhcp(granted)
    if number.startswith(("302", "303")):
        return _connection(text, times)
    kind, action = _verdict(number, text)
    if kind == "login_failure":
        return _login_failure(text, times)
    if kind == "other" and not _judges(number):
        return Event(kind="other", count=times)
    if number.startswith("733"):
        host = _HOST.search(text)
        ip = fields.address(host["ip"]) if host else None
        if " is targeted" in text:
            return Event(kind=kind, destination_ip=ip, count=times)
        return Event(kind=kind, source_ip=ip, count=times)
    return _packet(number, text, kind, action, times)


def _tag(text: str) -> re.Match[str] | None:
    if "ASA" in text or "FTD" in text or "PIX-" in text or "FWSM-" in text:
        return _TAG.search(text)
    return None


def _judges(number: str) -> bool:
    return number[:3] in _JUDGES or number in _JUDGES


def _verdict(number: str, text: str) -> tuple[Kind, str | None]:
    judges = _judges(number) and number not in _NO_VERDICTS
    word = asa_sentence.verdict_word(text) if judges else None
    if kind := _NUMBERS.get(number):
        return kind, word if kind == "rejected" else None
    if word is None:
        return "other", None
    return ("accepted" if word in asa_sentence.ACCEPTED else "rejected"), word


def _packet(number: str, text: str, kind: Kind, action: str | None, count: int | None) -> Event:
    # A packet inside an ICMP error gives no field.
    text = asa_sentence.before_inner_packet(text)
    flow = asa_sentence.flow(text)
    transport = asa_sentence.transport(text[: max(flow.start, 64)])
    transport = transport or asa_sentence.transport_behind(text)
    has_ports = transport not in fields.PORTLESS
    group = _GROUP.search(text)
    ingress, egress = flow.source.interface, flow.destination.interface
    if stated := asa_sentence.stated_interface(text):
        ingress, egress = stated, None
    elif number.startswith(_TO_THE_BOX):
        ingress, egress = ingress or egress, None
    mac = _DENIED_MAC.search(text) if number.startswith("322") else None
    return Event(
        kind=kind,
        action=action,
        transport=transport,
        source_ip=flow.source.host,
        source_port=flow.source.port if has_ports else None,
        destination_ip=flow.destination.host,
        destination_port=flow.destination.port if has_ports else None,
        ingress_interface=fields.word(ingress),
        egress_interface=fields.word(egress),
        rule=fields.word(group["quoted"] or group["bare"]) if group else None,
        mac=notation.mac(mac["mac"]) if mac else None,
        count=count,
        signal=asa_sentence.signal(text),
    )


def _connection(text: str, count: int | None) -> Event:
    """Read what was built; the inside stands second, whoever began."""
    built = _BUILT.match(text)
    if built is None:
        return Event(kind="other", count=count)
    flow = asa_sentence.flow(text)
    source, destination = flow.source, flow.destination
    if (built["direction"] or "").lower() == "outbound":
        source, destination = destination, source
    transport = asa_sentence.transport(text[: max(flow.start, 64)])
    has_ports = transport not in fields.PORTLESS
    return Event(
        kind="accepted",
        action="built",
        transport=transport,
        source_ip=source.host,
        source_port=source.port if has_ports else None,
        destination_ip=destination.host,
        destination_port=destination.port if has_ports else None,
        ingress_interface=fields.word(source.interface),
        egress_interface=fields.word(destination.interface),
        count=count,
    )


def _access_list(entry: re.Match[str], times: int | None) -> Event:
    verdict = entry["verdict"].lower()
    source = asa_sentence.in_parentheses(entry["source"])
    destination = asa_sentence.in_parentheses(entry["destination"] or "")
    transport = fields.transport(entry["transport"])
    has_ports = transport not in fields.PORTLESS
    hits = notation.count(entry["count"])
    return Event(
        kind="accepted" if verdict in asa_sentence.ACCEPTED else "rejected",
        action=verdict,
        transport=transport,
        source_ip=source.host,
        source_port=source.port if has_ports else None,
        destination_ip=destination.host,
        destination_port=destination.port if has_ports else None,
        ingress_interface=fields.word(source.interface),
        egress_interface=fields.word(destination.interface),
        rule=fields.word(entry["rule"]),
        count=hits if times is None else notation.count(str(times * (hits or 1))),
    )


def _login_failure(text: str, count: int | None) -> Event:
    flow = asa_sentence.flow(text)
    user = _LAST_USER_IP.match(text)
    if user is None and flow.source.host is None:
        user = _USER_IP.search(text)
    if user:
        return Event(kind="login_failure", source_ip=fields.address(user["ip"]), count=count)
    return Event(
        kind="login_failure",
        source_ip=flow.source.host,
        source_port=flow.source.port,
        destination_ip=flow.destination.host,
        destination_port=flow.destination.port,
        count=count,
    )


def _dhcp(granted: re.Match[str]) -> Event:
    interface = fields.word(granted["interface"].rstrip(":"))
    if granted["own"]:
        return Event(kind="wan_up", ip=fields.address(granted["own"]), ingress_interface=interface)
    return Event(
        kind="dhcp_lease",
        ip=fields.address(granted["leased"]),
        mac=notation.mac(granted["mac"]),
        ingress_interface=interface,
    )


DIALECT = Dialect(
    "cisco_asa",
    "Cisco ASA, PIX, FWSM, Firepower in ASA's style",
    claims,
    parse,
    examples=(
        (
            "%ASA-4-106023: Deny udp src outside:198.51.100.7/3478 dst inside:192.0.2.9/51413 by "
            'access-group "outside_in"'
        ),
        (
            "%ASA-4-106100: access-list outside_in denied tcp outside/198.51.100.7(443) -> "
            "inside/192.0.2.9(443) hit-cnt 3 first hit"
        ),
        (
            "%ASA-6-302013: Built outbound TCP connection 906 for outside:198.51.100.7/443 "
            "(198.51.100.7/443) to inside:192.168.1.5/51444 (203.0.113.9/37785)"
        ),
        "%ASA-2-106001: Inbound TCP connection denied from 198.51.100.7/5432 to 203.0.113.9/23 on",
        (
            "%ASA-6-605004: Login denied from 198.51.100.7/56332 to outside:203.0.113.9/ssh for "
            'user "x"'
        ),
    ),
)
