"""`Get-NetUDPEndpoint` and `Get-NetTCPConnection` as PowerShell shows them -> sockets.

    LocalAddress   LocalPort RemoteAddress  RemotePort State       AppliedSetting OwningProcess
    ------------   --------- -------------  ---------- -----       -------------- -------------
    192.168.1.20   50111     198.51.100.7   443        Established Internet       5120

    LocalAddress  : 0.0.0.0
    LocalPort     : 51413
    OwningProcess : 5120

The table (of UDP only address and port, unless columns were chosen), the list, and CSV. Headings
are names of properties, which no language translates; a table in a narrow window ends in `...` and
its cut addresses are no addresses. Source: the format files of the module NetTCPIP.
"""

import csv
import re
from collections.abc import Iterable, Iterator

from exporter.host_report import Socket
from exporter.sockets_text import fields

_WANTED = (
    "localaddress", "localport", "remoteaddress", "remoteport", "state", "owningprocess",
    "processname", "process",
)  # fmt: skip
_FIRST = frozenset('0123456789abcdefABCDEF:"')  # of an address, in a row of a table
_PROPERTY = re.compile(r"([A-Za-z]{2,40}) *: ?(.*)$")


def recognises(lines: list[str]) -> bool:
    """Tell whether a line has the headings of a table or CSV, or begins an entry of a list."""
    return any(
        _columns(line) or _is_address_of_list(line)
        for line in lines
        if not line.lstrip().startswith("{")  # JSON names the same properties on every line
    )


def sockets(lines: list[str]) -> list[Socket]:
    """Return the sockets of all rows and entries whose local end is an address and a port."""
    found: list[Socket] = []
    for entry in _entries(lines):
        if len(found) >= fields.MAX_ROWS:
            break
        socket = _socket(entry)
        if socket is not None:
            found.append(socket)
    return found


def _entries(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    columns: list[str] = []
    entry: dict[str, str] = {}
    first = ""  # the property with which every entry of this list begins
    for line in lines:
        text = fields.undecorated(line)
        cell = _PROPERTY.match(text)
        name = cell[1].lower() if cell else ""
        if not name or name == first or name in entry:
            yield entry
            entry = {}
        first = first or name if name else ""
        if headings := _columns(text):
            columns = headings
        elif cell and name in _WANTED:
            entry[name] = cell[2].strip()
        elif columns and (row := line[: fields.MAX_LINE].strip(" \t>|"))[:1] in _FIRST:
            yield dict(zip(columns, _cells(row, columns), strict=False))
    yield entry


def _columns(line: str) -> list[str]:
    text = line[: fields.MAX_LINE].strip().lower()
    if "localaddress" not in text or "localport" not in text:
        return []
    words = text.replace('"', "").replace(",", " ").split()
    return words if all(word.isalpha() for word in words) else []


def _is_address_of_list(line: str) -> bool:
    cell = _PROPERTY.match(fields.undecorated(line))
    return cell is not None and cell[1].lower() in ("localaddress", "localport")


def _cells(text: str, columns: list[str]) -> list[str]:
    if text.startswith('"'):
        return next(csv.reader([text]), [])
    cells = text.split()
    if "appliedsetting" in columns and len(cells) == len(columns) - 1:
        cells.insert(columns.index("appliedsetting"), "")  # empty for listeners
    return cells


def _socket(entry: dict[str, str]) -> Socket | None:
    word = entry.get("state", "")
    connected = "remoteport" in entry or bool(word)
    return fields.socket(
        "tcp" if connected else "udp",
        f"[{entry.get('localaddress', '')}]:{entry.get('localport', '')}",
        f"[{entry.get('remoteaddress', '')}]:{entry.get('remoteport', '')}",
        state_word=word,
        process=fields.name(entry.get("processname") or entry.get("process") or ""),
        pid=fields.process_id(entry.get("owningprocess", "")),
    )
