"""MikroTik RouterOS: topics, then the text.

    firewall,info drop-in input: in:ether1 out:(unknown 0), connection-state:new
    src-mac 00:00:5e:00:53:02, proto TCP (SYN), 198.51.100.7:59388->203.0.113.9:23, len 40
    system,error,critical login failure for user admin from 192.168.88.6 via ssh
    dns query from 192.168.88.10: #1234 www.example.com. A

RouterOS does not log the verdict of a packet: it is read from the rule's log prefix, in front of
the chain, else from the prefix of the logging rule (`prefix: `), both of which the administrator
chose. Names of interfaces and users hold blanks. What the NAT part repeats is not read. Source:
RouterOS manual, "Log", "Syslog with Elasticsearch".
"""

import re

from exporter.dialects import (
    Dialect,
    Malformed,
    endpoints,
    fields,
    mikrotik_topics,
    signals,
    verdict_words,
)
from exporter.events import Event, Kind, SyslogMessage

_TEXT_LENGTH = 4096  # characters; RouterOS ends its texts at 1,000
_PREFIX_LENGTH = 512  # a rule's name is bounded; the rest is what a relay put in front
_PROTO = re.compile(
    r" (?:proto|eth-proto[ \t]++(?:0800|86dd),)[ \t]++(?P<transport>[^\s,(]++)(?=[\s,(])"
    r"(?:[ \t]*+(?:\((?P<signal>[^)]*+)\))?[ \t]*+,[ \t]*+"
    r"(?P<source>[^\s,>]*?)[ \t]*+->[ \t]*+(?P<destination>[^\s,]*+))?",
    re.IGNORECASE,
)
_SRC_MAC = re.compile(r"src-mac[ \t]++(?P<mac>[0-9a-f:-]{17})(?![^\s,])", re.IGNORECASE)

_MAC = r"(?P<mac>[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5})"
_LEASE = re.compile(
    rf"(?<!\S)assigned[ \t]++(?P<ip>\S++)[ \t]++(?:to|for)[ \t]++{_MAC}"
    r"(?:[ \t]++(?P<host>.{1,255}))?",
    re.IGNORECASE,
)
_STATION = re.compile(
    rf"(?<!\S){_MAC}@(?P<interface>.{{1,64}}?)(?=:?[ \t,]{{1,8}}+(?P<word>"
    r"(?:dis)?connected|(?:dis)?associated|reject(?:ed)?|deauthenticated|roamed)\b)",
    re.IGNORECASE,
)
_ROAMED = re.compile(r"roamed[ \t]++to[ \t]++[0-9a-f:]{17}@(?P<interface>[^\s,]++)", re.IGNORECASE)
_STATION_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("connected", "associated", "roamed"), "wifi_join"),
    **dict.fromkeys(("disconnected", "disassociated", "deauthenticated"), "wifi_leave"),
    **dict.fromkeys(("reject", "rejected"), "wifi_auth_failure"),
}
_CLIENT = re.compile(
    r"dhcp-client on (?P<interface>.{1,64}?) (?P<verb>got|lost) ip address (?P<ip>\S++)",
    re.IGNORECASE,
)
_SESSION = re.compile(
    r"(?:[^\s:]{1,64}: )?(?P<interface>[^\s<>:]++):? (?P<verb>connected|disconnected)\b",
    re.IGNORECASE,
)
_QUERY = re.compile(
    r"(?:^|\s)query from (?P<ip>\S{2,60}?)(?:#(?P<port>[0-9]{1,5}))?:[ \t]+(?:#[0-9]++[ \t]++)?+"
    r"(?P<name>[^\s:#]{1,255}+)(?=\s)",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    r"(?:^|\s)(?:done query:[ \t]++#[0-9]++[ \t]++(?P<name>\S{1,255})[ \t]++(?P<ip>\S{2,60}+)"
    r"|<(?P<record>[^\s:<>]{1,255}):(?:A|AAAA):[0-9]{1,10}=(?P<data>[^\s<>]{2,60})>)",
    re.IGNORECASE,
)
_REBOOTED = re.compile(r"router (?:was )?rebooted\b", re.IGNORECASE)


