"""`netstat` of Windows, Linux (net-tools, BusyBox), macOS and the BSDs -> sockets.

      UDP    0.0.0.0:51413          *:*                                    5120
     [netsession_win.exe]
    tcp   0   0 192.0.2.5:22   198.51.100.7:40022   ESTABLISHED 812/sshd: lena
    udp4  0   0  *.5353        *.*
    tcp4  0   0  192.0.2.5.52110  198.51.100.7.443  ESTABLISHED 131072 131768 512 0 0x0102 0x020
    udp4  0   0  *.5353  *.*  0  0  786896  9216  mDNSResponder:213  00100 00000000

Rows are known by their shape, never by headings, which are translated and of varying width. What
follows a row of Windows' `-b` is the service, one word, and the program in brackets; every other
line there, such as the translated "Can not obtain ownership information", is no owner. Sources:
`netstat -abno` of English and Japanese Windows, net-tools 2.10, BSD's inet.c.
"""

import re
from typing import NamedTuple

from msgspec.structs import replace

from exporter.host_report import Socket
from exporter.sockets_text import fields

_TRANSPORT = re.compile(r"(tcp|udp)(4|6|46|64)?$")
_PORT = re.compile(r"[\w*-]{1,32}$")  # a number, a star or a service's name
_ANYBODY = ("0.0.0.0:0", "[::]:0")
_SERVICE = re.compile(r"[A-Za-z0-9_.$@-]{1,256}$")
_OWNER = re.compile(r"(?:^| )(\d{1,10})/(.+)")
# `netstat -anv` of macOS: sizes of buffers, then `pid epid` or, since macOS 14, `program:pid`; then
# the socket's state and options in hexadecimal, which old versions leave out, and what is not read.
_HEX = r"(?:0x[0-9a-f]{1,8}|[0-9a-f]{5}) (?:0x[0-9a-f]{1,8}|[0-9a-f]{8})(?: |$)"
_MACOS_PID = re.compile(rf"(?:^| )\d{{1,10}} \d{{1,10}} (\d{{1,10}}) \d{{1,10}}(?:$| {_HEX})")
_MACOS_OWNER = re.compile(rf"(?:^| )(?:\d{{1,20}} ){{2,4}}([^:]{{1,64}}):(\d{{1,10}}) {_HEX}")
_TIMER = re.compile(r" (?:off|on|keepalive|timewait|probe|unkn-\d+) \([\d./]+\)$")  # netstat -o

# Without -W or -l a long IPv6 address loses its end, and what is left may be another address.
_NET_TOOLS_WIDTH = 23  # of address and port
_BSD_WIDTH = 16  # of the address


class _Row(NamedTuple):
    transport: str
    every: str
    local: str
    remote: str
    tail: list[str]
    windows: bool


def recognises(lines: list[str]) -> bool:
    """Tell whether a line has the shape of a row."""
    return any(_row(fields.undecorated(line)) is not None for line in lines)


def sockets(lines: list[str]) -> list[Socket]:
    """Return the sockets of all rows whose local end is an address and a port number."""
    found: list[Socket] = []
    waits = False  # the last row may still get its program
    service: str | None = None
    for line in lines:
        if len(found) >= fields.MAX_ROWS:
            break
        text = fields.undecorated(line)
        row = _row(text)
        if row is not None:
            socket = _windows(row) if row.windows else _unix(row)
            waits = socket is not None and row.windows and socket.process is None
            service = None
            if socket is not None:
                found.append(socket)
        elif not waits:
            continue
        elif text.startswith("[") and text.endswith("]"):
            found[-1] = replace(found[-1], process=owner(text[1:-1], service))
            waits = False
        elif _SERVICE.match(text):
            service = text
    return _shared(found)


def owner(program: str, service: str | None) -> str | None:
    """Return the program's name; that of a service host says which services it runs."""
    if service and is_service_host(program):
        program = f"{program} ({service})"
    return fields.name(program)


