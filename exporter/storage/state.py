"""The state file: counters, created times and undecided packets, one SQLite file.

What a scrape has shown is committed before its body leaves, so that a restored counter is never
below what was seen. A commit adds one small row that says what is new: to replace each series in
its place would write a page for each, at every scrape, and wear out SD cards. Now and then the
rows are moved into the tables. A file that cannot be read, or that a newer version wrote, is set
aside under another name and the program starts afresh.
"""

import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from loguru import logger

from exporter.metrics.series import Series
from exporter.storage.database import is_unreadable, open_database, set_aside, unusable

VERSION = 2
MOVE = 1024 * 1024  # bytes of commits, after which they are moved into the tables

_COMMITS = "CREATE TABLE commits (number INTEGER PRIMARY KEY, data BLOB NOT NULL);"
_SCHEMA = f"""
CREATE TABLE series (
    metric TEXT NOT NULL, labels BLOB NOT NULL, value REAL NOT NULL, created REAL NOT NULL,
    used REAL NOT NULL, PRIMARY KEY (metric, labels)
) WITHOUT ROWID;
CREATE TABLE parts (name TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
{_COMMITS}
"""
# Many rows a statement: between two statements the event loop may have the interpreter's lock.
_ROWS = 199  # of five values; SQLite before 3.32 takes 999 a statement
_labels = msgspec.msgpack.Decoder(tuple[str, ...])

Key = tuple[str, tuple[str, ...]]  # metric, label values
_Place = tuple[str, bytes]  # the same as it is stored
_Values = tuple[float, float, float]  # value, created, used


class _Commit(NamedTuple):
    """What is new. Labels are encoded."""

    series: list[tuple[str, bytes, float, float, float]]  # metric, labels, value, created, used
    removed: list[tuple[str, bytes]]  # metric, labels; they go before the others come
    parts: dict[str, bytes]


_commits = msgspec.msgpack.Decoder(_Commit)


class StateFile:
    """An open state file, which nobody else can open.

    Its methods block; one thread at a time may call them.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file; set an unreadable one aside.

        Raises database.StateError when the folder cannot be written, or another process uses it.
        """
        self.path = path
        self._connection = open_database(path, exclusive=True)
        try:
            _prepare(self._connection)
            self.load()
        except (
            sqlite3.DatabaseError, msgspec.DecodeError, TypeError, ValueError
        ) as error:  # fmt: skip
            self._connection.close()
            if not is_unreadable(error):
                raise unusable(path, error) from error
            logger.error("state file {} {}: set aside as {}", path, error, set_aside(path).name)
            self._connection = open_database(path, _prepare, exclusive=True)
        [self._unmoved] = self._connection.execute(
            "SELECT coalesce(sum(length(data)), 0) FROM commits"
        ).fetchone()

    def load(self) -> tuple[dict[Key, Series], dict[str, bytes]]:
        """All counters, and the named parts."""
        rows: dict[_Place, _Values] = {
            (metric, labels): (value, created, used)
            for metric, labels, value, created, used in self._connection.execute(
                "SELECT metric, labels, value, created, used FROM series"
            )
        }
        parts: dict[str, bytes] = dict(self._connection.execute("SELECT name, data FROM parts"))
        removed, changed, news = self._unmoved_commits()
        for place in removed:
            rows.pop(place, None)
        series = {
            (metric, _labels.decode(labels)): Series(value, created, used, saved=value)
            for (metric, labels), (value, created, used) in (rows | changed).items()
        }
        return series, parts | news

    def commit(
        self,
        changed: Mapping[Key, tuple[float, float, float]],
        removed: Iterable[Key],
        parts: Mapping[str, bytes],
    ) -> None:
        """Store values (value, created, used), remove series and replace parts, all or nothing.

        Raises sqlite3.Error; the file is then as it was.
        """
        encode = msgspec.msgpack.encode
        commit = _Commit(
            [(metric, encode(labels), *values) for (metric, labels), values in changed.items()],
            [(metric, encode(labels)) for metric, labels in removed],
            dict(parts),
        )
        data = zlib.compress(encode(commit), 1)
        if self._unmoved > MOVE:
            self._move()
        with self._connection:
            self._connection.execute("INSERT INTO commits (data) VALUES (?)", (data,))
        self._unmoved += len(data)

    def overwrite(self) -> None:
        """Leave nothing in the file, or its journal, that is not stored by now: no former values.

        Raises sqlite3.Error.
        """
        self._into_tables(*self._unmoved_commits())
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _commits(self) -> Iterable[_Commit]:
        """The rows that are not yet moved. Raises sqlite3.Error, also for one that is damaged."""
        for [data] in self._connection.execute("SELECT data FROM commits ORDER BY number"):
            try:
                commit = _commits.decode(zlib.decompress(data))
            except (zlib.error, msgspec.DecodeError, TypeError) as error:
                raise sqlite3.DatabaseError(f"holds a damaged commit ({error})") from error
            yield commit

    def _unmoved_commits(self) -> tuple[set[_Place], dict[_Place, _Values], dict[str, bytes]]:
        """What they come to: the series that go from the tables, then those and parts that come."""
        removed, series, parts = set[_Place](), dict[_Place, _Values](), dict[str, bytes]()
        for commit in self._commits():
            removed.update(commit.removed)
            for place in commit.removed:
                series.pop(place, None)
            series.update((row[:2], row[2:]) for row in commit.series)
            parts |= commit.parts
        return removed, series, parts

    def _move(self) -> None:
        """Move the commits into the tables; without room there they are as good where they are.

        Raises sqlite3.Error when they cannot be read: then more of them would be lost, too.
        """
        unmoved = self._unmoved_commits()
        try:
            self._into_tables(*unmoved)
        except sqlite3.Error as error:
            logger.warning("state file {} grows until there is room: {}", self.path, error)

    def _into_tables(
        self, removed: set[_Place], series: dict[_Place, _Values], parts: dict[str, bytes]
    ) -> None:
        self._unmoved = 0
        with self._connection:
            self._put(removed, sorted(series.items()), parts)
            self._connection.execute("DELETE FROM commits")

    def _put(
        self,
        removed: Iterable[_Place],
        series: Sequence[tuple[_Place, _Values]],
        parts: Mapping[str, bytes],
    ) -> None:
        """Put what is new into the tables; sorted, so that each page is written once."""
        self._connection.executemany("DELETE FROM series WHERE metric = ? AND labels = ?", removed)
        for at in range(0, len(series), _ROWS):
            rows = series[at : at + _ROWS]
            places = ", ".join(["(?, ?, ?, ?, ?)"] * len(rows))
            self._connection.execute(
                f"INSERT OR REPLACE INTO series VALUES {places}",  # noqa: S608 question marks
                [value for key, values in rows for value in (*key, *values)],
            )
        self._connection.executemany("INSERT OR REPLACE INTO parts VALUES (?, ?)", parts.items())


def _prepare(connection: sqlite3.Connection) -> None:
    """Create the tables of a new file.

    Raises ValueError when a newer version wrote it, and sqlite3.Error.
    """
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise ValueError(f"is of a newer version ({version}, this one knows {VERSION})")
    if version < VERSION:
        tables = _COMMITS if version == 1 else _SCHEMA
        connection.executescript(f"BEGIN; {tables} PRAGMA user_version = {VERSION}; COMMIT;")
