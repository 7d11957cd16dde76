"""The founding format: home routers that write a sentence about each connection they judged.

    UDP connection rejected from 198.51.100.7:3478 to 203.0.113.9:51413
    FIREWALL: TCP connection denied from 198.51.100.7:443 to 203.0.113.9:65045 (map0)
    FIREWALL: ICMP connection denied from 198.51.100.7:n/a to 203.0.113.9:n/a (map0)
    NAT TX-ERROR List Create Error

A grammar rather than a brand: any transport, the verbs below, any case, any text in front. The name
in parentheses is the interface the packet came in by. The last line is the same kind of router's
own report that its translation table is full. Sources: the founding post, Buffalo AirStation's and
NEC Aterm's logs.
"""

import re
from functools import lru_cache

from exporter.dialects import Dialect, Malformed, fields
from exporter.events import Event, Kind, SyslogMessage

_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("rejected", "denied", "dropped", "blocked", "refused"), "rejected"),
    **dict.fromkeys(("accepted", "allowed", "permitted"), "accepted"),
}
# People mask an address with blanks in brackets. A literal comes first, since that is searched for.
_MASKED = r"(?:\[[^\]]*+\]|<[^>]*+>)?"
_SPACED_PORT = r"(?:(?<=:)[ \t]++[0-9]++|[ \t]++:[ \t]*+[0-9]++)?"
_PATTERN = (
    rf"connection(?<![^\s:]connection)[ \t]++(?P<verb>{'|'.join(_KINDS)})[ \t]++from[ \t]++"
    rf"(?P<source>{_MASKED}\S*+{_SPACED_PORT})"
    rf"(?P<to>[ \t]++to(?:[ \t]++(?P<destination>{_MASKED}[^\s(]*+{_SPACED_PORT})"
    r"(?:[ \t]*+\([ \t]*+(?P<interface>[^\s()]{1,64}+)[ \t]*+\))?)?)?"
)
_FRONT = 256  # characters in which Cisco's tag stands in front of its own sentence
_TAGGED = re.compile(r"%(?:ASA|PIX|FWSM|FTD)-")
_AS_PRINTED = re.compile(_PATTERN)
_ANY_CASE = re.compile(_PATTERN, re.IGNORECASE)
_NAT_FAULT = re.compile(r"nat[ \t]++[rt]x-error(?![a-z])", re.IGNORECASE)
_GLUED = re.compile(r".*[^\w-]", re.DOTALL)
_ADJECTIVES = frozenset({"new", "incoming", "inbound", "outgoing", "outbound", "remote", "invalid"})
# "connection accepted from …" alone is any server's log; behind these words it is a cut line.
_CERTAIN = frozenset({"tcp", "udp", "icmp", "icmpv6"})


def claims(message: SyslogMessage) -> bool:
    """Tell whether the line has the sentence, or is a NAT fault."""
    return _sentence(message.text) is not None or _is_nat_fault(message.text)


def parse(message: SyslogMessage) -> Event:
    """Read the sentence; an address or port that cannot be read (masked, n/a) is left out."""
    sentence = _sentence(message.text)
    if sentence is None:
        if _is_nat_fault(message.text):
            return Event(kind="nat_fault")
        raise Malformed("no '<transport> connection <verdict> from <address> to <address>'")
    verb = sentence["verb"].lower()
    transport = _transport(sentence)
    has_ports = transport not in fields.PORTLESS
    source_ip, source_port = _endpoint(sentence["source"], has_ports=has_ports)
    destination_ip, destination_port = _endpoint(sentence["destination"] or "", has_ports=has_ports)
    return Event(
        kind=_KINDS[verb],
        action=verb,
        transport=transport,
        source_ip=source_ip,
        source_port=source_port if has_ports else None,
        destination_ip=destination_ip,
        destination_port=destination_port if has_ports else None,
        ingress_interface=fields.interface(sentence["interface"] or ""),
    )


@lru_cache(maxsize=1)  # it is claimed by it, and then read
def _sentence(text: str) -> re.Match[str] | None:
    sentence = _AS_PRINTED.search(text)
    if sentence is None and "connection" in text.lower():
        sentence = _ANY_CASE.search(text)
    if sentence is None or (sentence["to"] is None and _transport(sentence) not in _CERTAIN):
        return None
    if "%" in text and _TAGGED.search(text, 0, _FRONT):
        return None
    # Cisco writes address/port, and more behind it: that is another dialect's line.
    if _has_slash(sentence["source"]) or _has_slash(sentence["destination"] or ""):
        return None
    return sentence


def _transport(sentence: re.Match[str]) -> str | None:
    """Read the word in front of "connection"."""
    before = sentence.string[max(0, sentence.start() - 64) : sentence.start()].split()
    word = _GLUED.sub("", before[-1]) if before else ""  # "FIREWALL:UDP", a byte order mark
    return None if word.lower() in _ADJECTIVES else fields.transport(word)


def _has_slash(endpoint: str) -> bool:
    return "/" in endpoint and "/" in endpoint.lower().removesuffix("n/a")


def _endpoint(text: str, *, has_ports: bool) -> tuple[str | None, int | None]:
    """Read `address:port`, `[address]:port`, or an address alone.

    Of `2001:db8::1:3478` the last group is the port, where the transport has ports.
    """
    text = "".join(text.split()).rstrip(".,;\"'" if "[" in text else ".,;\"']")
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        return fields.address(host), fields.port(port.removeprefix(":"))
    host, _, port = text.rpartition(":")
    if ":" not in host:
        return (fields.address(host), fields.port(port)) if host else (fields.address(port), None)
    whole, ip, number = fields.address(text), fields.address(host), fields.port(port)
    if whole and not (has_ports and ip and number is not None):
        return whole, None
    # Behind a masked IPv6 address nobody can tell the last group from a port.
    return ip, number if ip else None


def _is_nat_fault(text: str) -> bool:
    return "x-error" in text.lower() and _NAT_FAULT.search(text) is not None


DIALECT = Dialect(
    "connection",
    "home routers that write '… connection rejected from …' (Buffalo)",
    claims,
    parse,
    examples=(
        "UDP connection rejected from 198.51.100.7:3478 to 203.0.113.9:51413",
        (
            "[00:00:5E:00:53:01] AP00005E005301 : FIREWALL: TCP connection denied from "
            "198.51.100.7:443 to 203.0.113.9:65045 (map0)"
        ),
    ),
)
