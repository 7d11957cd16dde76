"""`knockwatch forget`: ask a running exporter to delete what it stores of a device.

The exporter's address and a name go in, what to print comes out. The exporter deletes: it alone has
its state open.
"""

import urllib.error
from http.client import HTTPException
from urllib.parse import quote

import msgspec

from exporter.direct import Direct

SECONDS = 60  # a large database takes a while
_MOST_BYTES = 65_536


class _Deleted(msgspec.Struct, frozen=True):
    evidence: int
    sockets: int
    leases: int
    associations: int
    acknowledged: int
    tokens: int


class _Answer(msgspec.Struct, frozen=True):
    """What `POST /api/v1/forget/{device}` answers."""

    device: str
    deleted: _Deleted
    configured_token: bool
    returns_if_it_reports: bool
    set_aside: list[str] = []


class _Error(msgspec.Struct, frozen=True):
    error: str


def ask(url: str, device: str, direct: Direct) -> str:
    """Return what was deleted, in words.

    Raises ValueError when nothing was, saying why.
    """
    address = f"{url.rstrip('/')}/api/v1/forget/{quote(device, safe='')}"
    try:
        with direct.open(address, b"", seconds=SECONDS) as answer:
            told = msgspec.json.decode(answer.read(_MOST_BYTES), type=_Answer)
    except urllib.error.HTTPError as error:
        raise ValueError(f"{url}: {_reason(error)}") from None
    except urllib.error.URLError as error:
        raise ValueError(f"{url}: {error.reason}; a running serve is needed") from None
    except (OSError, HTTPException, msgspec.MsgspecError) as error:
        raise ValueError(f"{url}: not an answer of this program: {error}") from None
    return _words(told)


def _words(told: _Answer) -> str:
    kinds = {
        "rows of evidence": told.deleted.evidence,
        "sockets and conversations": told.deleted.sockets,
        "leases": told.deleted.leases,
        "Wi-Fi stations": told.deleted.associations,
        "acknowledged programs": told.deleted.acknowledged,
        "tokens": told.deleted.tokens,
    }
    lines = [f"Deleted of {told.device}:"]
    lines += [f"  {number} {kind}" for kind, number in kinds.items()]
    lines.append("Counters stay: they only count, and Prometheus has them already.")
    if told.configured_token:
        lines.append("Its line in the configured file of tokens is yours to remove.")
    if told.set_aside:
        files = ", ".join(told.set_aside)
        lines.append(f"Damaged files that were set aside may hold it still, delete them: {files}")
    if told.returns_if_it_reports:
        lines.append("It comes back with its next report: stop its agent first.")
    return "\n".join(lines)


def _reason(error: urllib.error.HTTPError) -> str:
    with error:
        try:
            return msgspec.json.decode(error.read(_MOST_BYTES), type=_Error).error
        except (OSError, HTTPException, msgspec.MsgspecError):
            return f"HTTP {error.code} {error.reason}"