def claims(message: SyslogMessage) -> bool:
    """Tell whether the line has RouterOS's topics, or its way to write a packet."""
    return mikrotik_topics.read(message) is not None or _is_packet(message.text.expandtabs(1))


def parse(message: SyslogMessage) -> Event:
    """Read a packet, or what the other topics tell about devices and the line to the Internet.

    Raises Malformed when a line of the firewall shows neither a packet nor a verdict.
    """
    found = mikrotik_topics.read(message)
    topics, text = found or ("firewall", message.content)
    text = text.expandtabs(1)
    families = topics.lower().split(",")
    if "firewall" in families or _is_packet(text):
        return _packet(text)
    text = fields.single_spaced(text[:_TEXT_LENGTH])
    if families[0] in ("wireless", "wifi", "caps") and (event := _station(text)):
        return event
    if families[0] == "dhcp" and (event := _lease(text)):
        return event
    if families[0] in ("pppoe", "lte", "ppp") and (session := _SESSION.match(text)):
        up = session["verb"].lower() == "connected"
        interface = fields.word(session["interface"])
        return Event(kind="wan_up" if up else "wan_down", ingress_interface=interface)
    if families[0] == "dns":
        return _dns(text)
    if "login failure for" in text.lower():
        return _login_failure(text)
    if families[0] == "system" and _REBOOTED.search(text):
        return Event(kind="boot")
    return Event(kind="other")


def _is_packet(text: str) -> bool:
    if "->" not in text:
        return False
    keys = _lower(text)
    return " out:" in keys and "in:" in keys and _protocol(keys) >= 0


def _protocol(keys: str) -> int:
    """Return where the protocol stands; the bridge's filter writes the frame's type before it."""
    at = keys.find(" proto ")
    return keys.find(" eth-proto ") if at < 0 else at


def _lower(text: str) -> str:
    lower = text.lower()
    # Some letters grow, and shift all behind them.
    return lower if len(lower) == len(text) else text


def _packet(text: str) -> Event:
    keys = _lower(text)
    at = _protocol(keys)
    proto = _PROTO.match(text, at) if at >= 0 else None
    ingress, egress, before = _interfaces(text, keys, at if at >= 0 else len(text))
    if ingress is None and proto is None:
        if verdict := verdict_words.first(text[:_PREFIX_LENGTH]):  # cut inside the prefix or behind
            return Event(kind=verdict[0], action=verdict[1])
        raise Malformed("no 'in:… out:…' and no 'proto …'")
    logging, rule = _prefixes(
        before.rstrip(": \t").rpartition(" ")[0]
    )  # the last word is the chain
    verdict = verdict_words.first(rule) or verdict_words.first(logging)
    at = keys.find("src-mac ")
    station = _SRC_MAC.match(text, at) if at >= 0 else None
    transport = fields.transport(proto["transport"]) if proto else None
    has_ports = transport not in fields.PORTLESS
    signal = (proto and proto["signal"]) or ""
    source_ip, source_port = endpoints.endpoint((proto and proto["source"]) or "")
    destination_ip, destination_port = endpoints.endpoint((proto and proto["destination"]) or "")
    return Event(
        kind=verdict[0] if verdict else "other",
        action=verdict[1] if verdict else None,
        transport=transport,
        source_ip=source_ip,
        source_port=source_port if has_ports else None,
        destination_ip=destination_ip,
        destination_port=destination_port if has_ports else None,
        ingress_interface=_interface(ingress),
        egress_interface=_interface(egress),
        rule=fields.word(rule or logging),
        mac=fields.mac(station["mac"]) if station else None,
        signal=signals.flags(signal) if has_ports else signals.icmp_type(signal),
    )


