"""The evidence store: what was decided in the last days, in SQLite, bounded.

In go `Decision`s, gathered by the minute in memory; `take` and `write` move them to the database,
so that writing can happen off the event loop. Out come `Suspect`s for the page and the API: who is
behind the rejected packets of a period, most packets first. The connection is handed in, open.
"""

import sqlite3
from collections.abc import Iterable
from typing import Any

import msgspec

from exporter.budget import OTHER
from exporter.enrichment.networks import UNKNOWN
from exporter.events import (
    CauseName,
    Decision,
    Direction,
    Evidence,
    Network,
    Reason,
    Verdict,
)

MAX_ROWS = 200_000  # about 60 MB; one row a minute, remote address and port of ours
MAX_AGE = 7 * 24 * 3600.0  # seconds
MAX_GATHERED = 20_000  # rows in memory; a flood of made-up sources beyond that is summed up

_SCHEMA = """
CREATE TABLE IF NOT EXISTS decisions (
    minute INTEGER NOT NULL, router TEXT NOT NULL, direction TEXT NOT NULL,
    transport TEXT NOT NULL, remote_ip TEXT NOT NULL, our_port INTEGER,
    device TEXT NOT NULL, process TEXT NOT NULL, evidence TEXT NOT NULL,
    cause TEXT NOT NULL, verdict TEXT NOT NULL, confidence REAL NOT NULL,
    asn TEXT NOT NULL, network BLOB NOT NULL, packets INTEGER NOT NULL,
    first REAL NOT NULL, last REAL NOT NULL, reasons BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS decisions_by_minute ON decisions (minute);
"""
_INSERT = "INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_why = msgspec.json.Decoder(tuple[tuple[Reason, ...], tuple[Reason, ...], tuple[str, ...]])
_network = msgspec.json.Decoder(Network)


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """Who, or what, is behind rejected packets of a period: one line of the page.

    Packets of a named program make one suspect for each cause; packets of nobody one for each cause
    and network.
    """

    device: str
    process: str
    evidence: Evidence
    confidence: float
    cause: CauseName
    verdict: Verdict
    direction: Direction
    transport: str
    network: Network  # of the other side, the one with the most packets
    networks: int  # how many there were
    sources: int  # distinct remote addresses
    ports: tuple[int, ...]  # ours, at most five, most packets first
    routers: tuple[str, ...]
    packets: int
    first: float
    last: float
    reasons: tuple[Reason, ...]  # of the attribution, newest
    cause_reasons: tuple[Reason, ...]
    candidates: tuple[str, ...]  # devices that fit, named or not


class _Row(msgspec.Struct, frozen=True):
    """One row; the fields stand in the order of the columns."""

    minute: int
    router: str
    direction: Direction
    transport: str
    remote_ip: str
    our_port: int | None
    device: str
    process: str
    evidence: Evidence
    cause: CauseName
    verdict: Verdict
    confidence: float
    asn: str
    network: bytes
    packets: int
    first: float
    last: float
    reasons: bytes


# A flood of made-up senders is one row for each device and cause, whatever the lines say.
_SUMMED_UP: dict[str, Any] = {
    "router": OTHER,
    "transport": "",
    "remote_ip": "",
    "our_port": None,
    "asn": UNKNOWN.asn,
    "network": msgspec.json.encode(UNKNOWN),
}


