"""How much evidence is kept, and that the oldest goes first."""

import sqlite3

import pytest

from exporter.evidence import EvidenceStore, bounds, sockets
from exporter.evidence.bounds import Bounds
from exporter.storage.database import open_database
from tests.evidence.stores import DAY, OPEN, nobody, stored, suspects
from tests.rejections import NOW


def test_rows_are_bounded_and_the_oldest_go_first():
    kept = stored(*(nobody(received=NOW + 60 * n, count=n) for n in range(1, 21)), rows=5)
    [suspect] = suspects(kept)
    assert suspect.packets == 16 + 17 + 18 + 19 + 20


def test_what_is_too_old_is_forgotten():
    kept = stored(nobody(received=NOW - 8 * DAY, count=1), nobody(received=NOW - 6 * DAY, count=2))
    assert suspects(kept)[0].packets == 2
    kept.write(kept.take(), NOW + 2 * DAY)
    assert suspects(kept) == []


def fill(kept: EvidenceStore, minutes: int, sources: int = 100) -> None:
    for minute in range(minutes):
        for number in range(sources):
            ip = f"2001:db8::{number:x}"
            line = f"{number} " + "x" * 300
            kept.record(nobody(received=NOW + 60 * minute, remote_ip=ip, line=line))
        kept.write(kept.take(), NOW)


@pytest.mark.thorough
def test_the_file_stays_below_its_bytes_and_the_newest_is_kept(tmp_path):
    path, most = tmp_path / "evidence.sqlite", 1_000_000
    OPEN.append(open_database(path))
    kept = EvidenceStore(OPEN[0], Bounds(bytes=most))
    sizes = []
    for _ in range(6):
        fill(kept, 10)
        OPEN[0].execute("PRAGMA wal_checkpoint(TRUNCATE)")
        sizes.append(path.stat().st_size)
    assert max(sizes) <= most
    assert sizes[-1] > 0.7 * most  # no more is dropped than must be
    assert bounds.used(OPEN[0]) <= most
    last = OPEN[0].execute("SELECT max(last) FROM decisions").fetchone()
    assert last == (NOW + 9 * 60,)


def test_a_smaller_bound_makes_a_large_file_small(tmp_path):
    path = tmp_path / "evidence.sqlite"
    OPEN.append(open_database(path))
    fill(EvidenceStore(OPEN[0]), 40)
    OPEN[0].execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert path.stat().st_size > 1_500_000
    kept = EvidenceStore(OPEN[0], Bounds(bytes=500_000))
    kept.record(nobody(received=NOW + 9999, count=7))
    kept.write(kept.take(), NOW)
    OPEN[0].execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert path.stat().st_size <= 500_000
    assert max(suspect.packets for suspect in suspects(kept)) >= 7


def test_bytes_that_hold_nothing_end_the_dropping():
    kept = stored(nobody(), nobody(received=NOW + 60), bytes=1)
    assert suspects(kept) == []


def test_sockets_are_bounded_in_number_and_age(monkeypatch):
    monkeypatch.setattr(bounds, "MAX_SOCKETS", 5)
    OPEN.append(sqlite3.connect(":memory:"))
    kept = EvidenceStore(OPEN[0])

    def held(port: int, seen: float) -> sockets.Held:
        facts = {"device": "A", "process": "p", "transport": "udp"}
        return sockets.Held(**facts, port=port, opened=seen - 9, seen=seen)

    gathered = kept.take()._replace(sockets=[held(port, NOW) for port in range(10)])
    kept.write(gathered, NOW)
    ports = [one.port for one in sockets.between(OPEN[0], 0.0, 2.0**40)]
    assert ports == [5, 6, 7, 8, 9]
    kept.write(kept.take()._replace(sockets=[held(11, NOW + DAY)]), NOW + 7.5 * DAY)
    assert [one.port for one in sockets.between(OPEN[0], 0.0, 2.0**40)] == [11]
