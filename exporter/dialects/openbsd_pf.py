"""OpenBSD's and FreeBSD's pf, as tcpdump prints its log.

    rule 4/(match) block in on em0: 198.51.100.7.48784 > 203.0.113.9.23: S 1381529123:… win 16384
    rule 3/0(match): pass out on em0: 192.168.1.5.1514 > 198.51.100.9.514: udp 73

The port stands behind the last dot, IPv6 or not. Flags alone do not say TCP. What is quoted behind
the colon is not read further than the protocol's name. Source: tcpdump, print-pflog.c.
"""

import re

from exporter.dialects import Dialect, Malformed, fields
from exporter.events import Event, Kind, SyslogMessage

_RULE_LENGTH = 128
_HEAD = re.compile(
    r"/[0-9]{0,10}[ \t]*+\((?P<reason>[a-z][a-z-]{2,15})\):?[ \t]++(?:\[[^\]]*+\][ \t]++)?"
    r"(?P<action>pass|block|rdr|nat|binat|scrub|match|synproxy drop)[ \t]++"
    r"(?P<direction>in|out)[ \t]++"
    r"on[ \t]++(?P<interface>[^\s:]{1,32})(?P<colon>:?)(?!\S)[ \t]*+",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"(?:\[orig [^\]]*+\][ \t]++)?(?:IP6?[ \t]++)?(?P<source>[^\s>]++)"
    r"[ \t]*+>[ \t]*+(?P<destination>[^\s>]++)",
    re.IGNORECASE,
)
_DETAILS = re.compile(r"\((?:tos|class|flowlabel|hlim|ttl)[^()]*+(?:\([^()]*+\)[^()]*+)*+\)[ \t]*+")
_PROTO = re.compile(r"(?:proto|next-header)[ \t]++(?P<name>[A-Za-z0-9-]{1,16})", re.IGNORECASE)
_FIRST_WORD = re.compile(
    r"[ \t]*+(?:\[[^\]]*+\][ \t]*+)?"
    r"(?P<name>tcp|udp|icmp6|icmp|igmp|esp|gre|pim|carp|sctp)(?![a-z])",
    re.IGNORECASE,
)
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("block", "synproxy drop"), "rejected"),
    **dict.fromkeys(("pass", "rdr"), "accepted"),  # rdr: a port forward that was hit
}


def claims(message: SyslogMessage) -> bool:
    """Tell whether a rule's reason, verdict, direction and interface are there."""
    return _head(message.text.expandtabs(1)) is not None


def parse(message: SyslogMessage) -> Event:
    """Read rule, verdict and both ends."""
    text = message.text.expandtabs(1)
    head = _head(text)
    if head is None:
        raise Malformed("no 'rule N/(reason) verdict direction on interface'")
    before = text[max(0, head.start() - _RULE_LENGTH) : head.start()]
    packet = text[head.end() :]
    details = _DETAILS.match(packet)
    ends = _ENDS.match(packet, details.end() if details else 0)
    proto = _PROTO.search(details[0]) if details else None
    if proto is None and ends:
        proto = _FIRST_WORD.match(packet, ends.end())
    transport = fields.transport(proto["name"]) if proto else None
    source_ip, source_port = _end(ends["source"]) if ends else (None, None)
    destination_ip, destination_port = _end(ends["destination"]) if ends else (None, None)
    has_ports = transport not in fields.PORTLESS
    action = head["action"].lower()
    interface = head["interface"] if head["colon"] else None  # without it the name may be cut
    is_in = head["direction"].lower() == "in"
    return Event(
        kind=_KINDS.get(action, "other"),
        action=action,
        transport=transport,
        source_ip=source_ip,
        source_port=source_port if has_ports else None,
        destination_ip=destination_ip,
        destination_port=destination_port if has_ports else None,
        ingress_interface=interface if is_in else None,
        egress_interface=None if is_in else interface,
        rule=before.rpartition(" ")[2] or None,
    )


def _head(text: str) -> re.Match[str] | None:
    return _HEAD.search(text) if "/" in text and " on " in text.lower() else None


def _end(text: str) -> tuple[str | None, int | None]:
    """Read `address.port` or an address alone."""
    text = text.rstrip(":,")
    if (ip := fields.address(text)) and (":" in ip or text.count(".") == 3):
        return ip, None
    host, _, port = text.rpartition(".")
    is_whole = ":" in host or host.count(".") == 3  # else the "port" is a part of a cut address
    return fields.address(host), fields.port(port) if is_whole else None


DIALECT = Dialect(
    "openbsd_pf",
    "OpenBSD and FreeBSD pf (tcpdump)",
    claims,
    parse,
    examples=(
        (
            "rule 4/(match) block in on em0: 198.51.100.7.48784 > 203.0.113.9.23: S "
            "1381529123:1381529123(0) win 16384"
        ),
    ),
)
