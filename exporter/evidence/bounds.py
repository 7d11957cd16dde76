"""How much evidence is kept: rows, days and bytes, the oldest goes first.

A connection within a transaction goes in; what is too old or too much is deleted.
"""

import sqlite3

import msgspec

MAX_SOCKETS = 20_000  # rows; about 2 MB
_STEPS = 20  # towards the bytes; each comes close, rows differ in size


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept at most."""

    rows: int = 200_000  # one a minute, remote address and port of ours
    seconds: float = 7 * 86_400.0
    bytes: int = 200_000_000  # of the file; its journal comes on top: a few MB


def trim(connection: sqlite3.Connection, bounds: Bounds, now: float) -> None:
    """Delete what is beyond the bounds, within the caller's transaction."""
    connection.execute("DELETE FROM decisions WHERE last < ?", (now - bounds.seconds,))
    connection.execute("DELETE FROM sockets WHERE seen < ?", (now - bounds.seconds,))
    for table, rows in (("decisions", bounds.rows), ("sockets", MAX_SOCKETS)):
        connection.execute(
            f"DELETE FROM {table} WHERE rowid <= (SELECT max(rowid) FROM {table}) - ?",  # noqa: S608 - names of ours
            (rows,),
        )
    for _ in range(_STEPS):
        excess = used(connection) - bounds.bytes
        if excess <= 0 or not _drop(connection, excess):
            return


def give_back(connection: sqlite3.Connection, bounds: Bounds) -> None:
    """Give the room of deleted rows back to the disk, should the file be larger than it may."""
    excess = _pragma(connection, "page_count") * _pragma(connection, "page_size") - bounds.bytes
    if excess > 0:
        pages = -(-excess // _pragma(connection, "page_size"))
        # As a script: `execute` would take the first step only, which is one page.
        connection.executescript(f"PRAGMA incremental_vacuum({pages});")


def used(connection: sqlite3.Connection) -> int:
    """Return how many bytes of the file are in use."""
    pages = _pragma(connection, "page_count") - _pragma(connection, "freelist_count")
    return pages * _pragma(connection, "page_size")


def _drop(connection: sqlite3.Connection, excess: int) -> int:
    """Delete the oldest decisions, about so many bytes of them; return how many."""
    first, last = connection.execute("SELECT min(rowid), max(rowid) FROM decisions").fetchone()
    if first is None:
        return 0
    share = min(1.0, excess / used(connection))
    until = first + int((last - first) * share)
    return connection.execute("DELETE FROM decisions WHERE rowid <= ?", (until,)).rowcount


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    [value] = connection.execute(f"PRAGMA {name}").fetchone()
    return int(value)
