"""`ss -tunap` of Linux -> sockets.

    udp UNCONN 0 0 0.0.0.0%eth0:68 0.0.0.0:* users:(("dhclient",pid=612,fd=7))

With one of `-t` and `-u` the first column is missing; the states then tell the transport, or the
command line above does. Source: iproute2's misc/ss.c, where older releases write `("name",1,2)`.
"""

import re
from typing import NamedTuple

from exporter.host_report import Socket
from exporter.sockets_text import fields

_OF_BOTH = "ESTAB"
_OF_UDP = "UNCONN"
_OF_TCP = frozenset(
    (
        *("LISTEN", "SYN-SENT", "SYN-RECV", "NEW-SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2"),
        *("TIME-WAIT", "CLOSE-WAIT", "LAST-ACK", "CLOSING", "BOUND-INACTIVE"),
    )
)
_STATES = _OF_TCP | {_OF_BOTH, _OF_UDP}
_USERS = "users:("
_PID = re.compile(r'",(?:pid=)?(\d{1,10}),')  # behind a program's name
_COMMAND = re.compile(r"\bss((?: -{1,2}[A-Za-z46-]+)+)")


class _Row(NamedTuple):
    transport: str  # "" when its column is missing
    state: str
    local: str
    remote: str
    users: str | None  # None: the line names none


def recognises(lines: list[str]) -> bool:
    """Tell whether a line has the shape of a row."""
    return any(_row(line) is not None for line in lines)


def sockets(lines: list[str]) -> list[Socket]:
    """Return the sockets of all rows whose transport and local end can be read."""
    found: list[Socket] = []
    block: list[_Row] = []
    asked = ""
    for line in lines:
        if len(found) + len(block) >= fields.MAX_ROWS:
            break
        row = _row(line)
        if row is not None:
            block.append(row)
            continue
        if block and (users := _continued(block[-1].users, line)) is not None:
            block[-1] = block[-1]._replace(users=users)
        elif line.strip():  # headings, a prompt: another listing may begin
            found += _of_block(block, asked)
            block = []
            command = _COMMAND.search(line[: fields.MAX_LINE])
            asked = _asked(command[1]) if command else asked
    return found + _of_block(block, asked)


def _continued(users: str | None, line: str) -> str | None:
    """Return the owners of a row with those that a narrow terminal moved to this next line.

    None when the line holds none.
    """
    if users is not None:
        whole = "))" in users or len(users) > fields.MAX_LINE
        return None if whole else users + line[: fields.MAX_LINE]
    head, begun, moved = line[: fields.MAX_LINE].partition(_USERS)
    return moved if begun and not head.strip() else None


def _row(line: str) -> _Row | None:
    if ":" not in line:
        return None
    head, begun, users = line[: fields.MAX_LINE].partition(_USERS)
    cells = fields.undecorated(head).split()
    transport = cells.pop(0).lower() if cells and cells[0].lower() in ("tcp", "udp") else ""
    if len(cells) < 5 or cells[0].upper() not in _STATES:
        return None
    if not (cells[1].isdigit() and cells[2].isdigit() and ":" in cells[3] and ":" in cells[4]):
        return None
    return _Row(transport, cells[0].upper(), cells[3], cells[4], users if begun else None)


def _asked(options: str) -> str:
    """Return the transport that the options ask for, or "" when it is none or both."""
    short = "".join(word for word in options.split() if not word.startswith("--"))
    tcp, udp = "--tcp" in options or "t" in short, "--udp" in options or "u" in short
    return "" if tcp == udp else "tcp" if tcp else "udp"


def _of_block(block: list[_Row], asked: str) -> list[Socket]:
    states = {row.state for row in block if not row.transport}
    told = asked
    if (_OF_UDP in states) != bool(states & _OF_TCP):
        told = "udp" if _OF_UDP in states else "tcp"
    return [s for row in block if (s := _socket(row, row.transport or told)) is not None]


def _socket(row: _Row, transport: str) -> Socket | None:
    if not transport:
        return None
    process, pid = _holder(row.users or "")
    return fields.socket(
        transport,
        row.local,
        row.remote,
        every=fields.ANY_IPV6,  # a star is a socket of both families; IPv4's own is 0.0.0.0
        state_word=row.state,
        process=process,
        pid=pid,
    )


def _holder(users: str) -> tuple[str | None, int | None]:
    holders: list[tuple[str, int | None]] = []
    at = 0
    for behind in _PID.finditer(users):
        _, begun, name = users[at : behind.start()].partition('("')
        at = behind.end()
        if begun:
            holders.append((name, fields.process_id(behind[1])))
    # systemd holds the sockets of the programs that it starts on demand.
    holders.sort(key=lambda holder: holder[1] == 1)
    return (fields.name(holders[0][0]), holders[0][1]) if holders else (None, None)
