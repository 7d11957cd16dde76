r"""`lsof -i -nP` of macOS and Linux, and `lsof -F` -> sockets.

    Google\x20  512 lena  21u  IPv4 0x1f  0t0  TCP 192.0.2.5:50111->198.51.100.7:443 (ESTABLISHED)

    p512
    cGoogle Chrome Helper
    f21
    tIPv4
    PTCP
    n192.0.2.5:50111->198.51.100.7:443
    TST=ESTABLISHED

The table cuts a program's name at 9 characters unless asked otherwise (`+c0`) and escapes what is
not a graphic character; `-F` writes one field a line (or ended by NUL), named by its first letter.
Source: lsof(8), "Output for other programs".
"""

import re
from itertools import islice

from exporter.host_report import Socket
from exporter.sockets_text import fields

_FAMILIES = {"IPv4": fields.ANY_IPV4, "IPv6": fields.ANY_IPV6}
_TRANSPORTS = ("TCP", "UDP")
_ESCAPES = re.compile(r"(?:\\x[0-9a-fA-F]{2})+")
_CUT_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]?)?$")
_LINE_NUMBER = re.compile(r"\d{1,6}[:.|)]*$")


def recognises(lines: list[str]) -> bool:
    """Tell whether a line has the shape of a row, or names the protocol as `-F` does."""
    return any(line.strip() in ("PTCP", "PUDP") or _from_row(line)[0] for line in lines)


def sockets(lines: list[str]) -> list[Socket]:
    """Return the sockets of all rows and field sets whose local end can be read."""
    rows = (socket for line in lines if (socket := _from_row(line)[1]) is not None)
    return [*islice(rows, fields.MAX_ROWS), *_from_fields(lines)]


def _from_row(line: str) -> tuple[bool, Socket | None]:
    """Return whether the line has the shape of a row, and its socket if that can be read."""
    if "IPv" not in line:
        return False, None
    cells = line[: fields.MAX_LINE].split()
    kind = next((i for i in range(3, min(len(cells), 12)) if cells[i] in _FAMILIES), None)
    if kind is None:
        return False, None
    node = next((i for i, cell in enumerate(cells) if i > kind and cell in _TRANSPORTS), None)
    pid = next((i for i in range(1, kind) if cells[i].isdigit()), None)
    if node is None or pid is None or node + 1 >= len(cells):
        return False, None
    command = cells[1:pid] if pid > 1 and _LINE_NUMBER.match(cells[0]) else cells[:pid]
    socket = _socket(
        transport=cells[node],
        family=cells[kind],
        ends=cells[node + 1],
        state=cells[node + 2].strip("()") if node + 2 < len(cells) else "",
        command=" ".join(command),
        pid=cells[pid],
    )
    return True, socket


def _from_fields(lines: list[str]) -> list[Socket]:
    found: list[Socket | None] = []
    process: dict[str, str] = {}
    file: dict[str, str] = {}
    for line in [*lines, "f"]:
        text = line[: fields.MAX_LINE].strip()
        letter, value = text[:1], text[1:]
        if letter in ("p", "f") or (letter in file and letter in "tPn"):
            found.append(_of_fields(process, file))
            file = {}
        if letter == "p":
            process = {"p": value}
        elif letter == "c":
            process["c"] = value
        elif letter in ("t", "P", "n"):
            file[letter] = value
        elif letter == "T" and value.startswith("ST="):
            file["T"] = value[3:]
    return [socket for socket in found if socket is not None]


def _of_fields(process: dict[str, str], file: dict[str, str]) -> Socket | None:
    if file.get("P") not in _TRANSPORTS:
        return None
    return _socket(
        transport=file["P"],
        family=file.get("t", "IPv4"),
        ends=file.get("n", ""),
        state=file.get("T", ""),
        command=process.get("c", ""),
        pid=process.get("p", ""),
    )


def _socket(
    *, transport: str, family: str, ends: str, state: str, command: str, pid: str
) -> Socket | None:
    local, _, remote = ends.partition("->")
    return fields.socket(
        transport.lower(),
        local,
        remote,
        every=_FAMILIES.get(family, fields.ANY_IPV4),
        state_word=state,
        process=fields.name(_unescaped(command)),
        pid=fields.process_id(pid),
    )


def _unescaped(command: str) -> str:
    whole = _CUT_ESCAPE.sub("", command)
    return _ESCAPES.sub(_decoded, whole)


def _decoded(escapes: re.Match[str]) -> str:
    # The name may be cut in the middle of a character.
    return bytes.fromhex(escapes[0].replace("\\x", "")).decode("utf-8", "ignore")
