"""DrayTek Vigor: bracketed columns of the IP filter and of DoS defence.

    1449bc220888:[FILTER][Block][WAN->LAN/RT/VPN, 121:50:32    ][@S:R=14:1,
    198.51.100.7:55000->203.0.113.9:80][TCP][HLen=20, TLen=40, Flag=S, Seq=1, Ack=0, Win=65535]
    [DOS][Block][port_scan][198.51.100.7:55000->203.0.113.9:80][TCP][HLen=20, TLen=40]
    Local User (MAC=00-00-5E-00-53-02): 192.168.1.26:63515 -> 203.0.113.9:53 (UDP)

The second column is the verdict, the fourth the set and rule of the filter; `PR 47` is a protocol's
number. "Local User" lines tell who talks to whom, without a verdict. Sources: DrayTek's knowledge
base, "Syslog of Firewall"; lines that users published.
"""

import re

from exporter.dialects import Dialect, Malformed, fields, keyvalue
from exporter.events import Event, Kind, SyslogMessage

_CATEGORIES = ("[FILTER][", "[DOS][", "[CSM][", "[URL FILTER][", "[IP FILTER][")
_MAX_COLUMNS = 12
_WITH_PORTS = frozenset({"TCP", "UDP", "6", "17"})
_RULE = re.compile(
    r"@?S:R ?= ?(?P<rule>[0-9A-Za-z]{1,8}+:[0-9A-Za-z]{1,8}+|[A-Za-z]{2,16}+)"
    r"(?:,(?P<flow>.*?->.*+))?",
    re.IGNORECASE | re.DOTALL,
)
_END = re.compile(
    r" *+\[?(?:[0-9x*]{1,3}\.[0-9x*]{1,3}\.|[0-9a-f]{0,4}:[0-9a-f]*+:)", re.IGNORECASE
)
_FLAGS = re.compile(r"[ ,\[]Flag=(?P<letters>[SFRAPUEC]{1,8})[,\]]")
_USER = re.compile(
    r"Local User(?: ?\(MAC ?= ?(?P<mac>[0-9A-Fa-f:-]{17})\))?[ :]++(?P<source>\S++) ?(?:DNS )?-> ?"
    r"(?P<destination>[^\s(]++) *+(?:\((?P<transport>[A-Za-z0-9]++)\))?"
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether it has the columns of a filter, or is about a local user's connection."""
    text = message.text
    if "->" not in text:
        return False
    if "][" in text and _start(text) >= 0:
        return True
    return "Local User" in text and _USER.search(text) is not None


def parse(message: SyslogMessage) -> Event:
    """Read the columns, or who talks to whom.

    Raises Malformed when there is neither verdict nor packet.
    """
    text = message.text
    start = _start(text)
    if start < 0:
        return _user(text)
    columns = [part.strip() for part in text[start + 1 :].split("][", _MAX_COLUMNS)]
    columns[-1] = columns[-1].removesuffix("]")
    category, action = columns[0].upper(), columns[1]
    kind: Kind = "dos_alert" if category == "DOS" else keyvalue.verdict(action)[0]
    path, rule, flow, transport = "", "", "", ""
    for column in columns[2:]:
        if found := _RULE.match(column):
            rule, flow = found["rule"], (found["flow"] or "").strip() or flow
            continue
        for piece in column.split(",", 3):
            if "->" in piece:
                path, flow = (path, piece) if _is_flow(piece) else (piece, flow)
            elif flow and not transport and "=" not in column:
                transport = piece
    transport = transport.upper().removeprefix("PR").partition("(")[0].strip()
    source, destination = (_with_port(end, transport) for end in _ends(flow))
    flags = _FLAGS.search(text, start)
    return keyvalue.packet(
        kind,
        action,
        transport=transport,
        source=source,
        destination=destination,
        interfaces=_ends(path),
        rule=rule,
        flags=flags["letters"] if flags else "",
    )


def _start(text: str) -> int:
    """Return where the columns begin; -1 when there are none."""
    for category in _CATEGORIES:
        if (at := text.find(category)) >= 0:
            return at
    upper = text[:256].upper()
    return next((at for category in _CATEGORIES if (at := upper.find(category)) >= 0), -1)


def _ends(flow: str) -> tuple[str, str]:
    source, _, destination = flow.partition("->")
    return source.strip(), destination.strip()


def _with_port(text: str, transport: str) -> tuple[str, str]:
    """Read an end; of IPv6 without brackets the last group is the port, where there are ports."""
    host, _, port = text.rpartition(":")
    if transport in _WITH_PORTS and ":" in host and fields.address(host):
        return host, port
    return keyvalue.endpoint(text)


def _is_flow(text: str) -> bool:
    """Tell addresses, masked ones too, from the names of networks."""
    return _END.match(text) is not None


def _user(text: str) -> Event:
    found = _USER.search(text)
    if found is None:
        raise Malformed("no [category][verdict] and no local user")
    return keyvalue.packet(
        "other",
        transport=found["transport"] or "",
        source=keyvalue.endpoint(found["source"]),
        destination=keyvalue.endpoint(found["destination"]),
        mac=found["mac"] or "",
    )


DIALECT = Dialect(
    "draytek",
    "DrayTek Vigor",
    claims,
    parse,
    examples=(
        (
            "vigor_data: 1449bc000001:[FILTER][Block][WAN->LAN/RT/VPN, 121:50:32    ][@S:R=14:1, "
            "198.51.100.7:55000->203.0.113.9:51413][UDP][HLen=20, TLen=40]"
        ),
        (
            "vigor: [DOS][Block][port_scan][198.51.100.7:4000->203.0.113.9:22][TCP][HLen=20, "
            "TLen=40, Flag=S]"
        ),
        "vigor: Local User (MAC=00-00-5E-00-53-02): 192.168.1.26:63515 -> 203.0.113.53:53 (UDP)",
    ),
)
