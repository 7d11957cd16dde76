"""The evidence store: what was decided in the last days, in SQLite, bounded.

In go `Decision`s, gathered by the minute in memory; `take` and `write` move them to the database,
so that writing can happen off the event loop. Out come `Suspect`s for the page and the API: who is
behind the rejected packets of a period, most packets first. The connection is handed in, open.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from typing import Any

import msgspec

from exporter.budget import OTHER
from exporter.enrichment.networks import UNKNOWN
from exporter.erasure import erase
from exporter.events import CauseName, Decision, Direction, Evidence, Network, Reason, Verdict

MAX_ROWS = 200_000  # about 80 MB; one row a minute, remote address and port of ours
MAX_AGE = 7 * 24 * 3600.0  # seconds
MAX_GATHERED = 20_000  # rows in memory; a flood of made-up sources beyond that is summed up

VERSION = 1  # of the layout
_SCHEMA = """
CREATE TABLE decisions (
    minute INTEGER NOT NULL, router TEXT NOT NULL, direction TEXT NOT NULL,
    transport TEXT NOT NULL, remote_ip TEXT NOT NULL, our_port INTEGER,
    device TEXT NOT NULL, process TEXT NOT NULL, evidence TEXT NOT NULL,
    cause TEXT NOT NULL, verdict TEXT NOT NULL, confidence REAL NOT NULL,
    asn TEXT NOT NULL, network BLOB NOT NULL, packets INTEGER NOT NULL,
    first REAL NOT NULL, last REAL NOT NULL, reasons BLOB NOT NULL, suspect INTEGER NOT NULL
);
CREATE INDEX decisions_by_last ON decisions (last);
"""
_INSERT = "INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SUMS = """
WITH sums AS (
    SELECT sum(packets) AS packets, sum(sum(packets)) OVER () AS total, max(rowid) AS newest,
        min(first) AS first, max(last) AS last, count(DISTINCT remote_ip) AS sources,
        json_group_array(DISTINCT router) AS routers
    FROM decisions WHERE last >= :since AND first <= :until GROUP BY suspect
)
SELECT suspect, device, process, evidence, confidence, cause, verdict, direction, transport,
    network, reasons, sources, routers, sums.packets AS packets, total, sums.first AS first,
    sums.last AS last
FROM sums JOIN decisions ON decisions.rowid = newest
ORDER BY verdict = 'act' DESC, verdict = 'watch' AND device <> '' DESC, sums.packets DESC
LIMIT :most
"""
_PORTS = """
SELECT suspect, our_port FROM (
    SELECT suspect, our_port,
        row_number() OVER (PARTITION BY suspect ORDER BY sum(packets) DESC, our_port) AS place
    FROM decisions WHERE last >= :since AND first <= :until AND our_port IS NOT NULL
        AND suspect IN (SELECT value FROM json_each(:chosen))
    GROUP BY suspect, our_port
) WHERE place <= 5 ORDER BY suspect, place
"""
_NETWORKS = """
SELECT suspect, network, networks FROM (
    SELECT suspect, network, max(rowid), count(*) OVER (PARTITION BY suspect) AS networks,
        row_number() OVER (PARTITION BY suspect ORDER BY sum(packets) DESC, asn) AS place
    FROM decisions WHERE last >= :since AND first <= :until
        AND suspect IN (SELECT value FROM json_each(:chosen))
    GROUP BY suspect, asn
) WHERE place = 1
"""
_why = msgspec.json.Decoder(tuple[tuple[Reason, ...], tuple[Reason, ...], tuple[str, ...]])
_network = msgspec.json.Decoder(Network)


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """Who, or what, is behind rejected packets of a period: one line of the page.

    Packets of a named program make one suspect for each cause, direction and transport; packets of
    nobody one for each of these and each network.
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
    total: int  # of the period, all suspects together
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


class LayoutError(ValueError):
    """A database that holds something else; the text says what, and follows the file's name."""


