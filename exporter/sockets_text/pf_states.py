"""`pfctl -ss` of OpenBSD, FreeBSD, pfSense, OPNsense and macOS -> conversations.

    all udp 203.0.113.10:61234 (192.168.1.10:50123) -> 198.51.100.7:3478       MULTIPLE:MULTIPLE
    all tcp 192.168.1.20:80 (203.0.113.10:8080) <- 198.51.100.7:51000       ESTABLISHED:ESTABLISHED
    igb0 udp 2001:db8::5[50123] -> 2001:db8:9::7[443]       MULTIPLE:SINGLE
       age 00:00:18, expires in 00:00:42, 5:4 pkts, 1234:4321 bytes, rule 63

The arrow starts at the end that spoke first. Going out, what stands in parentheses is the end
before translation; coming in, it is the end that the stranger knows. pfSense's and OPNsense's pages
show the same with columns behind. Source: print_state in pfctl's pf_print_state.c.
"""

import re
from typing import NamedTuple

from exporter.sockets_text import fields
from exporter.sockets_text.conversations import Conversation, End, Rows

_END = r"[^\s()]{3,80}+"
_ROW = re.compile(
    rf"(?:\S{{1,32}} )?(?P<transport>tcp|udp) (?P<left>{_END})(?: \((?P<left_was>{_END})\))?"
    rf" (?P<arrow><-|->) (?P<right>{_END})(?: \((?P<right_was>{_END})\))?(?: |$)"
)
_BYTES = re.compile(r"age .{1,64} pkts, (\d{1,18}):(\d{1,18}) bytes")


class _Side(NamedTuple):
    shown: End
    was: End  # what stands in parentheses, or the same again


def split(lines: list[str]) -> Rows:
    """Return the conversations of the rows, and the lines that are none."""
    found: list[Conversation] = []
    rest: list[str] = []
    for line in lines:
        row = _row(line) if ("->" in line or "<-" in line) else None
        if row is not None:
            found += [row] if len(found) < fields.MAX_ROWS else []
        elif found and (counted := _BYTES.search(line[: fields.MAX_LINE])):
            both = int(counted[1]) + int(counted[2])
            found[-1] = found[-1]._replace(bytes=both)
        else:
            rest.append(line)
    return Rows(found, rest)


def _row(line: str) -> Conversation | None:
    match = _ROW.match(" ".join(fields.undecorated(line).split()))
    if match is None:
        return None
    left = _side(match["left"], match["left_was"])
    right = _side(match["right"], match["right_was"])
    if left is None or right is None:
        return None
    outwards = match["arrow"] == "->"
    source, destination = (left, right) if outwards else (right, left)
    return Conversation(
        transport=match["transport"],
        source=source.was,
        destination=destination.was,
        translated_source=source.shown,
        translated_destination=destination.shown,
    )


def _side(shown: str, was: str | None) -> _Side | None:
    end = _end(shown)
    before = end if was is None else _end(was)
    return None if end is None or before is None else _Side(end, before)


def _end(text: str) -> End | None:
    # 2001:db8::5[50123]: the brackets hold the port, not the address.
    if text.endswith("]") and not text.startswith("["):
        host, _, port = text[:-1].partition("[")
        text = f"[{host}]:{port}"
    return fields.endpoint(text)
