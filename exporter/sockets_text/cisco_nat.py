"""`show ip nat translations` of Cisco IOS and IOS XE -> conversations.

    Pro  Inside global         Inside local          Outside local         Outside global
    udp  203.0.113.10:61234    192.168.1.10:50123    198.51.100.7:3478     198.51.100.7:3478
    tcp  203.0.113.10:8080     192.168.1.20:80       ---                   ---

A row with dashes is a static translation: nobody talks there, so it is no conversation. What
`verbose` adds stands on lines of its own and is not needed. Source: Cisco's IP Addressing command
reference.
"""

import re

from exporter.sockets_text import fields
from exporter.sockets_text.conversations import Conversation, Rows

_END = r"[0-9A-Fa-f:.]{7,60}:\d{1,5}"
_ROW = re.compile(
    rf"(?P<transport>tcp|udp)\s+(?P<global>{_END})\s+(?P<local>{_END})"
    rf"\s+(?:(?P<outside_local>{_END})\s+(?P<outside_global>{_END})|---\s+---)(?:\s|$)",
    re.IGNORECASE,
)


def split(lines: list[str]) -> Rows:
    """Return the conversations of the rows, and the lines that are none."""
    found: list[Conversation] = []
    rest: list[str] = []
    for line in lines:
        row = _ROW.match(fields.undecorated(line)) if line.count(":") >= 2 else None
        if row is None:
            rest.append(line)
        elif len(found) < fields.MAX_ROWS and (conversation := _conversation(row)) is not None:
            found.append(conversation)
    return Rows(found, rest)


def _conversation(row: re.Match[str]) -> Conversation | None:
    if row["outside_local"] is None:
        return None
    inside, outside = fields.endpoint(row["local"]), fields.endpoint(row["outside_local"])
    outer, stranger = fields.endpoint(row["global"]), fields.endpoint(row["outside_global"])
    if inside is None or outside is None or outer is None or stranger is None:
        return None
    return Conversation(row["transport"].lower(), inside, outside, outer, stranger)