def is_service_host(program: str) -> bool:
    """Tell whether a program runs services that netstat and tasklist name beside it."""
    return program.lower().startswith("svchost.exe")


def _shared(sockets: list[Socket]) -> list[Socket]:
    """Name the rows whose process id is named elsewhere: several rows may share one program line.

    A service host is left out: its rows belong to different services.
    """
    programs = {
        socket.pid: socket.process
        for socket in sockets
        if socket.pid is not None and socket.process and not is_service_host(socket.process)
    }
    return [
        replace(socket, process=programs[socket.pid])
        if socket.process is None and socket.pid in programs
        else socket
        for socket in sockets
    ]


def _row(text: str) -> _Row | None:
    if text[:3].lower() not in ("tcp", "udp"):
        return None
    cells = text.split()
    transport = _TRANSPORT.match(cells[0].lower()) if len(cells) >= 3 else None
    if transport is None:
        return None
    queues = cells[1].isdigit() and cells[2].isdigit()  # Windows does not show them
    ends = cells[3:5] if queues else cells[1:3]
    if len(ends) < 2 or not all(map(_is_end, ends)):
        return None
    return _Row(
        transport=transport[1],
        every=fields.ANY_IPV6 if "6" in (transport[2] or "") else fields.ANY_IPV4,
        local=ends[0],
        remote=ends[1],
        tail=cells[5:] if queues else cells[3:],
        windows=not queues,
    )


def _is_end(cell: str) -> bool:
    cut = max(cell.rfind(":"), cell.rfind("."))
    return cut > 0 and _PORT.match(cell, cut + 1) is not None


def _windows(row: _Row) -> Socket | None:
    """Read what follows the ends: state, process id, and the owner where a copy joined the lines.

    A translated state may be two words.
    """
    words, program = row.tail, None
    text = " ".join(words)
    if text.endswith("]") and "[" in text:
        before, _, after = text.partition("[")
        words, program = before.split(), after[:-1]
    at = next((i for i in reversed(range(len(words))) if words[i].isdigit()), len(words))
    service = words[at + 1] if at + 1 < len(words) and _SERVICE.match(words[at + 1]) else None
    return fields.socket(
        row.transport,
        row.local,
        row.remote,
        every=row.every,
        state_word=_windows_state(" ".join(words[:at]), row.remote),
        process=owner(program, service) if program else None,
        pid=fields.process_id(words[at]) if at < len(words) else None,
    )


def _windows_state(word: str, remote: str) -> str:
    # The word is translated, and mangled by code pages; who waits for anybody is listening.
    if word and remote in _ANYBODY and not fields.is_known_state(fields.state(word)):
        return "listening"
    return word


def _unix(row: _Row) -> Socket | None:
    """Read what follows the ends: state, users and inodes, `pid/program`, timers."""
    if _cut_off(row.local):
        return None
    word = row.tail[0] if row.tail and not row.tail[0][0].isdigit() else ""
    process, pid = _holder(" ".join(row.tail))
    return fields.socket(
        row.transport,
        row.local,
        "" if _cut_off(row.remote) else row.remote,
        every=row.every,
        state_word="" if word == "-" else word,
        process=process,
        pid=pid,
    )


def _holder(tail: str) -> tuple[str | None, int | None]:
    if owned := _OWNER.search(tail):
        return fields.name(_TIMER.sub("", owned[2])), fields.process_id(owned[1])
    if owned := _MACOS_OWNER.search(tail):
        return fields.name(owned[1]), fields.process_id(owned[2])
    if numbered := _MACOS_PID.search(tail):
        return None, fields.process_id(numbered[1])
    return None, None


def _cut_off(end: str) -> bool:
    host, _, _ = end.rpartition(".")
    if host.count(":") >= 2 and "." not in host:
        return len(host) == _BSD_WIDTH
    return end.count(":") > 2 and len(end) == _NET_TOOLS_WIDTH