def prepare(connection: sqlite3.Connection) -> None:
    """Create the tables of a new database.

    Raises LayoutError when there are others, and sqlite3.Error.
    """
    [version] = connection.execute("PRAGMA user_version").fetchone()
    [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not version and not tables:
        connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        return
    if version != VERSION:
        raise LayoutError(f"has layout {version} of the evidence, this version knows {VERSION}")
    columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(decisions)")]
    if columns != [*_Row.__struct_fields__, "suspect"]:
        raise LayoutError(f"has a table of decisions that is not ours ({', '.join(columns)})")


class EvidenceStore:
    """Decisions of the last days. `record` is called on the event loop, the rest may block.

    One thread at a time may write, and one at a time may ask, each by its own connection.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        max_rows: int = MAX_ROWS,
        max_age: float = MAX_AGE,
        *,
        reader: sqlite3.Connection | None = None,
    ) -> None:
        """Take an open connection, usable from other threads, and `prepare` it."""
        prepare(connection)
        self._connection = connection
        self._reader = connection if reader is None else reader
        self._max_rows, self._max_age = max_rows, max_age
        self._gathered: dict[tuple[object, ...], _Row] = {}

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
        values = [(*msgspec.structs.astuple(row), _suspect(row)) for row in rows]
        with self._connection:
            self._connection.executemany(_INSERT, values)
            self._connection.execute("DELETE FROM decisions WHERE last < ?", (now - self._max_age,))
            self._connection.execute(
                "DELETE FROM decisions WHERE rowid <= (SELECT max(rowid) FROM decisions) - ?",
                (self._max_rows,),
            )

    def forget(self, device: str) -> int:
        """Delete what is stored of a device; return how many rows. Raises sqlite3.Error."""
        return erase(self._connection, device)

    def suspects(self, since: float, until: float, most: int = 50) -> list[Suspect]:
        """Who was behind the packets between two moments, most packets first.

        Of more than `most` there are those to act on, those that are named and to be watched, and
        those with the most packets, in this order.
        """
        period = {"since": since, "until": until}
        found = self._reader.execute(_SUMS, period | {"most": most})
        names = [name for name, *_ in found.description]
        rows = {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in found}
        chosen = period | {"chosen": json.dumps(list(rows))}
        ports: dict[int, list[int]] = {}
        for suspect, port in self._reader.execute(_PORTS, chosen):
            ports.setdefault(suspect, []).append(port)
        networks = {
            suspect: (network, number)
            for suspect, network, number in self._reader.execute(_NETWORKS, chosen)
        }
        suspects = [
            _told(facts, ports.get(suspect, ()), networks.get(suspect))
            for suspect, facts in rows.items()
        ]
        return sorted(suspects, key=lambda s: (-s.packets, s.device, s.process, s.cause))


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
        decision.last,
        msgspec.json.encode((attribution.reasons, cause.reasons, candidates)),
    )


def _suspect(row: _Row) -> int:
    """Return a number for all that makes a suspect: sorting by it takes half the time."""
    network = "" if row.device else row.asn
    key = (row.device, row.process, row.cause, row.direction, row.transport, network)
    digest = hashlib.blake2b(msgspec.msgpack.encode(key), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def _told(facts: dict[str, Any], ports: Iterable[int], main: tuple[bytes, int] | None) -> Suspect:
    """Return a suspect from what `_SUMS`, `_PORTS` and `_NETWORKS` say of it."""
    network, networks = main or (facts["network"], 1)  # None: its rows were dropped meanwhile
    reasons, cause_reasons, candidates = _why.decode(facts["reasons"])
    read = {
        "ports": tuple(ports),
        "network": _network.decode(network),
        "networks": networks,
        "routers": tuple(sorted(json.loads(facts["routers"]))),
        "reasons": reasons,
        "cause_reasons": cause_reasons,
        "candidates": candidates,
    }
    return Suspect(**facts | read)
