"""Text that a person can paste -> the report of a host.

What people can run without installing anything: netstat, tasklist, ss, lsof, PowerShell. Which of
them a text is, and in which language and encoding, is told by the shape of its rows; prompts,
headings and whatever else was copied along are passed over. One paste may hold several listings.
"""

from collections.abc import Callable
from typing import NamedTuple

from exporter.addresses import scope
from exporter.events import HostReport, Socket
from exporter.sockets_text import decode, lsof, netstat, powershell, ss, tasklist

__all__ = ["UnreadableText", "read"]

MAX_SOCKETS = 20_000
MAX_LINES = 100_000  # that are not blank; far more than the rows of so many sockets
MAX_ADDRESSES = 256
CURRENT_SECONDS = 600.0  # a paste tells about one moment; a report counts for three intervals

_COMMANDS = (
    "`netstat -ano -b` (Windows, in a prompt opened as administrator), `sudo ss -tunap` (Linux), "
    "`sudo lsof -i -nP` (macOS) or `Get-NetUDPEndpoint | ConvertTo-Json` (PowerShell)"
)

# "The requested operation requires elevation.", as Windows says it; lower case, and cut short
# where the rest is inflected or, in a western code page, unreadable.
_REFUSALS = (
    "requires elevation",
    "管理者特権",
    "昇格",
    "angeforderte vorgang erfordert",
    "nécessite une élévation",
    "requiere elevaci",
    "requer eleva",
    "richiede l'esecuzione con privilegi elevati",
    "richiede elevazione",
    "需要提升",
    "需要提高",
    "提升的權限",
    "권한 상승",
    "требует повышения",
    "podniesienia uprawnień",
    "verhoging van bevoegdheden",
    "förhöjd behörighet",
    "yükseltme gerektiriyor",
    "vyžaduje zvýšení",
)


class UnreadableText(ValueError):
    """No socket can be read from the text; the message says why and what to do instead."""


class _Format(NamedTuple):
    recognises: Callable[[list[str]], bool]
    sockets: Callable[[list[str]], list[Socket]]


# No line is a row of two of them, so their order does not matter.
_FORMATS = tuple(_Format(m.recognises, m.sockets) for m in (netstat, ss, lsof, powershell))


def read(data: bytes | str, device: str) -> HostReport:
    """Return the report that the listings in the text amount to, as of now.

    Equal rows are one socket; at most `MAX_SOCKETS` are kept. Raises UnreadableText when there are
    none, or more than `MAX_LINES` lines.
    """
    lines = [line for line in decode.lines(data) if line and not line.isspace()]
    if len(lines) > MAX_LINES:
        raise UnreadableText(f"the text has more than {MAX_LINES:,} lines: paste one host's only")
    recognised = [form for form in _FORMATS if form.recognises(lines)]
    found = [socket for form in recognised for socket in form.sockets(lines)]
    programs = tasklist.programs(lines)
    if not found:
        raise UnreadableText(_complaint(lines, rows=bool(recognised), programs=bool(programs)))
    sockets = tuple(dict.fromkeys(tasklist.named(found, programs)))[:MAX_SOCKETS]
    return HostReport(
        version=1,
        device=device,
        agent="paste",
        interval_seconds=CURRENT_SECONDS / 3,
        addresses=_addresses(sockets),
        sockets=sockets,
    )


def _addresses(sockets: tuple[Socket, ...]) -> tuple[str, ...]:
    """Return the host's own addresses: one that is only bound may be multicast or broadcast."""
    connected = {
        socket.local_ip: None
        for socket in sockets
        if socket.remote_ip is not None
        and (socket.transport == "udp" or socket.state == "established")
    }
    return tuple(ip for ip in connected if scope(ip) in ("private", "global"))[:MAX_ADDRESSES]


def _complaint(lines: list[str], *, rows: bool, programs: bool) -> str:
    if not lines:
        return f"the text is empty: paste the output of {_COMMANDS}"
    text = "\n".join(lines).lower()
    if any(refusal in text for refusal in _REFUSALS):
        return (
            "Windows refused, because `netstat -b` needs an administrator: open the prompt with "
            '"Run as administrator" and repeat `netstat -ano -b`, or paste the output of '
            "`netstat -ano` together with that of `tasklist /svc /fo csv`"
        )
    if rows:
        return (
            "the list has no row with a local address and port in numbers: repeat the command "
            "with -n (netstat, ss) or -nP (lsof)"
        )
    if programs:
        return "this is a list of programs only: add the output of `netstat -ano` to it"
    shown = "".join(filter(str.isprintable, lines[0].strip()[:60]))
    return f'no list of sockets was found (the text begins with "{shown}"): paste {_COMMANDS}'
