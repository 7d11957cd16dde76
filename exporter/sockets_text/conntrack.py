"""`conntrack -L` and /proc/net/nf_conntrack of Linux routers -> conversations.

    udp      17 29 src=192.168.1.10 dst=198.51.100.7 sport=50123 dport=3478 packets=3 bytes=252
        src=198.51.100.7 dst=203.0.113.10 sport=3478 dport=61234 packets=2 bytes=168 [ASSURED] use=1
    ipv4     2 tcp      6 431999 ESTABLISHED src=192.168.1.10 dst=…

(one line each). The first tuple is what was sent, the second what the answer looks like: where the
two do not mirror each other, something was translated. Lines of `conntrack -E` are read too.
Source: ctnetlink's print functions in libnetfilter_conntrack, nf_conntrack_standalone.c.
"""

import re

from exporter.addresses import canonical
from exporter.sockets_text import fields
from exporter.sockets_text.conversations import TRANSPORTS, Conversation, End, Rows

_PAIR = re.compile(r"(src|dst|sport|dport|bytes)=([0-9A-Fa-f:.]{1,64})(?![^\s])")
MAX_BYTES = 2**64 - 1


def split(lines: list[str]) -> Rows:
    """Return the conversations of the rows, and the lines that are none."""
    found: list[Conversation] = []
    rest: list[str] = []
    for line in lines:
        if "src=" not in line or "dport=" not in line:
            rest.append(line)
        elif len(found) < fields.MAX_ROWS and (row := _row(line[: fields.MAX_LINE])) is not None:
            found.append(row)
    return Rows(found, rest)


def _row(line: str) -> Conversation | None:
    head = line.partition("src=")[0].lower().split()
    transport = next((word for word in head if word in TRANSPORTS), None)
    values: dict[str, list[str]] = {}
    for key, value in _PAIR.findall(line):
        values.setdefault(key, []).append(value)
    sent, answered = _tuple(values, 0), _tuple(values, 1)
    if transport is None or sent is None or answered is None:
        return None
    counted = [number for text in values.get("bytes", ()) if (number := _count(text)) is not None]
    return Conversation(
        transport=transport,
        source=sent[0],
        destination=sent[1],
        translated_source=answered[1],
        translated_destination=answered[0],
        bytes=sum(counted) if counted else None,
    )


def _tuple(values: dict[str, list[str]], which: int) -> tuple[End, End] | None:
    ends = []
    for host, port in (("src", "sport"), ("dst", "dport")):
        if len(values.get(host, ())) <= which or len(values.get(port, ())) <= which:
            return None
        address = canonical(values[host][which])
        number = fields.number(values[port][which], 65535)
        if address is None or not number:
            return None
        ends.append((address, number))
    return ends[0], ends[1]


def _count(text: str) -> int | None:
    return fields.number(text, MAX_BYTES // 2)
