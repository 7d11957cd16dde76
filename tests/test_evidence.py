import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter import evidence
from exporter.events import Candidate, Cause, Decision, Network, Reason
from exporter.evidence import EvidenceStore, LayoutError, Suspect, prepare
from exporter.state import open_database, open_reader
from tests.rejections import NOW, decision, named, rejection

MINUTE = NOW // 60 * 60
ALWAYS = (0.0, 2**40)
DAY = 86400.0


OPEN: list[sqlite3.Connection] = []


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


def store(**bounds: Any) -> EvidenceStore:
    OPEN.append(sqlite3.connect(":memory:", check_same_thread=False))
    return EvidenceStore(OPEN[-1], **bounds)


def stored(*decisions: Decision, now: float = NOW, **bounds: Any) -> EvidenceStore:
    kept = store(**bounds)
    for one in decisions:
        kept.record(one)
    kept.write(kept.take(), now)
    return kept


def suspects(kept: EvidenceStore) -> list[Suspect]:
    return kept.suspects(*ALWAYS, most=10_000)


def nobody(**facts: Any) -> Decision:
    return decision(rejection(**facts))


def who(device: str, process: str = "p", **facts: Any) -> Decision:
    return decision(rejection(**facts), attribution=named(device=device, process=process))


DECISIONS = st.lists(
    st.builds(
        lambda device, cause, **facts: decision(
            rejection(**facts),
            attribution=named(device=device, process="p" * bool(device)),
            cause=Cause(name=cause, verdict="watch", confidence=0.5),
        ),
        device=st.sampled_from(["", "ANNA-PC", "BEN"]),
        cause=st.sampled_from(["scan", "p2p", "unknown"]),
        received=st.floats(NOW, NOW + 300),
        remote_ip=st.sampled_from(["", "198.51.100.7", "198.51.100.8", "2001:db8::7"]),
        our_port=st.sampled_from([None, 0, 23, 51413]),
        transport=st.sampled_from(["", "udp", "tcp"]),
        source=st.sampled_from([Network("AS1"), Network("AS2", "Two"), Network("unknown")]),
        count=st.integers(1, 1_000_000),
    ),
    max_size=40,
)


@given(DECISIONS, st.lists(st.integers(0, 40), max_size=3), st.sampled_from([2, 20_000]))
def test_every_packet_is_in_one_suspect(decisions, writes, gathered):
    kept = store()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence, "MAX_GATHERED", gathered)
        for number, one in enumerate(decisions):
            kept.record(one)
            if number in writes:
                kept.write(kept.take(), NOW)
    kept.write(kept.take(), NOW)
    found = suspects(kept)
    assert sum(s.packets for s in found) == sum(one.rejection.count for one in decisions)
    for suspect in found:
        assert suspect.packets > 0
        assert NOW <= suspect.first <= suspect.last <= NOW + 300
        assert suspect.total == sum(s.packets for s in found)
    keys = [
        (s.device, s.process, s.cause, s.transport, s.network.asn * (not s.device)) for s in found
    ]
    assert len(set(keys)) == len(keys)


def test_what_was_taken_is_not_taken_again():
    kept = store()
    kept.record(nobody())
    assert len(kept.take()) == 1
    assert kept.take() == []


def test_equal_decisions_of_a_minute_are_one_row():
    kept = store()
    for second in (5, 50, 20):
        kept.record(nobody(received=MINUTE + second, count=2))
    kept.record(nobody(received=MINUTE + 61))
    rows = kept.take()
    assert [row.packets for row in rows] == [6, 1]
    assert (rows[0].first, rows[0].last) == (MINUTE + 5, MINUTE + 50)
    assert rows[0].minute == MINUTE / 60


def test_a_decision_that_comes_late_does_not_turn_time_back():
    kept = store()
    for second in (30, 10):
        kept.record(nobody(received=MINUTE + second))
    [row] = kept.take()
    assert (row.first, row.last) == (MINUTE + 10, MINUTE + 30)


def test_a_program_is_one_suspect_for_each_cause_whatever_the_networks():
    kept = stored(
        who("ANNA-PC", source=Network("AS1", "One"), remote_ip="198.51.100.1", count=3),
        who("ANNA-PC", source=Network("AS2", "Two"), remote_ip="198.51.100.2", count=5),
        who("ANNA-PC", "q", source=Network("AS2", "Two")),
    )
    first, second = suspects(kept)
    assert (first.process, first.packets, first.networks, first.sources) == ("p", 8, 2, 2)
    assert first.network == Network("AS2", "Two")
    assert (second.process, second.packets) == ("q", 1)


def test_nobody_is_one_suspect_for_each_network():
    kept = stored(nobody(source=Network("AS1")), nobody(source=Network("AS2"), count=9))
    assert [(s.network.asn, s.packets) for s in suspects(kept)] == [("AS2", 9), ("AS1", 1)]


def test_a_suspect_says_what_the_decision_said():
    reasons, why = (Reason("port_open", {"port": 51413}),), (Reason("program_listens"),)
    candidates = (Candidate(device="ANNA-PC", process="p", evidence="socket", confidence=0.99),)
    one = decision(
        rejection(received=NOW, count=4),
        attribution=named(reasons=reasons, candidates=candidates),
        cause=Cause(name="p2p", verdict="act", confidence=0.85, reasons=why),
    )
    [suspect] = suspects(stored(one))
    assert suspect == Suspect(
        device="ANNA-PC",
        process="netsession_win.exe",
        evidence="socket",
        confidence=0.99,
        cause="p2p",
        verdict="act",
        direction="inbound",
        transport="udp",
        network=one.rejection.remote,
        networks=1,
        sources=1,
        ports=(51413,),
        routers=("gate",),
        packets=4,
        total=4,
        first=NOW,
        last=NOW,
        reasons=reasons,
        cause_reasons=why,
        candidates=("ANNA-PC",),
    )


