"""The file in which the evidence lies: opened, and set aside when it is found damaged in use.

It blocks; one thread at a time may call it.
"""

import contextlib
import sqlite3
from pathlib import Path

from loguru import logger

from exporter.evidence import Bounds, EvidenceStore, prepare
from exporter.state import open_database, open_reader, set_aside


class EvidenceFile:
    """An open evidence database, for writing and for reading."""

    def __init__(self, path: Path, bounds: Bounds) -> None:
        """Open or create it; a damaged one is set aside.

        Raises state.StateError when the folder cannot be written.
        """
        self._path = path
        self._database = open_database(path, prepare)
        try:
            self._reader = open_reader(path)
        except sqlite3.Error:
            self._database.close()
            raise
        self.store = EvidenceStore(self._database, bounds, reader=self._reader)

    def begin_anew(self) -> sqlite3.Connection:
        """Set the file aside and begin another; return the former reader, to be closed by its user.

        Raises state.StateError and sqlite3.Error; the next call tries again.
        """
        self._database.close()
        if self._path.exists():
            aside = set_aside(self._path)
            logger.error("database {} is damaged: set aside as {}", self._path, aside.name)
        self._database = open_database(self._path, prepare)
        former, self._reader = self._reader, open_reader(self._path)
        self.store.use(self._database, self._reader)
        return former

    def close(self) -> None:
        """Close what is open."""
        for connection in (self._reader, self._database):
            with contextlib.suppress(sqlite3.Error):  # of a damaged file
                connection.close()


def is_damaged(error: sqlite3.Error) -> bool:
    """Whether the file itself is at fault, rather than its disk or what was asked."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return False
    if code == sqlite3.SQLITE_IOERR_SHORT_READ:
        return True  # it ends too early
    return (code & 0xFF) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
