"""The state file: counters, created times and undecided packets, one SQLite file, one transaction.

What a scrape has shown is committed before its body leaves, so that a restored counter is never
below what was seen. A file that cannot be read, or that a newer version wrote, is set aside under
another name and the program starts afresh: loudly, but it starts.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

import msgspec
from loguru import logger

from exporter.series import Series

VERSION = 1
_SCHEMA = """
CREATE TABLE series (
    metric TEXT NOT NULL, labels BLOB NOT NULL, value REAL NOT NULL, created REAL NOT NULL,
    used REAL NOT NULL, PRIMARY KEY (metric, labels)
) WITHOUT ROWID;
CREATE TABLE parts (name TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
"""
_labels = msgspec.msgpack.Decoder(tuple[str, ...])

Key = tuple[str, tuple[str, ...]]  # metric, label values


class StateError(ValueError):
    """The state cannot be kept at all; the text names the file."""


class StateFile:
    """An open state file. Its methods block; one thread at a time may call them."""

    def __init__(self, path: Path) -> None:
        """Open or create the file; set an unreadable one aside.

        Raises StateError when the folder cannot be written.
        """
        self.path = path
        self._connection = open_database(path)
        try:
            _prepare(self._connection)
            self.load()
        except (sqlite3.DatabaseError, msgspec.DecodeError, TypeError, ValueError) as error:
            self._connection.close()
            if not _damaged(error):
                raise StateError(f"cannot keep state in {path}: {error}") from error
            logger.error("state file {} {}: set aside as {}", path, error, set_aside(path).name)
            self._connection = open_database(path)
            _prepare(self._connection)

    def load(self) -> tuple[dict[Key, Series], dict[str, bytes]]:
        """All counters, and the named parts."""
        series = {
            (metric, _labels.decode(labels)): Series(value, created, used, saved=value)
            for metric, labels, value, created, used in self._connection.execute(
                "SELECT metric, labels, value, created, used FROM series"
            )
        }
        parts: dict[str, bytes] = dict(self._connection.execute("SELECT name, data FROM parts"))
        return series, parts

    def commit(
        self,
        changed: Mapping[Key, tuple[float, float, float]],
        removed: Iterable[Key],
        parts: Mapping[str, bytes],
    ) -> None:
        """Store values (value, created, used), remove series and replace parts, all or nothing.

        Raises sqlite3.Error; the file is then as it was.
        """
        with self._connection:
            self._connection.executemany(
                "DELETE FROM series WHERE metric = ? AND labels = ?",
                ((metric, msgspec.msgpack.encode(labels)) for metric, labels in removed),
            )
            self._connection.executemany(
                "INSERT OR REPLACE INTO series VALUES (?, ?, ?, ?, ?)",
                (
                    (metric, msgspec.msgpack.encode(labels), *values)
                    for (metric, labels), values in changed.items()
                ),
            )
            self._connection.executemany(
                "INSERT OR REPLACE INTO parts VALUES (?, ?)", parts.items()
            )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def open_database(path: Path) -> sqlite3.Connection:
    """Open or create a database in the state folder; set a damaged one aside.

    Raises StateError when the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _connect(path)
        except sqlite3.DatabaseError as error:
            if not _damaged(error):
                raise
            logger.error("database {} {}: set aside as {}", path, error, set_aside(path).name)
            return _connect(path)
    except (OSError, sqlite3.Error) as error:
        raise StateError(f"cannot keep state in {path}: {error}") from error


def set_aside(path: Path) -> Path:
    """Rename a database and its journals, so that nothing of it is lost; the new path."""
    number = 1
    while (aside := path.with_name(f"{path.name}.broken-{number}")).exists():
        number += 1
    for suffix in ("", "-wal", "-shm", "-journal"):
        journal = path.with_name(path.name + suffix)
        if journal.exists():
            journal.rename(aside.with_name(aside.name + suffix))
    return aside


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # a power cut must not undo a scrape
        with closing(connection.execute("PRAGMA quick_check(1)")) as check:
            [result] = check.fetchone()
        if result != "ok":
            raise sqlite3.DatabaseError(f"is damaged ({result})")
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    """Create the tables of a new file.

    Raises ValueError when a newer version wrote it, and sqlite3.Error.
    """
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise ValueError(f"is of a newer version ({version}, this one knows {VERSION})")
    if version == 0:
        connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")


def _damaged(error: Exception) -> bool:
    """Whether the file itself is at fault, rather than its disk or a process that holds it."""
    if not isinstance(error, sqlite3.OperationalError):
        return True
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT)
