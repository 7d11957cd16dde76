"""IP Filter (Solaris, NetBSD, FreeBSD): what ipmon prints.

    ipmon[11523]: [ID 702911 local0.warning] 09:30:39.300795 3x ce0 @0:1 b 198.51.100.7,43873 ->
    203.0.113.9,22 PR tcp len 20 100 -AP IN

`3x` counts equal packets; the verdict is a letter; the last word is the direction. Source:
ipmon(8).
"""

import re

from exporter.dialects import Dialect, Malformed, fields, notation, signals
from exporter.events import Event, Kind, SyslogMessage

_LINE = re.compile(
    r"(?P<rule>@[\w-]{1,32}:[0-9-]{1,11})[ \t]++(?P<verdict>[A-Za-z])[ \t]++"
    r"(?P<source>[^\s>]++)[ \t]*+->[ \t]*+(?P<destination>[^\s>]++)[ \t]++"
    r"PR[ \t]++(?P<transport>\S++)(?=\s)"
)
_BEFORE_LENGTH = 64  # of count and interface
_COUNT = re.compile(r"(?P<count>[0-9]{1,20})x")
_DIRECTION = re.compile(r"(?<!\S)(?P<word>IN|OUT)(?!\S)")
_FLAGS = re.compile(r"(?<!\S)-(?P<letters>[SFRAPUEC]{1,8})(?!\S)")
_LETTERS: dict[str, Kind] = {"b": "rejected", "B": "rejected", "p": "accepted", "P": "accepted"}


def claims(message: SyslogMessage) -> bool:
    """Tell whether rule, verdict, ends and protocol are there."""
    return "@" in message.text and _line(message.text.expandtabs(1)) is not None


def parse(message: SyslogMessage) -> Event:
    """Read one packet, or several equal ones.

    Raises Malformed when there are more than 1,000,000.
    """
    text = message.text.expandtabs(1)
    line = _line(text)
    if line is None:
        raise Malformed("no '@group:rule verdict source -> destination PR protocol'")
    transport = fields.transport(line["transport"])
    source_ip, source_port = _end(line["source"])
    destination_ip, destination_port = _end(line["destination"])
    has_ports = transport not in fields.PORTLESS
    before = text[max(0, line.start() - _BEFORE_LENGTH) : line.start()].split()
    interface = fields.interface(before[-1]) if before else None
    repeated = _COUNT.fullmatch(before[-2]) if len(before) > 1 else None
    direction = _DIRECTION.search(text, line.end())
    flags = _FLAGS.search(text, line.end()) if transport == "tcp" else None
    return Event(
        kind=_LETTERS.get(line["verdict"], "other"),
        transport=transport,
        source_ip=source_ip,
        source_port=source_port if has_ports else None,
        destination_ip=destination_ip,
        destination_port=destination_port if has_ports else None,
        ingress_interface=interface if direction and direction["word"] == "IN" else None,
        egress_interface=interface if direction and direction["word"] == "OUT" else None,
        rule=line["rule"],
        signal=signals.flags(flags["letters"]) if flags else None,
        count=notation.count(repeated["count"]) if repeated else None,
    )


def _line(text: str) -> re.Match[str] | None:
    at = text.find(" @")
    return None if at < 0 else _LINE.match(text, at + 1)


def _end(text: str) -> tuple[str | None, int | None]:
    """Read `address,port`, `name[address],port`, or an address alone."""
    host, _, port = text.partition(",")
    name, bracket, address = host.rstrip("]").partition("[")
    return fields.address(address if bracket else name), fields.port(port)


DIALECT = Dialect(
    "ipfilter",
    "IP Filter (Solaris, BSD)",
    claims,
    parse,
    examples=(
        (
            "ipmon[1]: 23:04:06.1 bge0 @0:2 b 198.51.100.7,3478 -> 203.0.113.9,51413 PR udp len 20 "
            "84 IN"
        ),
    ),
)
