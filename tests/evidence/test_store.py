import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from exporter.attribution.crowds import Groups
from exporter.attribution.waiting import Group
from exporter.events import Attribution, Cause, Decision, Network, Reason
from exporter.evidence import Bounds, EvidenceStore
from exporter.evidence import store as module
from exporter.storage.database import open_database, open_reader
from tests.evidence.stores import ALWAYS, MINUTE, OPEN, nobody, store, stored, suspects, who
from tests.rejections import NOW, rejection


def test_what_was_taken_is_not_taken_again():
    kept = store()
    kept.record(nobody())
    assert len(kept.take().rows) == 1
    assert kept.take().rows == []


def test_equal_decisions_of_a_minute_are_one_row():
    kept = store()
    for second in (5, 50, 20):
        kept.record(nobody(received=MINUTE + second, count=2))
    kept.record(nobody(received=MINUTE + 61))
    rows = kept.take().rows
    assert [row.packets for row in rows] == [6, 1]
    assert (rows[0].first, rows[0].last) == (MINUTE + 5, MINUTE + 50)
    assert rows[0].minute == MINUTE / 60


def test_a_decision_that_comes_late_does_not_turn_time_back():
    kept = store()
    for second in (30, 10):
        kept.record(nobody(received=MINUTE + second))
    [row] = kept.take().rows
    assert (row.first, row.last) == (MINUTE + 10, MINUTE + 30)


def test_a_flood_of_made_up_sources_is_summed_up_in_bounded_memory(monkeypatch):
    monkeypatch.setattr(module, "MAX_GATHERED", 500)
    kept = store()
    for number in range(5000):
        kept.record(
            nobody(
                received=MINUTE,
                router=f"router-{number}",
                transport=f"t{number}",
                remote_ip=f"2001:db8::{number:x}",
                our_port=number,
                source=Network(f"AS{number}"),
            )
        )
    rows = kept.take().rows
    assert len(rows) <= 501
    assert sum(row.packets for row in rows) == 5000


def test_during_a_flood_what_has_its_row_is_still_counted_there(monkeypatch):
    monkeypatch.setattr(module, "MAX_GATHERED", 50)
    kept = store()
    kept.record(who("ANNA-PC", received=MINUTE))
    for number in range(100):
        kept.record(nobody(received=MINUTE, remote_ip=f"2001:db8::{number:x}"))
    kept.record(who("ANNA-PC", received=MINUTE, count=9))
    kept.record(who("BEN", received=MINUTE, count=7))
    rows = kept.take().rows
    assert [(row.packets, row.remote_ip) for row in rows if row.device == "ANNA-PC"] == [
        (10, "198.51.100.7")
    ]
    assert [row.packets for row in rows if row.device == "BEN"] == [7]


def test_a_failing_write_stores_nothing():
    kept = stored(nobody(count=3))
    kept.record(nobody(received=NOW + 60, count=4))
    kept.record(nobody(received=NOW + 120, router=object()))
    rows = kept.take()
    with pytest.raises(sqlite3.Error):
        kept.write(rows, NOW)
    assert suspects(kept)[0].packets == 3


def test_what_was_written_is_there_after_a_restart(tmp_path):
    path = tmp_path / "evidence.sqlite"
    first = open_database(path)
    kept = EvidenceStore(first)
    kept.record(nobody(count=6))
    kept.write(kept.take(), NOW)
    first.close()
    second = open_database(path)
    assert suspects(EvidenceStore(second))[0].packets == 6
    second.close()


@pytest.mark.thorough
def test_rows_are_written_while_another_thread_reads(tmp_path):
    path = tmp_path / "evidence.sqlite"
    OPEN.extend([open_database(path), open_reader(path)])
    kept, written = EvidenceStore(OPEN[0], Bounds(rows=3000), reader=OPEN[1]), threading.Event()

    def read() -> int:
        looks = 0
        while not written.is_set() or not looks:
            assert all(0 < suspect.packets <= 3100 for suspect in kept.suspects(*ALWAYS))
            looks += 1
        return looks

    with ThreadPoolExecutor(1) as thread:
        reader = thread.submit(read)
        try:
            for minute in range(40):
                for number in range(100):
                    ip = f"2001:db8::{number:x}"
                    kept.record(nobody(received=MINUTE + 60 * minute, remote_ip=ip))
                kept.write(kept.take(), NOW)
        finally:
            written.set()
        assert reader.result(10)
    assert suspects(kept)[0].packets == 3000


def test_the_readers_connection_writes_nothing(tmp_path):
    path = tmp_path / "evidence.sqlite"
    OPEN.extend([open_database(path), open_reader(path)])
    EvidenceStore(OPEN[0], reader=OPEN[1])
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        OPEN[1].execute("DELETE FROM decisions")


@pytest.mark.parametrize("most", [3, 7, 100])
def test_many_are_gathered_as_one_after_the_other(monkeypatch, most):
    monkeypatch.setattr(module, "MAX_GATHERED", most)
    groups, decisions = [], []
    for n in range(9):
        ends = {"remote_ip": f"198.51.100.{n % 5}", "our_port": 50_000, "line": f"line {n}"}
        packets = rejection(received=MINUTE + 25 * (n // 3), **ends)
        groups.append(Group(rejection=packets, packets=n + 1, last=MINUTE + 400 - n))
        cause = Cause(
            name=("scan", "echo")[n % 2],
            verdict="watch",
            confidence=0.5,
            reasons=(Reason("sources_at_port", {"sources": n}),),
        )
        packets = msgspec.structs.replace(packets, count=n + 1)
        told = {"attribution": Attribution(), "cause": cause, "last": groups[-1].last}
        decisions.append(Decision(rejection=packets, **told))
    each, together = store(), store()
    for _ in range(2):
        for decision in decisions:
            each.record(decision)
        causes = [decision.cause.name for decision in decisions]
        together.record_each(Groups.of(groups), causes, decisions.__getitem__)
    assert together.take() == each.take()
