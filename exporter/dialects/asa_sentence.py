"""A sentence of Cisco's firewalls about a packet: verdict, protocol and both ends.

    from 198.51.100.7/54322 to 203.0.113.9/1433            src 198.51.100.7 138 dest 203.0.113.9 138
    src outside:198.51.100.7/2143 dst dmz:192.0.2.9/139    outside/198.51.100.7(2241)
    for outside:198.51.100.7/443 (198.51.100.7/443) to NP Identity Ifc:203.0.113.9/443
    faddr 198.51.100.7/3591 gaddr 203.0.113.9/0 laddr 192.168.1.5/0
    src = 198.51.100.7, dest = 203.0.113.9, proto = UDP

Text goes in; words, ends and interfaces come out. A host may be a name that the firewall knows;
then the name is the host. A service's name is no port.
"""

import re
from typing import NamedTuple

from exporter.dialects import fields, signals

ACCEPTED = frozenset({"permitted", "allowed", "est-allowed"})
_REJECTED = frozenset(
    (
        *("deny", "denied", "denies", "drop", "dropped", "dropping", "drops", "reject", "rejected"),
        *("rejecting", "block", "blocked", "blocking", "discard", "discarded", "discarding"),
        *("shunned", "reset"),
    )
)
_TRANSPORTS = frozenset(
    (
        *("tcp", "udp", "icmp", "icmp6", "icmpv6", "igmp", "gre", "esp", "ah", "sctp", "pim"),
        *("eigrp", "ospf", "ipinip", "ipv6-icmp", "vrrp", "hsrp"),
    )
)


class End(NamedTuple):
    """One end; what is not printed is None."""

    interface: str | None = None
    host: str | None = None
    port: int | None = None


class Flow(NamedTuple):
    """Both ends, and where the first begins (0 when there is none)."""

    source: End
    destination: End
    start: int


_NOBODY = End()
_SOURCE = re.compile(
    r"\s(?:from|src(?:[ \t]++=)?|"
    r"for(?=[ \t]++(?:(?!from |src |dst |to )[\w.-]{1,48} ){0,3}[^\s:/]*+[:/]|[ \t]++faddr)|"
    r"faddr|packet:|(?:icmp|tcp|udp) packet(?=[ \t]++[^\s:/]++:))[ \t]++(?=\S)"
    r"(?!user|icmp error|protocol|tcp |udp |icmp |host )"
    r"(?:faddr[ \t]++|laddr[ \t]++|ifc[ \t]++|local-host[ \t]++)?",
    re.IGNORECASE,
)
_DESTINATION = re.compile(
    r"\s(?:(?<!due )(?:to|dst|dest(?:[ \t]++=)?)|laddr|==>|=(?=[ \t]++[0-9A-F:.]++[ \t]++on ))"
    r"[ \t]++(?:laddr[ \t]++|PAT address[ \t]++)?",
    re.IGNORECASE,
)
_USUAL_END = re.compile(
    r"(?P<interface>[A-Za-z][\w.-]{0,47}):(?P<host>[0-9.]{7,15}+)/(?P<port>[0-9]{1,5}+)(?!\S)"
)
_INTERFACE_OF_WORDS = re.compile(r"[A-Za-z][\w.-]{0,47}(?: [\w.-]{1,48}){1,3}(?=:\S)")
_KEYWORD = re.compile(r" (?:on|to|dst|dest|flags|by|due|laddr|gaddr) ", re.IGNORECASE)
_BARE_PORT = re.compile(r"[ \t]++(?P<port>[0-9]{1,5})(?![^\s,;])")
_NAME = re.compile(r"(?![xX0-9.*]++\Z)[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}")
_ON = re.compile(
    r"\s(?:on|received from)[ \t]++(?:interface[ \t]++(?P<behind>NP Identity \w++|[^\s,;]++)|"
    r"(?P<before>NP Identity \w++|[^\s,;]++)[ \t]++interface(?!\w))",
    re.IGNORECASE,
)
_BEHIND = re.compile(r"\s(?:using|proto =)[ \t]++(?P<transport>[A-Za-z0-9-]{1,16}+)", re.IGNORECASE)
_FLAGS = re.compile(r"\sflags[ \t]++(?P<flags>(?:[A-Z]{3}[ \t]++){1,8})on[ \t]", re.IGNORECASE)
_ICMP_TYPE = re.compile(r"\(type[ \t]++(?P<type>[0-9]{1,3})(?![0-9])", re.IGNORECASE)
_INNER = re.compile(r"original[ \t]++ip[ \t]++payload", re.IGNORECASE)


