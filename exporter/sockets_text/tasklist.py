"""`tasklist /svc /fo csv` beside a listing -> the names of its process ids.

    "svchost.exe","1016","RpcEptMapper,RpcSs"

The way to programs' names without an administrator: `netstat -ano` shows process ids only. The
headings and the word for "no services" are translated; rows are known by their shape.
"""

import re

from msgspec.structs import replace

from exporter.host_report import Socket
from exporter.sockets_text import fields
from exporter.sockets_text.netstat import owner

_ROW = re.compile(r'"([^"]+)","(\d{1,10})","([^"]*)"(,)?')
_SERVICES = re.compile(r"[A-Za-z0-9_.$@-]+(?:, ?[A-Za-z0-9_.$@-]+)*+$")


def programs(lines: list[str]) -> dict[int, str]:
    """Return the program, with its services if it is a service host, of each process id."""
    found = {}
    for line in lines:
        row = _ROW.match(fields.undecorated(line))
        pid = fields.process_id(row[2]) if row else None
        if row is None or pid is None:
            continue
        # Without /svc there are more columns, and the third is the session.
        listed = _SERVICES.match(row[3]) if row[4] is None else None
        services = ", ".join(row[3].replace(",", " ").split()) if listed else None
        program = owner(row[1], services)
        if program is not None:
            found[pid] = program
    return found


def named(sockets: list[Socket], programs: dict[int, str]) -> list[Socket]:
    """Return the sockets with the programs that their own listing did not name."""
    return [
        replace(socket, process=programs[socket.pid])
        if socket.pid in programs and _is_vague(socket.process)
        else socket
        for socket in sockets
    ]


def _is_vague(process: str | None) -> bool:
    return process is None or process.lower() == "svchost.exe"
