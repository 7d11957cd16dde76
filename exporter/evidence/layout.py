"""The tables of the evidence database: made, recognised, and brought up to date.

The connection is handed in, open. A file that holds something else is an error and left alone.
"""

import sqlite3

VERSION = 2  # of the layout; 1 had neither log lines nor sockets
COLUMNS = (
    *("minute", "router", "direction", "transport", "remote_ip", "our_port", "device", "process"),
    *("evidence", "cause", "verdict", "confidence", "asn", "network", "packets", "first", "last"),
    *("reasons", "line", "suspect"),
)
_DECISIONS = """
CREATE TABLE decisions (
    minute INTEGER NOT NULL, router TEXT NOT NULL, direction TEXT NOT NULL,
    transport TEXT NOT NULL, remote_ip TEXT NOT NULL, our_port INTEGER,
    device TEXT NOT NULL, process TEXT NOT NULL, evidence TEXT NOT NULL,
    cause TEXT NOT NULL, verdict TEXT NOT NULL, confidence REAL NOT NULL,
    asn TEXT NOT NULL, network BLOB NOT NULL, packets INTEGER NOT NULL,
    first REAL NOT NULL, last REAL NOT NULL, reasons BLOB NOT NULL,
    line TEXT NOT NULL, suspect INTEGER NOT NULL
);
CREATE INDEX decisions_by_last ON decisions (last);
"""
_SOCKETS = """
CREATE TABLE sockets (
    device TEXT NOT NULL, process TEXT NOT NULL, transport TEXT NOT NULL, port INTEGER NOT NULL,
    opened REAL NOT NULL, seen REAL NOT NULL
);
CREATE INDEX sockets_by_port ON sockets (port, transport);
"""
# SQLite adds columns at the end only, and rows are read by their place.
_FROM_1 = f"""
ALTER TABLE decisions RENAME TO former;
DROP INDEX decisions_by_last;
{_DECISIONS}
INSERT INTO decisions SELECT {", ".join(COLUMNS[:-2])}, '', suspect FROM former ORDER BY rowid;
DROP TABLE former;
{_SOCKETS}
"""  # noqa: S608 - names of ours


class LayoutError(ValueError):
    """A database that holds something else; the text says what, and follows the file's name."""


def prepare(connection: sqlite3.Connection) -> None:
    """Create the tables of a new database, or bring an older one's up to date.

    Raises LayoutError when there are others, and sqlite3.Error; nothing is changed then.
    """
    [version] = connection.execute("PRAGMA user_version").fetchone()
    [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not version and not tables:
        _run(connection, _DECISIONS + _SOCKETS)
        return
    columns = tuple(name for _, name, *_ in connection.execute("PRAGMA table_info(decisions)"))
    if version == 1 and columns == (*COLUMNS[:-2], "suspect"):
        _run(connection, _FROM_1)
        return
    if version != VERSION:
        raise LayoutError(f"has layout {version} of the evidence, this version knows {VERSION}")
    if columns != COLUMNS:
        raise LayoutError(f"has a table of decisions that is not ours ({', '.join(columns)})")


def _run(connection: sqlite3.Connection, statements: str) -> None:
    try:
        connection.executescript(f"BEGIN; {statements} PRAGMA user_version = {VERSION}; COMMIT;")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.rollback()
        raise
