"""Cisco Meraki: seconds with nine decimals, the device, the type, then pairs `key=value`.

    1774252343.885426267 MX67 flows src=198.51.100.7 dst=203.0.113.9 mac=00:00:5E:00:53:01
    protocol=udp sport=13943 dport=16329 pattern: 1 all
    1774252343.885426267 MR42 events type=association radio='1' vap='0' client_mac='…'

`pattern: 1` is deny, `0` is allow; without pattern the line tells no verdict, but for
`ip_flow_start`, which reports what was let through. Source: "Syslog Event Types and Log Samples",
Meraki documentation.
"""

import re

from exporter.dialects import Dialect, Malformed, fields, notation
from exporter.events import Event, Kind, SyslogMessage

_HEADER = re.compile(
    r"(?:1[ \t]++)?(?:[0-9]{9,11}\.[0-9]{3,9}[ \t]++)?(?P<device>\S{1,128}+)[ \t]++"
    r"(?P<type>[a-z0-9_]{0,64}(?:flows|firewall)|ip_flow_(?:start|end)|urls|events|ids-alerts|"
    r"security_event|airmarshal_events)(?!\S)[ \t]*+(?:(?P<verdict>allow|deny)(?!\S)[ \t]*+)?",
)
_SIGNS = ("src=", " events ", "_events ", "ids-alerts", "security_event")
_EPOCH = re.compile(r"(?:1[ \t]++)?[0-9]{9,11}\.[0-9]{3,9}[ \t]")
_LEASE = re.compile(
    r"dhcp lease of ip (?P<ip>\S++)(?: from \w++ mac \S++)?(?: for client mac (?P<mac>\S++))?",
    re.IGNORECASE,
)
_PATTERN = re.compile(
    r"(?<!\S)pattern:[ \t]*+(?:Group Policy[ \t]++)?(?P<word>[^\s]++)", re.IGNORECASE
)
_VERDICTS: dict[str, Kind] = {
    **dict.fromkeys(("1", "deny", "denied", "block", "blocked", "drop"), "rejected"),
    **dict.fromkeys(("0", "allow", "allowed", "permit"), "accepted"),
}
_EVENTS: dict[str, Kind] = {
    "association": "wifi_join",
    **dict.fromkeys(("disassociation", "deauthentication"), "wifi_leave"),
    **dict.fromkeys(("wpa_deauth", "8021x_deauth", "8021x_client_deauth"), "wifi_leave"),
    **dict.fromkeys(
        ("8021x_eap_failure", "wpa_auth_failure", "8021x_auth_fail"), "wifi_auth_failure"
    ),
    **dict.fromkeys(("device_packet_flood", "packet_flood", "rogue_dhcp"), "dos_alert"),
}


def claims(message: SyslogMessage) -> bool:
    """Tell whether a type of line stands in its place, behind the time or before an address."""
    return _header(message) is not None


def parse(message: SyslogMessage) -> Event:
    """Read a packet's pairs, or an event's.

    Raises Malformed when a line of the firewall names no address.
    """
    header = _header(message)
    if header is None:
        raise Malformed("no type of line behind the device")
    kind_of_line, text = header["type"].lower(), header.string[header.end() :]
    if kind_of_line in ("events", "airmarshal_events"):
        return _event(text)
    if kind_of_line in ("urls", "ids-alerts", "security_event", "ip_flow_end"):
        return _intrusion(text, judged=kind_of_line == "security_event")
    return _packet(kind_of_line, text, header["verdict"])


def _header(message: SyslogMessage) -> re.Match[str] | None:
    text = message.text
    if "src=" not in text and not any(sign in text for sign in _SIGNS):
        return None
    header = _HEADER.match(text)
    if header is None:
        return None
    # Where a relay took the time for the host, only a packet's line is certain.
    certain = _EPOCH.match(text) or (message.hostname or "").replace(".", "", 1).isdecimal()
    return header if certain or text.startswith("src=", header.end()) else None


def _packet(kind_of_line: str, text: str, verdict: str | None) -> Event:
    pairs = _pairs(text)
    pattern = _PATTERN.search(text)
    word = (pattern["word"] if pattern else verdict or pairs.get("decision", "")).lower()
    source_ip, destination_ip = (fields.address(pairs.get(key, "")) for key in ("src", "dst"))
    kind = _VERDICTS.get(word, "accepted" if kind_of_line == "ip_flow_start" else "other")
    if source_ip is None and destination_ip is None and kind == "other":
        raise Malformed("neither an address nor a verdict")
    transport = fields.transport(pairs.get("protocol", ""))
    has_ports = transport not in fields.PORTLESS
    return Event(
        kind=kind,
        action=word if word.isalpha() and word.isascii() and word in _VERDICTS else None,
        transport=transport,
        source_ip=source_ip,
        source_port=fields.port(pairs.get("sport", "")) if has_ports else None,
        destination_ip=destination_ip,
        destination_port=fields.port(pairs.get("dport", "")) if has_ports else None,
        mac=notation.mac(pairs.get("mac")),
    )


def _intrusion(text: str, *, judged: bool) -> Event:
    """Read an intrusion, a file or a URL: only a security event states what became of it."""
    pairs = _pairs(text)
    decision = (pairs.get("decision") or pairs.get("action", "")).lower() if judged else ""
    kind = _VERDICTS.get(decision, "other")
    source_ip, source_port = _end(pairs.get("src", ""))
    destination_ip, destination_port = _end(pairs.get("dst", ""))
    if source_port is None and destination_port is None:
        source_port = fields.port(pairs.get("sport", ""))
        destination_port = fields.port(pairs.get("dport", ""))
    transport = fields.transport(pairs.get("protocol", "").partition("/")[0])
    has_ports = transport not in fields.PORTLESS
    return Event(
        kind=kind,
        action=decision if kind != "other" else None,
        transport=transport,
        source_ip=source_ip,
        source_port=source_port if has_ports else None,
        destination_ip=destination_ip,
        destination_port=destination_port if has_ports else None,
    )


def _event(text: str) -> Event:
    if lease := _LEASE.match(text):
        return Event(
            kind="dhcp_lease", ip=fields.address(lease["ip"]), mac=notation.mac(lease["mac"])
        )
    pairs = _pairs(text)
    kind = _EVENTS.get(pairs.get("type", ""), "other")
    return Event(kind=kind, mac=notation.mac(pairs.get("client_mac")) if kind != "other" else None)


def _end(text: str) -> tuple[str | None, int | None]:
    host, _, port = text.rpartition(":")
    if ip := fields.address(host):
        return ip, fields.port(port)
    return fields.address(text), None


def _pairs(text: str) -> dict[str, str]:
    """Return the first value of each key in front of the pattern."""
    pairs: dict[str, str] = {}
    for word in text.split():
        if word.lower().startswith("pattern:"):
            break
        key, equals, value = word.partition("=")
        if equals:
            pairs.setdefault(key.lower(), value.strip("'\","))
    return pairs


DIALECT = Dialect(
    "meraki",
    "Cisco Meraki MX, MR",
    claims,
    parse,
    examples=(
        (
            "1774252343.885426267 MX84 flows deny src=198.51.100.7 dst=203.0.113.9 "
            "mac=00:00:5E:00:53:01 protocol=udp sport=3478 dport=51413"
        ),
        (
            "1774252343.885426267 MR42 events type=association radio='0' vap='1' "
            "client_mac='00:00:5E:00:53:01'"
        ),
    ),
)
