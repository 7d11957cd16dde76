"""`Get-NetUDPEndpoint | ConvertTo-Json` and `Get-NetTCPConnection` of PowerShell -> sockets.

One object or an array of them, whole or with selected properties, among prompts. Times are
`/Date(1767225600000)/` in PowerShell 5 and ISO 8601 in 7. A listing does not say when it was made,
but it was made after its youngest socket: ages count from there and so claim less than the truth.
Source: MSFT_NetUDPEndpoint, MSFT_NetTCPConnection and .NET's TcpState.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from msgspec.structs import replace

from exporter.host_report import Socket
from exporter.sockets_text import fields

# Openings that are not JSON, and how often their text may be read in vain: an array that was copied
# only in part is read again object by object. Bounds the time that hostile text can cost.
MAX_FAILURES = 20
MAX_READINGS = 2

_OPENING = re.compile(r"^[ \t]*+([\[{])", re.MULTILINE)
_DATE = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/$")
_EARLIEST = 946684800.0  # 2000-01-01: what is older is a time that was never set
_TCP_STATES = {
    1: "closed",
    2: "listen",
    3: "syn-sent",
    4: "syn-received",
    5: "established",
    6: "fin-wait-1",
    7: "fin-wait-2",
    8: "close-wait",
    9: "closing",
    10: "last-ack",
    11: "time-wait",
    12: "delete-tcb",
    100: "bound",
}

_DECODER = json.JSONDecoder(strict=False)  # a terminal breaks long lines inside strings


def recognises(lines: list[str]) -> bool:
    """Tell whether a line names the property that every such object has."""
    return '"localport"' in "\n".join(lines).lower()


def sockets(lines: list[str]) -> list[Socket]:
    """Return the sockets of all objects that have a local address and port."""
    objects = _objects("\n".join(lines))
    pairs = (pair for spoken, entry in objects if (pair := _socket(entry, spoken)))
    read = list(islice(pairs, fields.MAX_ROWS))
    youngest = max((created for _, created in read if created is not None), default=None)
    return [
        socket
        if created is None or youngest is None
        else replace(socket, age_seconds=youngest - created)
        for socket, created in read
    ]


def _objects(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each object, with the transport that the command above it asks for."""
    at = failures = wasted = 0
    spoken = "udp"
    while failures < MAX_FAILURES and wasted < MAX_READINGS * len(text):
        opening = _OPENING.search(text, at)
        if opening is None:
            return
        spoken = _asked(text[at : opening.start()]) or spoken
        try:
            value, at = _DECODER.raw_decode(text, opening.start(1))
        except (ValueError, RecursionError) as error:
            failures += 1
            # Where reading failed; a number or a nesting that is too large does not say.
            wasted += getattr(error, "pos", len(text)) - opening.start(1)
            at = opening.end()
            continue
        if isinstance(value, dict) and isinstance(value.get("value"), list):
            value = value["value"]  # PowerShell 5 wraps an array that was a variable
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, dict):
                yield spoken, {key.lower(): item for key, item in entry.items()}


def _asked(text: str) -> str | None:
    text = text.lower()
    tcp, udp = text.rfind("get-nettcpconnection"), text.rfind("get-netudpendpoint")
    return None if tcp == udp else "tcp" if tcp > udp else "udp"


def _socket(entry: dict[str, Any], spoken: str) -> tuple[Socket, float | None] | None:
    word = _state(entry.get("state"))
    remote_port = _integer(entry.get("remoteport"))
    names = (entry.get(key) for key in ("processname", "process", "name"))
    process = next((name for name in names if isinstance(name, str) and name), "")
    socket = fields.socket(
        "tcp" if word or remote_port is not None else spoken,
        f"[{entry.get('localaddress')}]:{_integer(entry.get('localport'))}",
        f"[{entry.get('remoteaddress')}]:{remote_port}",
        state_word=word,
        process=fields.name(process),
        pid=fields.process_id(str(_integer(entry.get("owningprocess")))),
    )
    return None if socket is None else (socket, _time(entry.get("creationtime")))


def _integer(value: object) -> int | None:
    if isinstance(value, str):
        return fields.number(value, fields.MAX_PID)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= fields.MAX_PID else None


def _state(value: object) -> str:
    code = _integer(value)
    if code is not None:
        return _TCP_STATES.get(code, "")
    return value if isinstance(value, str) else ""


def _time(value: object) -> float | None:
    """Return Unix seconds. PowerShell 5 may wrap a time in an object of value and display text."""
    if isinstance(value, dict):
        value = value.get("value")
    if not isinstance(value, str):
        return None
    stamp = _DATE.match(value)
    seconds = int(stamp[1]) / 1000 if stamp else _iso(value)
    return seconds if seconds is not None and seconds >= _EARLIEST else None


def _iso(text: str) -> float | None:
    try:
        # 3.11 reads at most six digits of a second; PowerShell writes seven.
        time = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text[:64]))
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
