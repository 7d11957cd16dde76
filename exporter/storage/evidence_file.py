"""The file in which the evidence lies: opened, and set aside when it is found damaged in use.

Where it cannot be opened, as on a full disk, nothing is kept until it can. It blocks; one thread at
a time may call it.
"""

import contextlib
import sqlite3
from pathlib import Path

from loguru import logger

from exporter.evidence import Bounds, EvidenceStore, prepare
from exporter.storage.database import StateError, open_database, open_reader, set_aside


class EvidenceFile:
    """An open evidence database, for writing and for reading."""

    def __init__(self, path: Path, bounds: Bounds) -> None:
        """Open or create it; a damaged one is set aside.

        When it cannot be opened, `trouble` says why, and each write fails until `begin_anew` can.
        """
        self._path = path
        self.trouble = ""
        try:
            self._database, self._reader = _opened(path)
        except (StateError, sqlite3.Error) as error:
            self.trouble = str(error)
            logger.error("nothing can be looked back at: {}", error)
            self._database, self._reader = _stand_in(), _stand_in()
        self.store = EvidenceStore(self._database, bounds, reader=self._reader)

    def begin_anew(self) -> sqlite3.Connection:
        """Set the file aside and begin another; return the former reader, to be closed by its user.

        One that could not be opened is not set aside: it may be whole.
        Raises database.StateError and sqlite3.Error; the next call tries again.
        """
        self._database.close()
        if self._path.exists() and not self.trouble:
            aside = set_aside(self._path)
            logger.error("database {} is damaged: set aside as {}", self._path, aside.name)
        former = self._reader
        self._database, self._reader = _opened(self._path)
        self.trouble = ""
        self.store.use(self._database, self._reader)
        return former

    def close(self) -> None:
        """Close what is open."""
        for connection in (self._reader, self._database):
            with contextlib.suppress(sqlite3.Error):  # of a damaged file
                connection.close()


def _opened(path: Path) -> tuple[sqlite3.Connection, sqlite3.Connection]:
    """Open the file for writing and for reading. Raises database.StateError and sqlite3.Error."""
    database = open_database(path, prepare)
    try:
        return database, open_reader(path)
    except sqlite3.Error:
        database.close()
        raise


def _stand_in() -> sqlite3.Connection:
    """Return an empty database that takes nothing in."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    prepare(connection)
    connection.execute("PRAGMA query_only = ON")
    return connection


def is_damaged(error: sqlite3.Error) -> bool:
    """Whether the file itself is at fault, rather than its disk or what was asked."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return False
    if code == sqlite3.SQLITE_IOERR_SHORT_READ:
        return True  # it ends too early
    return (code & 0xFF) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
