"""Decisions on their way into the database: gathered by the minute in memory, written elsewhere.

In go `Decision`s; `take` and `write` move them to the database, so that writing can happen off the
event loop. The connections are handed in, open.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from exporter.attribution.crowds import Groups
from exporter.events import CauseName, Decision
from exporter.evidence import sockets, suspects
from exporter.evidence.bounds import Bounds, give_back, trim
from exporter.evidence.erasure import erase
from exporter.evidence.layout import COLUMNS, prepare
from exporter.evidence.rows import Row, added, key, keys, row, summed_up, suspect
from exporter.evidence.sockets import Held
from exporter.evidence.suspects import Suspect

MAX_GATHERED = 5_000  # rows in memory; a flood of made-up sources beyond that is summed up
_JOURNAL = 4 * 1024 * 1024  # bytes, to which it shrinks once it is copied

_INSERT = f"INSERT INTO decisions VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608
_BOUNDS = Bounds()
_Answer = TypeVar("_Answer")


class Gathered(NamedTuple):
    """What is to be written."""

    rows: list[Row]
    sockets: list[Held]


class EvidenceStore:
    """Decisions of the last days. `record` is called on the event loop, the rest may block.

    One thread at a time may write, and one at a time may ask, each by its own connection.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        bounds: Bounds = _BOUNDS,
        *,
        reader: sqlite3.Connection | None = None,
    ) -> None:
        """Take an open connection, usable from other threads, and `prepare` it."""
        self.bounds = bounds
        self._rows: dict[tuple[object, ...], Row] = {}
        self._sockets: dict[tuple[object, ...], Held] = {}
        self.use(connection, reader)

    def use(self, connection: sqlite3.Connection, reader: sqlite3.Connection | None = None) -> None:
        """Write into another database from now on, and ask it."""
        prepare(connection)
        connection.execute(f"PRAGMA journal_size_limit = {_JOURNAL}")
        self._connection = connection
        self._reader = connection if reader is None else reader

    def record(self, decision: Decision) -> None:
        """Gather one decision; equal ones of a minute become one row."""
        new = row(decision)
        full = len(self._rows) >= MAX_GATHERED
        self._add(summed_up(new) if full and key(new) not in self._rows else new)
        for held in sockets.held(decision):
            at = sockets.place(held)
            if at in self._sockets:
                self._sockets[at] = sockets.joined(self._sockets[at], held)
            elif len(self._sockets) < MAX_GATHERED:
                self._sockets[at] = held

    def record_each(
        self, groups: Groups, causes: Sequence[CauseName], decision: Callable[[int], Decision]
    ) -> None:
        """Gather decisions about packets of nobody, as `record` does one by one.

        `decision` tells the whole decision about the group in a place; what is summed up needs the
        last one's only.
        """
        beyond: dict[tuple[float, CauseName], list[int]] = {}
        for at, place in enumerate(keys(groups.firsts, causes)):
            if len(self._rows) < MAX_GATHERED or place in self._rows:
                self.record(decision(at))
            else:
                beyond.setdefault((place[0], causes[at]), []).append(at)
        for places in beyond.values():
            newest = row(decision(places[-1]))
            self._add(
                msgspec.structs.replace(
                    summed_up(newest),
                    packets=sum(groups.packets[at] for at in places),
                    first=min(groups.firsts.moments[at] for at in places),
                    last=max(groups.last[at] for at in places),
                )
            )

    def _add(self, new: Row) -> None:
        place = key(new)
        known = self._rows.get(place)
        self._rows[place] = new if known is None else added(known, new)

    def take(self) -> Gathered:
        """What was gathered since the last call."""
        gathered = Gathered(list(self._rows.values()), list(self._sockets.values()))
        self._rows, self._sockets = {}, {}
        return gathered

    def write(self, gathered: Gathered, now: float) -> None:
        """Store what was gathered in one transaction, and drop what is too old or too much.

        Raises sqlite3.Error; nothing of it is stored then.
        """
        values = [(*msgspec.structs.astuple(one), suspect(one)) for one in gathered.rows]
        with self._connection:
            self._connection.executemany(_INSERT, values)
            sockets.store(self._connection, gathered.sockets)
            trim(self._connection, self.bounds, now)
        give_back(self._connection, self.bounds)

    def forget(self, device: str) -> int:
        """Delete what is stored of a device; return how many rows. Raises sqlite3.Error."""
        return erase(self._connection, device)

    def read(self, look: Callable[..., _Answer], *arguments: object) -> _Answer:
        """Ask the reader's connection something else. Raises sqlite3.Error."""
        return look(self._reader, *arguments)

    def suspects(self, since: float, until: float, most: int = 50) -> list[Suspect]:
        """Who was behind the packets between two moments, most packets first."""
        return suspects.between(self._reader, since, until, most)