def test_a_port_is_shown_with_its_own_transport_and_direction():
    scan = {"remote_ip": "198.51.100.7", "count": 1}
    kept = stored(
        nobody(our_port=23, transport="tcp", **scan | {"count": 9}),
        nobody(our_port=5060, transport="udp", **scan),
        nobody(our_port=23, transport="tcp", direction="outbound", **scan),
    )
    assert [(s.direction, s.transport, s.ports, s.packets) for s in suspects(kept)] == [
        ("inbound", "tcp", (23,), 9),
        ("inbound", "udp", (5060,), 1),
        ("outbound", "tcp", (23,), 1),
    ]


def test_packets_that_waited_were_seen_last_when_the_newest_came():
    one = decision(rejection(received=NOW, count=7), last=NOW + 90)
    [suspect] = suspects(stored(one, now=NOW + 100))
    assert (suspect.first, suspect.last) == (NOW, NOW + 90)


def test_a_network_whose_name_is_learnt_later_is_one_network():
    kept = stored(
        nobody(source=Network("AS1"), remote_ip="198.51.100.1"),
        nobody(source=Network("AS1", "One"), remote_ip="198.51.100.2", received=NOW + 60),
    )
    [suspect] = suspects(kept)
    assert (suspect.networks, suspect.network) == (1, Network("AS1", "One"))


def test_what_must_be_acted_on_is_never_cut_off():
    act = Cause(name="scan", verdict="act", confidence=1.0)
    many = [nobody(source=Network(f"AS{n}"), count=100 + n) for n in range(20)]
    kept = stored(*many, decision(cause=act), who("ANNA-PC", count=2))
    found = kept.suspects(*ALWAYS, most=3)
    assert [s.packets for s in found] == [119, 2, 1]
    assert {s.total for s in found} == {sum(range(100, 120)) + 3}


def test_ports_are_the_five_with_the_most_packets():
    kept = stored(*(who("ANNA-PC", our_port=port, count=port) for port in range(1, 9)))
    assert suspects(kept)[0].ports == (8, 7, 6, 5, 4)


def test_a_port_zero_is_a_port_and_none_is_not():
    assert suspects(stored(who("ANNA-PC", our_port=0)))[0].ports == (0,)
    assert suspects(stored(who("ANNA-PC", our_port=None)))[0].ports == ()


def test_only_what_overlaps_the_period_counts():
    kept = stored(*(nobody(received=NOW + hour * 3600, count=hour + 1) for hour in range(5)))
    [suspect] = kept.suspects(NOW + 3600, NOW + 3 * 3600)
    assert (suspect.packets, suspect.first, suspect.last) == (9, NOW + 3600, NOW + 3 * 3600)
    assert kept.suspects(NOW + 6 * 3600, NOW + 9 * 3600) == []
    assert kept.suspects(NOW - 9, NOW - 1) == []


def test_the_most_are_those_with_the_most_packets():
    kept = stored(*(nobody(source=Network(f"AS{n}"), count=n) for n in range(1, 100)))
    assert [s.packets for s in kept.suspects(*ALWAYS, most=3)] == [99, 98, 97]


def test_rows_are_bounded_and_the_oldest_go_first():
    kept = stored(*(nobody(received=NOW + 60 * n, count=n) for n in range(1, 21)), max_rows=5)
    [suspect] = suspects(kept)
    assert suspect.packets == 16 + 17 + 18 + 19 + 20


def test_what_is_too_old_is_forgotten():
    kept = stored(nobody(received=NOW - 8 * DAY, count=1), nobody(received=NOW - 6 * DAY, count=2))
    assert suspects(kept)[0].packets == 2
    kept.write([], NOW + 2 * DAY)
    assert suspects(kept) == []


def test_a_flood_of_made_up_sources_is_summed_up_in_bounded_memory(monkeypatch):
    monkeypatch.setattr(evidence, "MAX_GATHERED", 500)
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
    rows = kept.take()
    assert len(rows) <= 501
    assert sum(row.packets for row in rows) == 5000


def test_during_a_flood_what_has_its_row_is_still_counted_there(monkeypatch):
    monkeypatch.setattr(evidence, "MAX_GATHERED", 50)
    kept = store()
    kept.record(who("ANNA-PC", received=MINUTE))
    for number in range(100):
        kept.record(nobody(received=MINUTE, remote_ip=f"2001:db8::{number:x}"))
    kept.record(who("ANNA-PC", received=MINUTE, count=9))
    kept.record(who("BEN", received=MINUTE, count=7))
    rows = kept.take()
    assert [(row.packets, row.remote_ip) for row in rows if row.device == "ANNA-PC"] == [
        (10, "198.51.100.7")
    ]
    assert [row.packets for row in rows if row.device == "BEN"] == [7]


@pytest.mark.parametrize(
    "layout",
    [
        "PRAGMA user_version = 2",
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


def test_rows_are_written_while_another_thread_reads(tmp_path):
    path = tmp_path / "evidence.sqlite"
    OPEN.extend([open_database(path), open_reader(path)])
    kept, written = EvidenceStore(OPEN[0], 3000, reader=OPEN[1]), threading.Event()

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