def _interfaces(text: str, keys: str, end: int) -> tuple[str | None, str | None, str]:
    """Return the interfaces and what stands before them: log prefixes and the chain."""
    out = keys.rfind(" out:", 0, end)
    at = keys.rfind(" in:", 0, out if out >= 0 else end)
    if at < 0 and not keys.startswith("in:"):
        return None, None, ""
    # A name that nothing follows may be cut.
    ingress = text[at + 4 : out].strip() if out >= 0 else ""
    egress, comma, _ = text[out + 5 : end].partition(",") if out >= 0 else ("", "", "")
    before = text[max(0, at - _PREFIX_LENGTH) : max(at, 0)].strip()
    return ingress, egress.strip() if comma else "", before


def _interface(text: str | None) -> str | None:
    if not text or text.lower().startswith("(unknown"):
        return None
    return fields.interface(fields.single_spaced(text))


def _prefixes(text: str) -> tuple[str, str]:
    """Split `logging-prefix: rule prefix`; either may be missing."""
    text = text.strip()
    if text.endswith(":"):  # the usual habit, "drop: input:", and no way to tell whose prefix it is
        return "", text.rstrip(": ")
    logging, colon, rule = text.partition(": ")
    return (logging.strip(), rule.strip()) if colon else ("", text)


def _login_failure(text: str) -> Event:
    """Read where from; the user's name may hold anything, so the last "from" counts."""
    at = _lower(text).rfind(" from ")
    words = text[at + 6 :].split(None, 1) if at >= 0 else []
    origin = words[0] if words else ""
    return Event(kind="login_failure", source_ip=fields.address(origin), mac=fields.mac(origin))


def _lease(text: str) -> Event | None:
    if client := _CLIENT.search(text):
        return Event(
            kind="wan_up" if client["verb"].lower() == "got" else "wan_down",
            ingress_interface=fields.word(client["interface"]),
            ip=fields.address(client["ip"].rstrip(".,")),
        )
    if lease := _LEASE.search(text):
        return Event(
            kind="dhcp_lease",
            ip=fields.address(lease["ip"]),
            mac=fields.mac(lease["mac"]),
            hostname=fields.word(lease["host"]),
        )
    return None


def _dns(text: str) -> Event:
    """Read who asked for a name, or what was answered; they are separate lines."""
    if query := _QUERY.search(text):
        ip = fields.address(query["ip"])
        return Event(
            kind="dns" if ip else "other",
            source_ip=ip,
            source_port=fields.port(query["port"] or ""),
            hostname=query["name"].rstrip("."),
        )
    answer = _ANSWER.search(text)
    ip = fields.address(answer["ip"] or answer["data"]) if answer else None
    if answer is None or ip is None:
        return Event(kind="other")
    return Event(kind="dns", ip=ip, hostname=(answer["name"] or answer["record"]).rstrip("."))


def _station(text: str) -> Event | None:
    if not (station := _STATION.search(text)):
        return None
    roamed = _ROAMED.search(text)
    return Event(
        kind=_STATION_KINDS[station["word"].lower()],
        ingress_interface=fields.word((roamed or station)["interface"]),
        mac=fields.mac(station["mac"]),
    )


DIALECT = Dialect(
    "mikrotik",
    "MikroTik RouterOS",
    claims,
    parse,
    examples=(
        (
            "firewall,info drop-in input: in:ether1 out:(unknown 0), connection-state:new src-mac "
            "00:00:5e:00:53:02, proto UDP, 198.51.100.7:3478->203.0.113.9:51413, len 40"
        ),
        "dhcp,info lan assigned 192.168.1.50 to 00:00:5E:00:53:10",
        "wireless,info 00:00:5E:00:53:10@wl2-guest: connected, signal strength -36",
        "system,error,critical login failure for user admin from 198.51.100.7 via ssh",
        "dns query from 192.168.88.10: #710806 www.example.com. AAAA",
    ),
)