def verdict_word(text: str) -> str | None:
    """Return the first word that is a verdict, in lower case."""
    for word in text.lower().split():
        word = word.rstrip(".,:;")
        if word in _REJECTED or word in ACCEPTED:
            return word
    return None


def transport(text: str) -> str | None:
    """Return the protocol named first: a name, `protocol 47`, `protocol=UDP`, or `Deny 47 src`."""
    before = ""
    for word in text.lower().split():
        word = word.rstrip(".,:;").removeprefix("protocol=")
        if word in _TRANSPORTS or (word.isdecimal() and before in ("protocol", "deny")):
            return fields.transport(word)
        before = word
    return None


def transport_behind(text: str) -> str | None:
    """Return the protocol that some sentences end in: `using TCP`, `proto = UDP`."""
    found = _BEHIND.search(text)
    return fields.transport(found["transport"]) if found else None


def signal(text: str) -> str | None:
    """Return TCP's flags or ICMP's type: `flags SYN ACK on outside`, `(type 8, code 0)`."""
    if found := _FLAGS.search(text):
        return signals.flags(found["flags"])
    found = _ICMP_TYPE.search(text)
    return signals.icmp_type(found["type"]) if found else None


def flow(text: str) -> Flow:
    """Read both ends of a sentence."""
    text = f" {text}"
    source = _SOURCE.search(text)
    if source is None:
        return Flow(_NOBODY, _NOBODY, 0)
    destination = _DESTINATION.search(text, source.end())
    return Flow(
        _end(text, source.end()),
        _end(text, destination.end()) if destination else _NOBODY,
        source.start(),
    )


def in_parentheses(text: str) -> End:
    """Read `interface/address(port)`."""
    where, _, port = text.rstrip(")").partition("(")
    interface, slash, host = where.partition("/")
    if not slash:
        interface, host = "", where
    return End(interface or None, _host(host), fields.port(port))


def stated_interface(text: str) -> str | None:
    """Return the interface of `on interface X`, `on X interface`, `received from interface X`."""
    stated = _ON.search(text)
    return (stated["behind"] or stated["before"]).rstrip(".:") if stated else None


def before_inner_packet(text: str) -> str:
    """Cut off what an ICMP error quotes."""
    inner = _INNER.search(text)
    return text[: inner.start()] if inner else text


def _end(text: str, at: int) -> End:
    usual = _USUAL_END.match(text, at)
    if usual and (ip := fields.address(usual["host"])):
        return End(usual["interface"], ip, fields.port(usual["port"]))
    interface = None
    words = _INTERFACE_OF_WORDS.match(text, at, at + 256)
    if words and not _KEYWORD.search(words[0] + " "):
        interface, at = words[0], words.end() + 1
    token = text[at : at + 320].split(None, 1)
    if not token:
        return _NOBODY
    word = token[0]
    where, slash, port = word.rstrip(",;.:").partition("/")
    if where.startswith("("):  # "from (0.0.0.0) to", and a source without an address, "from ()"
        where = where.strip("()")
    elif "(" in where:  # glued: "192.0.2.9(type 8"
        where = where.partition("(")[0]
    if not slash and "(" not in word and (bare := _BARE_PORT.match(text, at + len(word))):
        port = bare["port"]
    if fields.mac(where):
        return _NOBODY
    if interface is None and ":" in where and fields.address(where) is None:
        interface, _, where = where.partition(":")
    host = _host(where)
    if host == where and not slash and len(token) == 1 and fields.address(where) is None:
        host = None  # the line's last word may be cut: a piece of a name, or of an interface's
    return End(interface or None, host, fields.port(port.partition("(")[0]))


def _host(text: str) -> str | None:
    """Return an address in its canonical form, a name as printed, None for a mask."""
    return fields.address(text) or (text if _NAME.fullmatch(text) else None)
