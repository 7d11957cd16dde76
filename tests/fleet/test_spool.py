"""Records on disk: in order, all or none, and what of it is told."""

import sqlite3

import pytest

from exporter.fleet.spool import Spool
from exporter.storage.database import StateError
from tests.fleet.outgoing import RECEIVED, row


@pytest.fixture
def spool(tmp_path):
    spool = Spool(tmp_path / "spool.sqlite")
    yield spool
    spool.close()


def test_rows_come_out_as_they_went_in_and_in_order(spool):
    rows = [row(number) for number in range(1, 8)]
    spool.add(rows[:4])
    spool.add(rows[4:])
    assert spool.read(0, 10**6) == rows
    assert spool.read(3, 10**6) == rows[3:]
    assert spool.read(3, 250) == rows[3:6]  # 110 bytes each: the third is the first too many
    assert spool.read(3, 1) == rows[3:4]
    assert spool.read(7, 10**6) == []


def test_it_tells_what_it_holds(spool):
    assert (spool.records, spool.messages, spool.bytes, spool.oldest) == (0, 0, 0, None)
    rows = [row(number, size=10_000) for number in range(1, 101)]
    spool.add(rows)
    assert (spool.records, spool.messages, spool.last) == (100, 200, 100)
    assert 1_000_000 < spool.bytes < 1_400_000
    assert spool.oldest == RECEIVED + 1
    spool.remove(rows[:99])
    assert (spool.records, spool.messages, spool.last) == (1, 2, 100)
    assert spool.bytes < 100_000
    assert spool.oldest == RECEIVED + 100
    spool.remove(rows[99:])
    assert (spool.records, spool.messages, spool.bytes, spool.oldest) == (0, 0, 0, None)
    assert spool.path.stat().st_size < 100_000  # the disk has its room back


def test_what_is_kept_outlives_the_program(tmp_path):
    spool = Spool(tmp_path / "spool.sqlite")
    rows = [row(number) for number in range(1, 4)]
    spool.add(rows)
    spool.remove(rows[:1])
    spool.close()
    again = Spool(tmp_path / "spool.sqlite")
    assert again.read(0, 10**6) == rows[1:]
    assert (again.records, again.messages, again.last) == (2, 4, 3)
    again.close()


def test_a_row_can_get_another_value_in_its_place(spool):
    rows = [row(number) for number in range(1, 4)]
    spool.add(rows)
    other = rows[1]._replace(value=b"other")
    spool.replace([other])
    assert spool.read(0, 10**6) == [rows[0], other, rows[2]]


def test_all_rows_of_a_call_are_kept_or_none(spool):
    spool.add([row(1)])
    with pytest.raises(sqlite3.IntegrityError):
        spool.add([row(2), row(1)])
    assert spool.read(0, 10**6) == [row(1)]
    assert (spool.records, spool.last) == (1, 1)


@pytest.mark.thorough
def test_one_relay_alone_has_it(spool):
    with pytest.raises(StateError, match="in use by another knockwatch"):
        Spool(spool.path)


def test_one_of_another_version_is_set_aside(tmp_path):
    file = tmp_path / "spool.sqlite"
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version = 9")
    connection.execute("CREATE TABLE records (number)")
    connection.close()
    spool = Spool(file)
    spool.add([row(1)])
    assert spool.records == 1
    assert (tmp_path / "spool.sqlite.broken-1").exists()
    spool.close()
