"""The cells that all listings share: numbers, addresses with ports, states, programs.

Text of one cell goes in, a value comes out, or None when the cell does not hold one. States are
named as psutil names them, in lower case, whatever the system or the language calls them.
"""

import re

from exporter.addresses import canonical, scope
from exporter.host_report import Socket

MAX_LINE = 4096  # characters; a row is shorter, and what follows that far behind is not a cell
MAX_ROWS = 40_000  # of one listing; more than the sockets that are kept, for some rows are equal
MAX_NAME = 255
MAX_STATE = 32
MAX_PID = 2**32 - 1

ANY_IPV4 = "0.0.0.0"  # noqa: S104 - read here, never bound to
ANY_IPV6 = "::"

# Keys are lower case without blanks, hyphens and underscores. The German words are those of
# Windows; ABHÖREN is matched without its umlaut, which code page 850 mangles.
_STATES = {
    "listen": "listen",
    "listening": "listen",
    "estab": "established",
    "established": "established",
    "hergestellt": "established",
    "verbunden": "established",
    "synsent": "syn_sent",
    "syngesendet": "syn_sent",
    "synrecv": "syn_recv",
    "synrcvd": "syn_recv",
    "synrcdv": "syn_recv",  # as lsof of macOS spells it
    "synreceived": "syn_recv",
    "synempfangen": "syn_recv",
    "finwait1": "fin_wait1",
    "finwarten1": "fin_wait1",
    "finwait2": "fin_wait2",
    "finwarten2": "fin_wait2",
    "timewait": "time_wait",
    "wartend": "time_wait",
    "closewait": "close_wait",
    "schliessenwarten": "close_wait",
    "lastack": "last_ack",
    "letztesack": "last_ack",
    "closing": "closing",
    "schliessend": "closing",
    "close": "close",
    "closed": "close",
    "unconn": "close",
    "geschlossen": "close",
    "deletetcb": "delete_tcb",
    "bound": "bound",
}
_KNOWN = frozenset(_STATES.values())
_LISTENING_IN_GERMAN = re.compile(r"abh.{1,3}en$")
_SEPARATORS = str.maketrans("", "", " -_")

# A terminal's line numbers, a mail's or forum's quotation marks.
_DECORATION = re.compile(r"[\s>|]*+(?:\d{1,6}(?:[:|)]|\.?\s)\s*+)?")


def undecorated(line: str) -> str:
    """Return the line without indentation, line number, quotation marks and trailing blanks."""
    line = line[:MAX_LINE]
    if line[:1].isalpha():  # as most rows begin
        return line.rstrip()
    decoration = _DECORATION.match(line)
    return line[decoration.end() if decoration else 0 :].rstrip()


def number(text: str, highest: int) -> int | None:
    """Return a plain decimal number from 0 to `highest`."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(highest))):
        return None
    value = int(text)
    return value if value <= highest else None


def process_id(text: str) -> int | None:
    """Return a process id. 0 is nobody: Windows shows it for connections whose owner has gone."""
    return number(text, MAX_PID) or None


def endpoint(text: str, every: str = ANY_IPV4) -> tuple[str, int] | None:
    """Return address and port of `1.2.3.4:5`, `[::1%2]:5`, `:::5`, `*:5` or BSD's `1.2.3.4.5`.

    `every` is the address that a star stands for. None without an address or a port above 0.
    """
    cut = max(text.rfind(":"), text.rfind("."))
    if cut < 0:
        return None
    port = number(text[cut + 1 :], 65535)
    if not port:
        return None
    host = text[:cut].partition("%")[0].strip("[]")
    address = every if host == "*" else canonical(host)
    return None if address is None else (address, port)


def state(text: str) -> str | None:
    """Return TCP's state; words that are not known stay as they are, in lower case."""
    word = text.lower()
    known = _STATES.get(word.translate(_SEPARATORS))
    if known is None and _LISTENING_IN_GERMAN.match(word):
        known = "listen"
    return known or (name(word) or "")[:MAX_STATE] or None


def is_known_state(word: str | None) -> bool:
    """Tell whether a socket's state is one of TCP's, and not a word in a language unknown here."""
    return word in _KNOWN


def name(text: str) -> str | None:
    """Return a program's name without control, bidirectional and other unprintable characters."""
    printable = "".join(filter(str.isprintable, text[:MAX_LINE]))
    return printable.strip()[:MAX_NAME].rstrip() or None


def socket(
    transport: str,
    local: str,
    remote: str,
    *,
    every: str = ANY_IPV4,
    state_word: str = "",
    process: str | None = None,
    pid: int | None = None,
) -> Socket | None:
    """Return the socket that a row's cells describe, or None when its local end is unreadable."""
    here, there = endpoint(local, every), endpoint(remote)
    if here is None:
        return None
    if there is not None and scope(there[0]) == "unspecified":
        there = None
    return Socket(
        transport=transport,
        local_ip=here[0],
        local_port=here[1],
        remote_ip=there[0] if there else None,
        remote_port=there[1] if there else None,
        state=state(state_word) if transport == "tcp" and state_word else None,
        process=process,
        pid=pid,
    )
