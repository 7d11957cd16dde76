"""The state file: counters, created times and undecided packets, one SQLite file, one transaction.

What a scrape has shown is committed before its body leaves, so that a restored counter is never
below what was seen. A file that cannot be read, or that a newer version wrote, is set aside under
another name and the program starts afresh: loudly, but it starts. What is new is readable for its
owner alone.
"""

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec
from loguru import logger

from exporter.metrics.series import Series

VERSION = 1
_SCHEMA = """
CREATE TABLE series (
    metric TEXT NOT NULL, labels BLOB NOT NULL, value REAL NOT NULL, created REAL NOT NULL,
    used REAL NOT NULL, PRIMARY KEY (metric, labels)
) WITHOUT ROWID;
CREATE TABLE parts (name TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
"""
_LEAST_ROOM = 128 * 1024  # bytes; a journal and its index begin with less
_HEAD = 100  # bytes; SQLite's file format: the size of a page is at 16
_SUFFIXES = ("", "-wal", "-shm", "-journal")  # of the files of one database
_labels = msgspec.msgpack.Decoder(tuple[str, ...])

Key = tuple[str, tuple[str, ...]]  # metric, label values


class StateError(ValueError):
    """The state cannot be kept at all; the text names the file."""


class StateFile:
    """An open state file, which nobody else can open.

    Its methods block; one thread at a time may call them.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file; set an unreadable one aside.

        Raises StateError when the folder cannot be written, or another process uses it.
        """
        self.path = path
        self._connection = open_database(path, exclusive=True)
        try:
            _prepare(self._connection)
            self.load()
        except (sqlite3.DatabaseError, msgspec.DecodeError, TypeError, ValueError) as error:
            self._connection.close()
            if not _damaged(error):
                raise _unusable(path, error) from error
            logger.error("state file {} {}: set aside as {}", path, error, set_aside(path).name)
            self._connection = open_database(path, exclusive=True)
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


def open_database(
    path: Path,
    prepare: Callable[[sqlite3.Connection], None] | None = None,
    *,
    exclusive: bool = False,
) -> sqlite3.Connection:
    """Open or create a database in the state folder; set a damaged one aside.

    `prepare` creates its tables, and raises ValueError for one whose tables are not ours: that is
    set aside, too. With `exclusive` nobody else can open it until it is closed or the process
    ends, however that ends. Raises StateError when the folder cannot be written, or another process
    uses it.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return _connect(path, prepare, exclusive)
        except (sqlite3.DatabaseError, ValueError) as error:
            if isinstance(error, sqlite3.DatabaseError) and not _damaged(error):
                raise
            logger.error("database {} {}: set aside as {}", path, error, set_aside(path).name)
            return _connect(path, prepare, exclusive)
    except (OSError, sqlite3.Error) as error:
        raise _unusable(path, error) from error


def open_reader(path: Path) -> sqlite3.Connection:
    """Open a database that is open for writing already, for another thread to read.

    Raises sqlite3.Error.
    """
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.execute("PRAGMA query_only = ON")
    return connection


def set_aside(path: Path) -> Path:
    """Rename a database and its journals, so that nothing of it is lost; the new path."""
    number = 1
    while (aside := path.with_name(f"{path.name}.broken-{number}")).exists():
        number += 1
    for suffix in _SUFFIXES:
        journal = path.with_name(path.name + suffix)
        if journal.exists():
            journal.rename(aside.with_name(aside.name + suffix))
    return aside


def _connect(
    path: Path, prepare: Callable[[sqlite3.Connection], None] | None, exclusive: bool
) -> sqlite3.Connection:
    known = path.exists()
    _make_private(path)
    if known:
        _check_beginning(path)
    connection = sqlite3.connect(path, check_same_thread=False)
    try:
        if exclusive:  # before the first access, or the journal's index would be shared
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        if not path.stat().st_size:  # a new file, which may shrink later
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # a power cut must not undo a scrape
        with contextlib.closing(connection.execute("PRAGMA quick_check(1)")) as check:
            [result] = check.fetchone()
        if result != "ok":
            raise sqlite3.DatabaseError(f"is damaged ({result})")
        if prepare is not None:
            prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_beginning(path: Path) -> None:
    """Look at what SQLite takes for a new file, without a word: one shorter than its first page.

    Raises sqlite3.DatabaseError when something of it is left, be it in its journal.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    journal = path.with_name(f"{path.name}-wal")
    if not head and not (journal.exists() and journal.stat().st_size):
        logger.error("database {} is empty: it begins anew", path)
    elif path.stat().st_size < (int.from_bytes(head[16:18]) if len(head) == _HEAD else _HEAD):
        raise sqlite3.DatabaseError("ends within its first page")


def _make_private(path: Path) -> None:
    """Create the file for its owner alone, and take others' rights away from what is there."""
    if not path.exists():
        path.touch(mode=0o600)  # journals get the rights of their database
    for suffix in _SUFFIXES:
        file = path.with_name(path.name + suffix)
        with contextlib.suppress(FileNotFoundError, PermissionError):  # or it is not ours
            if file.is_file():
                file.chmod(file.stat().st_mode & 0o600)


def _prepare(connection: sqlite3.Connection) -> None:
    """Create the tables of a new file.

    Raises ValueError when a newer version wrote it, and sqlite3.Error.
    """
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise ValueError(f"is of a newer version ({version}, this one knows {VERSION})")
    if version == 0:
        connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")


def _unusable(path: Path, error: Exception) -> StateError:
    if isinstance(error, sqlite3.OperationalError) and _code(error) == sqlite3.SQLITE_BUSY:
        return StateError(
            f"state folder {path.parent} is in use by another knockwatch ({path.name}: {error})"
        )
    with contextlib.suppress(OSError):
        if shutil.disk_usage(path.parent).free < _LEAST_ROOM:
            return StateError(f"cannot keep state in {path}: the disk is full ({error})")
    return StateError(f"cannot keep state in {path}: {error}")


def _damaged(error: Exception) -> bool:
    """Whether the file itself is at fault, rather than its disk or a process that holds it."""
    if not isinstance(error, sqlite3.OperationalError):
        return True
    return _code(error) in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT)


def _code(error: sqlite3.OperationalError) -> int:
    return error.sqlite_errorcode & 0xFF
