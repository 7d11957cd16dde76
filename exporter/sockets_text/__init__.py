"""Text that a person can paste -> the report of a host.

What people can run without installing anything: netstat, tasklist, ss, lsof, PowerShell; and on a
router pfctl, conntrack, RouterOS' and IOS' own. Which of them a text is, and in which language and
encoding, is told by the shape of its rows; prompts, headings and whatever else was copied along are
passed over. One paste may hold several listings.
"""

from collections.abc import Callable
from typing import NamedTuple

from exporter.addresses import scope
from exporter.host_report import HostReport, Socket
from exporter.sockets_text import (
    cisco_nat,
    complaints,
    conntrack,
    decode,
    fields,
    lsof,
    mikrotik,
    netstat,
    pf_states,
    powershell,
    powershell_text,
    ss,
    tasklist,
)
from exporter.sockets_text.complaints import UnreadableText
from exporter.sockets_text.conversations import Conversation, flows, own_addresses

__all__ = ["UnreadableText", "read"]

MAX_SOCKETS = 20_000
MAX_FLOWS = 20_000
MAX_LINES = 100_000  # that are not blank; far more than the rows of so many sockets
MAX_ADDRESSES = 256
CURRENT_SECONDS = 600.0  # a paste tells about one moment; a report counts for three intervals

# "The requested operation requires elevation.", as Windows says it; lower case, and cut short
# where the rest is inflected.
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


class _Format(NamedTuple):
    recognises: Callable[[list[str]], bool]
    sockets: Callable[[list[str]], list[Socket]]


# No line is a row of two of them, so their order does not matter.
_FORMATS = tuple(
    _Format(m.recognises, m.sockets) for m in (netstat, ss, lsof, powershell, powershell_text)
)

# Read first: some rows of theirs have the shape of a row of netstat, with too much behind it.
_TABLES = (conntrack, pf_states, mikrotik, cisco_nat)


def read(data: bytes | str, device: str) -> HostReport:
    """Return the report that the listings in the text amount to, as of now.

    Equal rows are one socket; at most `MAX_SOCKETS` are kept, and `MAX_FLOWS` of a router's table.
    Raises UnreadableText when there are none, or more than `MAX_LINES` lines.
    """
    lines = [line for line in decode.lines(data) if line and not line.isspace()]
    if len(lines) > MAX_LINES:
        raise UnreadableText(complaints.too_long(MAX_LINES))
    conversations, others = _conversations(lines)
    recognised = [form for form in _FORMATS if form.recognises(others)]
    found = [socket for form in recognised for socket in form.sockets(others)]
    programs = tasklist.programs(others)
    sockets = tuple(dict.fromkeys(tasklist.named(found, programs)))[:MAX_SOCKETS]
    addresses = tuple(dict.fromkeys((*own_addresses(conversations), *_addresses(sockets))))
    # A flow from an address that is not the router's own belongs to a device behind it. With none
    # known, all of them would be the router's own: a wrong name.
    seen = tuple(flows(conversations, addresses))[:MAX_FLOWS] if addresses else ()
    if not sockets and not seen:
        if conversations:
            raise UnreadableText(complaints.UNTRANSLATED)
        if decode.says(data, _REFUSALS):
            raise UnreadableText(complaints.REFUSED)
        what = complaints.complaint(lines, rows=bool(recognised), programs=bool(programs))
        raise UnreadableText(what)
    return HostReport(
        version=1,
        device=device,
        agent="paste",
        interval_seconds=CURRENT_SECONDS / 3,
        addresses=addresses[:MAX_ADDRESSES],
        sockets=sockets,
        flows=seen,
    )


def _conversations(lines: list[str]) -> tuple[list[Conversation], list[str]]:
    """Return the conversations of all routers' tables in the text, and the lines of none."""
    found: list[Conversation] = []
    for table in _TABLES:
        conversations, lines = table.split(lines)
        found += conversations
    return found, lines


def _addresses(sockets: tuple[Socket, ...]) -> tuple[str, ...]:
    """Return the host's own addresses: one that is only bound may be multicast or broadcast."""
    connected = {
        socket.local_ip: None
        for socket in sockets
        if socket.remote_ip is not None
        and (socket.state == "established" or not fields.is_known_state(socket.state))
    }
    return tuple(ip for ip in connected if scope(ip) in ("private", "global"))[:MAX_ADDRESSES]
