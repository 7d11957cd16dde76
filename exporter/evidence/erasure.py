"""What the evidence says of one device, deleted.

An open database of evidence and a name go in, how many rows were deleted comes out. Decisions that
name the device and its sockets go; from decisions of others it vanishes as a candidate, from their
reasons and from the lines of routers that write names. What was there is overwritten on the disk,
not only marked as free.
"""

import re
import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec

_Why = tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]
_why = msgspec.json.Decoder(_Why)


def erase(connection: sqlite3.Connection, device: str) -> int:
    """Delete what is stored of a device, whatever the case of its name.

    Raises sqlite3.Error; nothing is deleted then.
    """
    key = device.casefold()
    with connection:
        deleted = sum(_delete(connection, table, key) for table in ("decisions", "sockets"))
        rows = connection.execute("SELECT DISTINCT reasons FROM decisions").fetchall()
        for line, without in _lines(connection, device):
            connection.execute("UPDATE decisions SET line = ? WHERE line = ?", (without, line))
        for (before,) in rows:
            after = _without(before, key)
            if after != before:
                connection.execute(
                    "UPDATE decisions SET reasons = ? WHERE reasons = ?", (after, before)
                )
    # The journal still holds what was deleted; a reader that is busy lets a later one empty it.
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return deleted


def _delete(connection: sqlite3.Connection, table: str, key: str) -> int:
    names = [name for (name,) in connection.execute(f"SELECT DISTINCT device FROM {table}")]  # noqa: S608 - names of ours
    same = [(name,) for name in names if name.casefold() == key]
    delete = f"DELETE FROM {table} WHERE device = ?"  # noqa: S608
    return sum(connection.execute(delete, name).rowcount for name in same)


def _lines(connection: sqlite3.Connection, device: str) -> Iterator[tuple[str, str]]:
    """Return log lines in which the name stands as a word, as they are and without it."""
    name = re.compile(rf"(?<!\w){re.escape(device)}(?!\w)", re.IGNORECASE)
    for (before,) in connection.execute("SELECT DISTINCT line FROM decisions").fetchall():
        after = name.sub("…", before)
        if after != before:
            yield before, after


def _without(why: bytes, key: str) -> bytes:
    reasons, causes, candidates = _why.decode(why)
    kept = (
        [reason for reason in reasons if not _names(reason, key)],
        [reason for reason in causes if not _names(reason, key)],
        [name for name in candidates if name.casefold() != key],
    )
    return why if kept == (reasons, causes, candidates) else msgspec.json.encode(kept)


def _names(reason: dict[str, Any], key: str) -> bool:
    return any(
        isinstance(value, str) and value.casefold() == key
        for value in reason.get("values", {}).values()
    )
