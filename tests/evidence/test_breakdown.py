"""Sums of the evidence: every packet once, in its minute, and every row on one page."""

import sqlite3
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.events import Cause, Decision, Network, Reason
from exporter.evidence import EvidenceStore, suspects
from exporter.evidence.breakdown import FACETS, Question, rows, shares, total, trends
from tests.rejections import NOW, decision, named, rejection

MINUTE = NOW // 60 * 60
MANY = 10_000


def database(decisions: Iterable[Decision]) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    kept = EvidenceStore(connection)
    for one in decisions:
        kept.record(one)
    kept.write(kept.take(), NOW)
    return connection


def always(**facts: Any) -> Question:
    return Question(since=MINUTE - 3600, until=MINUTE + 3599, **facts)


def one(device: str = "", process: str = "", cause: str = "scan", **facts: Any) -> Decision:
    whose = named(device=device, process=process) if device else None
    why = Cause(name=cause, verdict="watch", confidence=0.5)  # type: ignore[arg-type]
    return decision(rejection(**facts), attribution=whose, cause=why)


DECISIONS = st.lists(
    st.builds(
        one,
        device=st.sampled_from(["", "ANNA-PC", "BEN"]),
        process=st.sampled_from(["", "p", "q"]),
        cause=st.sampled_from(["scan", "p2p"]),
        received=st.floats(MINUTE - 3000, MINUTE + 3000),
        router=st.sampled_from(["gate", "loft"]),
        remote_ip=st.sampled_from(["", "198.51.100.7", "2001:db8::7"]),
        our_port=st.sampled_from([None, 0, 23, 51413]),
        transport=st.sampled_from(["", "udp", "tcp"]),
        source=st.sampled_from([Network("AS1"), Network("AS2", "Two"), Network("unknown")]),
        count=st.integers(1, 1000),
    ),
    max_size=30,
)


@given(DECISIONS, st.integers(1, 90), st.sampled_from([None, "", "ANNA-PC"]))
def test_every_packet_is_once_in_the_total_in_each_facet_and_in_the_rows(decisions, bars, device):
    connection, question = database(decisions), always(device=device)
    expected = sum(d.rejection.count for d in decisions if device in (None, d.attribution.device))
    whole = total(connection, question, bars)
    assert whole.packets == sum(whole.bars.packets) == expected
    for facet in FACETS:
        found = shares(connection, question, facet, MANY)
        assert sum(share.packets for share in found.values) == expected
        assert found.number == len(found.values)
    found_rows = rows(connection, question, most=MANY)
    assert sum(row.packets for row in found_rows) == expected
    assert len(found_rows) == whole.rows
    connection.close()


@given(DECISIONS)
def test_a_suspects_sparkline_has_the_suspects_packets(decisions):
    connection, question = database(decisions), always()
    found = suspects.between(connection, question.since, question.until, MANY)
    drawn = trends(connection, question, [suspect.number for suspect in found[:2]], 60)
    for suspect in found[:2]:
        assert sum(drawn[suspect.number].packets) == suspect.packets
    assert sum(drawn[None].packets) == sum(suspect.packets for suspect in found)
    assert len(drawn) == 1 + len(found[:2])
    connection.close()


@given(DECISIONS, st.integers(1, 7))
def test_page_by_page_every_row_comes_once_the_newest_first(decisions, size):
    connection = database(decisions)
    paged = []
    while page := rows(connection, always(), len(paged), size):
        paged += page
    assert paged == list(rows(connection, always(), most=MANY))
    assert [row.last for row in paged] == sorted((row.last for row in paged), reverse=True)
    connection.close()


@pytest.mark.parametrize(
    ("facts", "packets"),
    [
        ({"device": "ANNA-PC"}, 1),
        ({"device": "anna-pc"}, 1),
        ({"device": "ANNA-PC", "process": "p"}, 1),
        ({"device": ""}, 110),
        ({"asn": "AS2"}, 100),
        ({"our_port": 22}, 110),
        ({"our_port": 22, "transport": "udp"}, 10),
        ({"remote_ip": "198.51.100.9"}, 100),
        ({"cause": "scan"}, 110),
        ({"router": "gate"}, 111),
        ({"router": "loft"}, 0),
        ({"direction": "outbound"}, 0),
        ({"device": "'; DROP TABLE decisions --"}, 0),
    ],
)
def test_a_filter_keeps_what_it_says(facts, packets):
    connection = database(
        [
            one("ANNA-PC", "p", "p2p"),
            one(our_port=22, count=10),
            one(
                our_port=22,
                transport="tcp",
                remote_ip="198.51.100.9",
                source=Network("AS2"),
                count=100,
            ),
        ]
    )
    assert total(connection, always(**facts), 2).packets == packets
    assert sum(row.packets for row in rows(connection, always(**facts))) == packets
    connection.close()


def test_bars_are_whole_minutes_and_the_last_one_holds_the_end():
    connection = database(
        [
            one(received=MINUTE + 1, count=1),
            one(received=MINUTE - 60, count=2),
            one(received=MINUTE - 61, count=4),
        ]
    )
    drawn = total(connection, Question(since=MINUTE - 90, until=MINUTE + 30), 2).bars
    assert (drawn.begin, drawn.width) == (MINUTE - 60, 60)
    assert drawn.packets == (6, 1)  # what began before is drawn with the first
    connection.close()


def test_the_largest_values_of_a_facet_come_first_and_the_others_are_counted():
    connection = database([one(our_port=port, count=port) for port in range(1, 30)])
    found = shares(connection, always(), "port", 3)
    assert [share.value for share in found.values] == [29, 28, 27]
    assert found.values[0].transport == "udp"
    assert found.number == 29
    connection.close()


def test_a_row_says_what_was_decided_and_shows_a_line_of_it():
    reasons = (Reason("port_open", {"port": 51413, "open_for": 60.0, "closed_for": 0.0}),)
    text = "UDP connection rejected from 198.51.100.7:3478 to 203.0.113.9:51413"
    connection = database(
        [decision(rejection(line=text), attribution=named(reasons=reasons, candidates=()))]
    )
    [row] = rows(connection, always())
    assert (row.device, row.evidence, row.line) == ("ANNA-PC", "socket", text)
    assert row.reasons == reasons
    assert row.network.asn == "AS20940"
    connection.close()
