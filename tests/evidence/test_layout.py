import sqlite3

import pytest

from exporter.evidence import EvidenceStore
from exporter.evidence.layout import LayoutError, prepare
from tests.evidence.stores import OPEN, nobody
from tests.rejections import NOW


@pytest.mark.parametrize(
    "layout",
    [
        "PRAGMA user_version = 3",
        "CREATE TABLE decisions (minute INTEGER)",
        "CREATE TABLE decisions (minute INTEGER); PRAGMA user_version = 1",
        "CREATE TABLE photographs (name TEXT)",
    ],
)
def test_a_database_that_holds_something_else_is_left_alone(layout):
    connection = sqlite3.connect(":memory:")
    OPEN.append(connection)
    connection.executescript(layout)
    before = list(connection.iterdump())
    with pytest.raises(LayoutError, match="has "):
        prepare(connection)
    assert list(connection.iterdump()) == before


_FORMER = """
CREATE TABLE decisions (
    minute INTEGER NOT NULL, router TEXT NOT NULL, direction TEXT NOT NULL,
    transport TEXT NOT NULL, remote_ip TEXT NOT NULL, our_port INTEGER,
    device TEXT NOT NULL, process TEXT NOT NULL, evidence TEXT NOT NULL,
    cause TEXT NOT NULL, verdict TEXT NOT NULL, confidence REAL NOT NULL,
    asn TEXT NOT NULL, network BLOB NOT NULL, packets INTEGER NOT NULL,
    first REAL NOT NULL, last REAL NOT NULL, reasons BLOB NOT NULL, suspect INTEGER NOT NULL
);
CREATE INDEX decisions_by_last ON decisions (last);
PRAGMA user_version = 1;
"""


def former(rows: int) -> sqlite3.Connection:
    """Return a database as the version before wrote it."""
    connection = sqlite3.connect(":memory:")
    OPEN.append(connection)
    connection.executescript(_FORMER)
    row = (1, "gate", "inbound", "udp", "198.51.100.7", 51413, "ANNA-PC", "p", "socket", "p2p")
    more = ("watch", 0.9, "AS1", b'["AS1"]', 5, NOW, NOW, b"[[],[],[]]")
    for number in range(rows):
        values = (*row, *more, number)
        connection.execute(f"INSERT INTO decisions VALUES ({','.join('?' * 19)})", values)
    connection.commit()
    return connection


def test_what_the_version_before_stored_is_kept():
    connection = former(3)
    kept = EvidenceStore(connection)
    kept.record(nobody(line="a line"))
    kept.write(kept.take(), NOW)
    found = connection.execute("SELECT rowid, packets, line, suspect FROM decisions").fetchall()
    assert found[:3] == [(1, 5, "", 0), (2, 5, "", 1), (3, 5, "", 2)]
    assert found[3][2] == "a line"
    assert connection.execute("SELECT count(*) FROM sockets").fetchone() == (0,)


def test_a_migration_that_fails_changes_nothing():
    connection = former(2)
    connection.execute("CREATE TABLE sockets (odd TEXT)")
    before = list(connection.iterdump())
    with pytest.raises(sqlite3.Error, match="sockets"):
        prepare(connection)
    assert list(connection.iterdump()) == before
