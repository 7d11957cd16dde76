"""`/ip firewall connection print detail` (or `terse`) of MikroTik RouterOS -> conversations.

     0  SAC  s  protocol=udp src-address=192.168.88.10:50123 dst-address=198.51.100.7:3478
                reply-src-address=198.51.100.7:3478 reply-dst-address=203.0.113.10:61234
                timeout=2m51s orig-packets=3 orig-bytes=25 675 repl-packets=2 repl-bytes=1 804

`terse` has it on one line; RouterOS 7 writes the ports apart (`src-port=50123`). Without either
word the list is a table that does not show what was translated:

     4  SAC  s  udp  192.168.88.10:50123  198.51.100.7:3478  2m51s

Source: RouterOS manual, "Connection tracking"; thousands are set apart by a blank.
"""

import re

from exporter.addresses import canonical
from exporter.sockets_text import fields
from exporter.sockets_text.conversations import TRANSPORTS, Conversation, End, Rows

_PAIR = re.compile(
    r"(?<![\w-])(protocol|(?:reply-)?(?:src|dst)-(?:address|port)|(?:orig|repl)-bytes)="
    r"((?:\d{1,3}(?: \d{3}){1,6}(?!\S))|\S{0,80})"
)
_DETAIL = re.compile(r"(?:^|\s)(?:reply-|orig-|repl-|src-|dst-|protocol=|tcp-state=|timeout=)")
_INDEX = re.compile(r"\s{0,8}\d{1,7}\s")
_TABLE = re.compile(
    r"\s{0,8}\d{1,7}(?: +[A-Za-z]{1,10}){0,3} +(?P<transport>tcp|udp)"
    r" +(?P<source>[\d.]{7,15}:\d{1,5})"
    r" +(?P<destination>[\d.]{7,15}:\d{1,5})(?: +[a-z-]{4,15})? +(?:\d{1,4}[wdhms]){1,5}(?: |$)"
)


def split(lines: list[str]) -> Rows:
    """Return the conversations of the entries and rows, and the lines that are none."""
    found: list[Conversation | None] = []
    rest: list[str] = []
    entry: dict[str, str] = {}
    for line in lines:
        cut = line[: fields.MAX_LINE]
        if row := _TABLE.match(cut):
            found.append(_of_table(row))
        elif "=" in cut and _DETAIL.search(cut):
            if entry and _INDEX.match(cut):
                found.append(_of_entry(entry))
                entry = {}
            for key, value in _PAIR.findall(cut):
                entry.setdefault(key, value)
        else:
            rest.append(line)
    found.append(_of_entry(entry))
    return Rows([row for row in found if row is not None][: fields.MAX_ROWS], rest)


def _of_table(row: re.Match[str]) -> Conversation | None:
    source, destination = fields.endpoint(row["source"]), fields.endpoint(row["destination"])
    if source is None or destination is None:
        return None
    return Conversation(row["transport"], source, destination, source, destination)


def _of_entry(entry: dict[str, str]) -> Conversation | None:
    source, destination = _end(entry, "src"), _end(entry, "dst")
    answers_from, answers_to = _end(entry, "reply-src"), _end(entry, "reply-dst")
    if entry.get("protocol") not in TRANSPORTS:
        return None
    if source is None or destination is None or answers_from is None or answers_to is None:
        return None
    sizes = [_bytes(entry[key]) for key in ("orig-bytes", "repl-bytes") if key in entry]
    counted = [size for size in sizes if size is not None]
    return Conversation(
        transport=entry["protocol"],
        source=source,
        destination=destination,
        translated_source=answers_to,
        translated_destination=answers_from,
        bytes=sum(counted) if counted else None,
    )


def _end(entry: dict[str, str], name: str) -> End | None:
    address, port = entry.get(f"{name}-address", ""), entry.get(f"{name}-port")
    if port is None:
        return fields.endpoint(address)
    ip, number = canonical(address), fields.number(port, 65535)
    return (ip, number) if ip is not None and number else None


def _bytes(text: str) -> int | None:
    return fields.number(text.replace(" ", ""), 2**63 - 1)