class EvidenceStore:
    """Decisions of the last days. `record` is called on the event loop, the rest may block."""

    def __init__(
        self, connection: sqlite3.Connection, max_rows: int = MAX_ROWS, max_age: float = MAX_AGE
    ) -> None:
        """Take an open connection, usable from other threads, and create what is missing."""
        self._connection = connection
        self._max_rows, self._max_age = max_rows, max_age
        self._gathered: dict[tuple[object, ...], _Row] = {}
        connection.executescript(_SCHEMA)

    def record(self, decision: Decision) -> None:
        """Gather one decision; equal ones of a minute become one row."""
        row = _row(decision)
        known = self._gathered.get(_key(row))
        if known is None and len(self._gathered) >= MAX_GATHERED:
            row = msgspec.structs.replace(row, **_SUMMED_UP)
            known = self._gathered.get(_key(row))
        if known is not None:
            row = msgspec.structs.replace(
                row,
                packets=known.packets + row.packets,
                first=min(known.first, row.first),
                last=max(known.last, row.last),
            )
        self._gathered[_key(row)] = row

    def take(self) -> list[_Row]:
        """What was gathered since the last call."""
        gathered, self._gathered = self._gathered, {}
        return list(gathered.values())

    def write(self, rows: Iterable[_Row], now: float) -> None:
        """Store rows in one transaction, and drop what is too old or too much.

        Raises sqlite3.Error; nothing of the rows is stored then.
        """
        values = [msgspec.structs.astuple(row) for row in rows]
        with self._connection:
            self._connection.executemany(_INSERT, values)
            self._connection.execute(
                "DELETE FROM decisions WHERE minute < ?", (int((now - self._max_age) // 60),)
            )
            self._connection.execute(
                "DELETE FROM decisions WHERE rowid <= (SELECT max(rowid) FROM decisions) - ?",
                (self._max_rows,),
            )

    def suspects(self, since: float, until: float, most: int = 50) -> list[Suspect]:
        """Who was behind the packets between two moments, most packets first."""
        found = self._connection.execute(
            "SELECT * FROM decisions WHERE last >= ? AND first <= ? ORDER BY last", (since, until)
        )
        groups: dict[tuple[str, ...], list[_Row]] = {}
        for values in found:
            row = _Row(*values)
            key = (row.device, row.process, row.cause, "" if row.device else row.asn)
            groups.setdefault(key, []).append(row)
        suspects = [_suspect(rows) for rows in groups.values()]
        return sorted(suspects, key=lambda s: (-s.packets, s.device, s.process, s.cause))[:most]

    def forget(self, device: str) -> int:
        """Delete all that names a device, whatever its case; how many rows it was."""
        name = device.casefold()

        def names(named: str, reasons: bytes) -> bool:
            return name in map(str.casefold, (named, *_why.decode(reasons)[2]))

        self._connection.create_function("names", 2, names)
        with self._connection:
            return self._connection.execute(
                "DELETE FROM decisions WHERE ? <> '' AND names(device, reasons)", (device,)
            ).rowcount


def _key(row: _Row) -> tuple[object, ...]:
    return (
        *(row.minute, row.router, row.direction, row.transport, row.remote_ip, row.our_port),
        *(row.device, row.process, row.evidence, row.cause, row.asn),
    )


def _row(decision: Decision) -> _Row:
    rejection, attribution, cause = decision.rejection, decision.attribution, decision.cause
    candidates = [candidate.device for candidate in attribution.candidates]
    return _Row(
        int(rejection.received // 60),
        rejection.router,
        rejection.direction,
        rejection.transport,
        rejection.remote_ip,
        rejection.our_port,
        attribution.device,
        attribution.process,
        attribution.evidence,
        cause.name,
        cause.verdict,
        attribution.confidence,
        rejection.remote.asn,
        msgspec.json.encode(rejection.remote),
        rejection.count,
        rejection.received,
        rejection.received,
        msgspec.json.encode((attribution.reasons, cause.reasons, candidates)),
    )


def _suspect(rows: list[_Row]) -> Suspect:
    """Sum rows of one suspect up; they come oldest first."""
    newest = rows[-1]
    ports: dict[int, int] = {}
    networks: dict[bytes, int] = {}
    for row in rows:
        networks[row.network] = networks.get(row.network, 0) + row.packets
        if row.our_port is not None:
            ports[row.our_port] = ports.get(row.our_port, 0) + row.packets
    reasons, cause_reasons, candidates = _why.decode(newest.reasons)
    return Suspect(
        device=newest.device,
        process=newest.process,
        evidence=newest.evidence,
        confidence=newest.confidence,
        cause=newest.cause,
        verdict=newest.verdict,
        direction=newest.direction,
        transport=newest.transport,
        network=_network.decode(max(networks, key=networks.__getitem__)),
        networks=len(networks),
        sources=len({row.remote_ip for row in rows}),
        ports=tuple(sorted(ports, key=lambda port: -ports[port])[:5]),
        routers=tuple(sorted({row.router for row in rows})),
        packets=sum(row.packets for row in rows),
        first=min(row.first for row in rows),
        last=max(row.last for row in rows),
        reasons=reasons,
        cause_reasons=cause_reasons,
        candidates=candidates,
    )
