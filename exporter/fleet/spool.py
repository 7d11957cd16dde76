"""Records on a relay's disk, while no broker takes them: oldest first, over any end of the relay.

Rows go in, many a transaction, and out in the order of their numbers; one is removed when a broker
has acknowledged it. What is not there because the disk is full is said by sqlite3.Error, and costs
nothing that is.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from exporter.fleet.records import Kind
from exporter.storage.database import open_database

VERSION = 1
OVERHEAD = 100  # bytes that a row takes besides its value, in memory and on disk alike
_CHECKPOINT = 500  # pages of the journal, 2 MB: it counts towards the bound of the spool, too

_SCHEMA = f"""
BEGIN;
CREATE TABLE records (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, site TEXT NOT NULL, listener TEXT NOT NULL,
    messages INTEGER NOT NULL, received REAL NOT NULL, value BLOB NOT NULL
);
PRAGMA user_version = {VERSION};
COMMIT;
"""


class Row(NamedTuple):
    """A record that waits for a broker's word."""

    number: int  # in the order of arrival
    kind: Kind
    site: str
    listener: str  # "udp", "tcp", "tls"; "http" of a report
    messages: int  # in it; 0 of a report
    received: float
    value: bytes

    @property
    def size(self) -> int:
        """How many bytes it takes, about."""
        return len(self.value) + OVERHEAD


class Spool:
    """An open spool, which nobody else can open. Its methods block, and are called in turn."""

    def __init__(self, path: Path) -> None:
        """Open or create it. Raises database.StateError; a damaged one is set aside."""
        self.path = path
        self._connection = open_database(path, _prepare, exclusive=True)
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT}")
        self.records: int
        self.messages: int
        self.last: int  # the highest number that ever was in it
        self.records, self.messages, self.last = self._connection.execute(
            "SELECT count(*), coalesce(sum(messages), 0), coalesce(max(number), 0) FROM records"
        ).fetchone()
        self.bytes = 0  # of the file that are in use
        self.oldest: float | None = None  # when the first of them was received
        self._look()

    def add(self, rows: Sequence[Row]) -> None:
        """Keep rows, all or none; their numbers are above all others. Raises sqlite3.Error."""
        with self._connection:
            self._connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        self.records += len(rows)
        self.messages += sum(row.messages for row in rows)
        self.last = rows[-1].number
        self._look()

    def read(self, after: int, most_bytes: int) -> list[Row]:
        """Return the rows that follow a number, at least one if there is any.

        Raises sqlite3.Error.
        """
        found: list[Row] = []
        for row in self._connection.execute(
            "SELECT * FROM records WHERE number > ? ORDER BY number", (after,)
        ):
            found.append(Row(*row))
            most_bytes -= found[-1].size
            if most_bytes <= 0:
                break
        return found

    def replace(self, rows: Sequence[Row]) -> None:
        """Give rows other values. Raises sqlite3.Error; all of them are then as they were."""
        with self._connection:
            self._connection.executemany(
                "UPDATE records SET value = ? WHERE number = ?",
                ((row.value, row.number) for row in rows),
            )

    def remove(self, rows: Iterable[Row]) -> None:
        """Forget rows. Raises sqlite3.Error; all of them are still there then."""
        gone = list(rows)
        with self._connection:
            self._connection.executemany(
                "DELETE FROM records WHERE number = ?", ((row.number,) for row in gone)
            )
        self.records -= len(gone)
        self.messages -= sum(row.messages for row in gone)
        if not self.records:  # an outage is over: its room on the disk is others' again
            shorten = "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);"
            self._connection.executescript(shorten)  # `execute` would give back one page only
        self._look()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _look(self) -> None:
        """See how large it is, and how old."""
        [size], [pages], [free] = (
            self._connection.execute(f"PRAGMA {key}").fetchone()
            for key in ("page_size", "page_count", "freelist_count")
        )
        self.bytes = size * (pages - free) if self.records else 0
        first = self._connection.execute(
            "SELECT received FROM records ORDER BY number LIMIT 1"
        ).fetchone()
        self.oldest = first and first[0]


def _prepare(connection: sqlite3.Connection) -> None:
    """Create the table of a new file. Raises ValueError when another version wrote it."""
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        connection.executescript(_SCHEMA)
    elif version != VERSION:
        raise ValueError(f"is of another version ({version}, this one knows {VERSION})")
