"""An SQLite database in the state folder: opened, made private, and set aside when it is damaged.

A file that cannot be read is set aside under another name and another is begun: loudly, but the
program starts. What is new is readable for its owner alone.
"""

import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from loguru import logger

_LEAST_ROOM = 128 * 1024  # bytes; a journal and its index begin with less
_HEAD = 100  # bytes; SQLite's file format: the size of a page is at 16
_SUFFIXES = ("", "-wal", "-shm", "-journal")  # of the files of one database


class StateError(ValueError):
    """The state cannot be kept at all; the text names the file."""


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
            if isinstance(error, sqlite3.DatabaseError) and not is_unreadable(error):
                raise
            logger.error("database {} {}: set aside as {}", path, error, set_aside(path).name)
            return _connect(path, prepare, exclusive)
    except (OSError, sqlite3.Error) as error:
        raise unusable(path, error) from error


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
        # What is deleted is overwritten; whether it is by itself depends on who built SQLite.
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA cache_size = -512")  # KiB; the kernel has the file, too
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


def unusable(path: Path, error: Exception) -> StateError:
    """Return why nothing can be kept in a file."""
    if isinstance(error, sqlite3.OperationalError) and _code(error) == sqlite3.SQLITE_BUSY:
        return StateError(
            f"state folder {path.parent} is in use by another knockwatch ({path.name}: {error})"
        )
    with contextlib.suppress(OSError):
        if shutil.disk_usage(path.parent).free < _LEAST_ROOM:
            return StateError(f"cannot keep state in {path}: the disk is full ({error})")
    return StateError(f"cannot keep state in {path}: {error}")


def is_unreadable(error: Exception) -> bool:
    """Whether the file itself is at fault, rather than its disk or a process that holds it."""
    if not isinstance(error, sqlite3.OperationalError):
        return True
    return _code(error) in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT)


def _code(error: sqlite3.OperationalError) -> int:
    return error.sqlite_errorcode & 0xFF
