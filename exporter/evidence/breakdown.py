"""The evidence of one question, added up: by time, by device, program, network, port and address.

A connection to the evidence database and a `Question` go in; sums, and the rows themselves, come
out. Nothing is written. The numbers are those of whole rows: a row is a minute of one flow, and
belongs to a period that it touches.
"""

import json
import sqlite3
from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from exporter.events import CauseName, Direction, Evidence, Network, Reason, Verdict

Facet = Literal["device", "process", "network", "port", "remote", "router", "cause"]

MOST = 8  # values of a facet
PAGE = 50  # rows

# What rows are told apart by, and its columns.
FACETS: dict[Facet, str] = {
    "device": "device",
    "process": "process",
    "network": "asn",
    "port": "our_port, transport",
    "remote": "remote_ip",
    "router": "router",
    "cause": "cause",
}
# Rows are stored about in their order of time: reading on from the first of a period is four times
# as fast as following the index to each of them.
_FROM = """ FROM decisions
    WHERE rowid >= (SELECT min(rowid) FROM decisions WHERE last >= :since)
    AND +last >= :since AND first <= :until
    AND (:device IS NULL OR device = :device COLLATE NOCASE)
    AND (:process IS NULL OR process = :process)
    AND (:asn IS NULL OR asn = :asn) AND (:our_port IS NULL OR our_port = :our_port)
    AND (:transport IS NULL OR transport = :transport)
    AND (:remote_ip IS NULL OR remote_ip = :remote_ip) AND (:router IS NULL OR router = :router)
    AND (:cause IS NULL OR cause = :cause) AND (:direction IS NULL OR direction = :direction)
"""
# What began before the period is drawn with its first part.
_BAR = "max(0, min(:bars - 1, (60 * minute - :begin) / :width)) AS bar"
_TOTAL = "SELECT " + _BAR + ", sum(packets), count(*)" + _FROM + "GROUP BY bar"
_SUSPECT = "CASE WHEN suspect IN (SELECT value FROM json_each(:chosen)) THEN suspect END"
_TRENDS = "SELECT " + _SUSPECT + ", " + _BAR + ", sum(packets)" + _FROM + "GROUP BY 1, bar"
_SHARES = {
    facet: "SELECT sum(packets) AS packets, count(*) OVER (), network, max(rowid), "
    + columns
    + _FROM
    + "GROUP BY "
    + columns
    + " ORDER BY packets DESC, 5 LIMIT :most"
    for facet, columns in FACETS.items()
}
_ROWS = (
    "SELECT router, direction, transport, remote_ip, our_port, device, process, evidence,"
    " confidence, cause, verdict, network, packets, first, last, line, reasons"
    + _FROM
    + "ORDER BY last DESC, rowid DESC LIMIT :most OFFSET :skipped"
)
_why = msgspec.json.Decoder(tuple[tuple[Reason, ...], tuple[Reason, ...], tuple[str, ...]])
_network = msgspec.json.Decoder(Network)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows are meant; None is any. The names but the first two are those of columns."""

    since: float
    until: float
    device: str | None = None  # "": packets of nobody
    process: str | None = None
    asn: str | None = None
    our_port: int | None = None
    transport: str | None = None
    remote_ip: str | None = None
    router: str | None = None
    cause: str | None = None
    direction: str | None = None


class Bars(msgspec.Struct, frozen=True, kw_only=True):
    """Packets by time, in parts of equal length; the last one holds the end of the period."""

    begin: float
    width: int  # seconds, whole minutes
    packets: tuple[int, ...]


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """All rows of a question."""

    packets: int
    rows: int
    bars: Bars


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """The rows that have one value in common."""

    value: str | int | None
    packets: int
    transport: str = ""  # of a port
    network: Network | None = None  # of a network or address


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """The values of a facet, most packets first."""

    values: tuple[Share, ...]
    number: int  # how many there are


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Packets of one minute, remote address and port of ours."""

    router: str
    direction: Direction
    transport: str
    remote_ip: str
    our_port: int | None
    device: str
    process: str
    evidence: Evidence
    confidence: float
    cause: CauseName
    verdict: Verdict
    network: Network
    packets: int
    first: float
    last: float
    line: str  # one line that told of it; "" where none is kept
    reasons: tuple[Reason, ...]
    cause_reasons: tuple[Reason, ...]
    candidates: tuple[str, ...]


def total(connection: sqlite3.Connection, question: Question, bars: int) -> Total:
    """Return how much it was, and when, in so many parts of the period."""
    clock = _clock(question, bars)
    found = connection.execute(_TOTAL, _asked(question) | clock).fetchall()
    return Total(
        packets=sum(packets for _, packets, _ in found),
        rows=sum(number for *_, number in found),
        bars=_bars(((bar, packets) for bar, packets, _ in found), clock),
    )


def trends(
    connection: sqlite3.Connection, question: Question, suspects: Iterable[int], bars: int
) -> dict[int | None, Bars]:
    """Return the packets by time: of each suspect under its number, of all under None."""
    clock = _clock(question, bars)
    values = _asked(question) | clock | {"chosen": json.dumps(list(suspects))}
    found: dict[int | None, list[tuple[int, int]]] = {None: []}
    for suspect, bar, packets in connection.execute(_TRENDS, values):
        found[None].append((bar, packets))
        if suspect is not None:
            found.setdefault(suspect, []).append((bar, packets))
    return {suspect: _bars(sums, clock) for suspect, sums in found.items()}


def shares(
    connection: sqlite3.Connection, question: Question, facet: Facet, most: int = MOST
) -> Shares:
    """Return the values that a facet has, and the packets of each."""
    rows = connection.execute(_SHARES[facet], _asked(question) | {"most": most}).fetchall()
    values = tuple(
        Share(
            value=value,
            packets=packets,
            transport=transport[0] if transport else "",
            network=_network.decode(network) if facet in ("network", "remote") else None,
        )
        for packets, _, network, _, value, *transport in rows
    )
    return Shares(values=values, number=rows[0][1] if rows else 0)


def rows(
    connection: sqlite3.Connection, question: Question, skipped: int = 0, most: int = PAGE
) -> tuple[Row, ...]:
    """Return rows, newest first, after so many that are skipped."""
    values = _asked(question) | {"most": most, "skipped": skipped}
    found = connection.execute(_ROWS, values)
    names = [name for name, *_ in found.description]
    return tuple(_row(dict(zip(names, row, strict=True))) for row in found)


def _asked(question: Question) -> dict[str, Any]:
    return msgspec.structs.asdict(question)


def _clock(question: Question, bars: int) -> dict[str, int]:
    """Return where the first bar begins and how wide one is: whole minutes, as rows have them."""
    width = max(60, round((question.until - question.since) / bars / 60) * 60)
    end = (int(question.until) // 60 + 1) * 60
    return {"bars": bars, "begin": end - bars * width, "width": width}


def _bars(sums: Iterable[tuple[int, int]], clock: dict[str, int]) -> Bars:
    spread = [0] * clock["bars"]
    for bar, packets in sums:
        spread[bar] += packets
    return Bars(begin=clock["begin"], width=clock["width"], packets=tuple(spread))


def _row(facts: dict[str, Any]) -> Row:
    reasons, cause_reasons, candidates = _why.decode(facts["reasons"])
    read = {
        "network": _network.decode(facts["network"]),
        "reasons": reasons,
        "cause_reasons": cause_reasons,
        "candidates": candidates,
    }
    return Row(**facts | read)
