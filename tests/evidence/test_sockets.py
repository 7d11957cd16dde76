"""Who had which port, when: kept for what packets were judged by, and for nothing else."""

import sqlite3
from contextlib import closing

import pytest

from exporter.events import Attribution, Candidate, Reason
from exporter.evidence import Held, prepare, sockets
from exporter.evidence import store as module
from tests.evidence.stores import OPEN, store, stored
from tests.rejections import NOW, decision, named, rejection


def candidate(
    device="ANNA-PC",
    process="p",
    *,
    evidence="socket",
    code="port_open",
    open_for=600,
    closed_for=0,
):
    reason = Reason(code, {"port": 51413, "open_for": open_for, "closed_for": closed_for})
    return Candidate(
        device=device, process=process, evidence=evidence, confidence=0.99, reasons=(reason,)
    )


def judged(*candidates, **facts):
    return decision(rejection(**facts), attribution=named(candidates=candidates))


def between(kept, since=0.0, until=2.0**40, **asked):
    return kept.read(lambda reader: sockets.between(reader, since, until, **asked))


def test_a_socket_is_kept_from_when_it_opened_to_when_it_was_last_known_to_be_open():
    kept = stored(judged(candidate(open_for=3600, closed_for=30)))
    assert between(kept) == (
        Held(
            device="ANNA-PC",
            process="p",
            transport="udp",
            port=51413,
            opened=NOW - 3600,
            seen=NOW - 30,
        ),
    )


def test_a_socket_that_is_met_again_is_one_whatever_was_written_between():
    kept = store()
    for minute in range(4):
        one = candidate(open_for=100 + 60 * minute + minute % 2)
        kept.record(judged(one, received=NOW + 60 * minute))
        kept.record(judged(one, received=NOW + 60 * minute + 1))
        kept.write(kept.take(), NOW)
    [held] = between(kept)
    assert (held.opened, held.seen) == (NOW - 101, NOW + 181)


def test_a_port_that_was_closed_and_opened_again_is_two():
    kept = store()
    for hour in (0, 5):
        kept.record(judged(candidate(), received=NOW + 3600 * hour))
        kept.write(kept.take(), NOW)
    assert [held.seen for held in between(kept)] == [NOW, NOW + 5 * 3600]


def test_all_who_came_into_question_are_kept():
    tied = Attribution(evidence="ambiguous", candidates=(candidate("A"), candidate("B")))
    kept = stored(decision(attribution=tied))
    assert {held.device for held in between(kept)} == {"A", "B"}


@pytest.mark.parametrize(
    "one",
    [
        candidate(evidence="none"),  # a scan of that port met it: that proves nothing
        candidate(evidence="remote", code="spoke_first"),  # from another port
        candidate(evidence="history", code="port_history"),  # at several times, not all along
        candidate(evidence="dns", code="asked"),
        candidate(evidence="mapping", code="mapped"),
        candidate(device=""),
    ],
)
def test_what_says_nothing_about_that_port_is_not_kept(one):
    assert between(stored(judged(one))) == ()


def test_packets_without_a_port_have_no_sockets():
    assert between(stored(judged(candidate(), our_port=None))) == ()


def test_only_what_was_open_in_the_period_is_told():
    kept = stored(judged(candidate(open_for=600), received=NOW))
    assert between(kept, NOW - 700, NOW - 601) == ()
    assert len(between(kept, NOW - 700, NOW - 600)) == 1
    assert len(between(kept, NOW, NOW + 9)) == 1
    assert between(kept, NOW + 1, NOW + 9) == ()


def test_one_device_program_or_port_can_be_asked_for_and_the_answer_is_bounded():
    kept = stored(
        judged(candidate("ANNA-PC", "p"), our_port=4000),
        judged(candidate("ANNA-PC", "q"), our_port=4001),
        judged(candidate("BEN", "p"), our_port=4000),
    )
    assert len(between(kept, device="anna-pc")) == 2
    assert len(between(kept, device="anna-pc", process="q")) == 1
    assert len(between(kept, port=4000, transport="udp")) == 2
    assert between(kept, port=4000, transport="tcp") == ()
    assert [held.port for held in between(kept, most=2)] == [4000, 4000]


def test_sockets_in_memory_are_bounded(monkeypatch):
    monkeypatch.setattr(module, "MAX_GATHERED", 3)
    kept = store()
    for port in range(4000, 4010):
        kept.record(judged(candidate(), our_port=port))
    kept.record(judged(candidate(open_for=9000), our_port=4000))
    held = kept.take().sockets
    assert [one.port for one in held] == [4000, 4001, 4002]
    assert held[0].opened == NOW - 9000  # what is known is drawn out all the same


def test_a_write_that_fails_keeps_no_sockets():
    connection = sqlite3.connect(":memory:")
    OPEN.append(connection)
    prepare(connection)
    held = Held(device="A", process="", transport="udp", port=1, opened=1.0, seen=2.0)
    odd = Held(device="A", process="", transport="udp", port=2, opened=object(), seen=2.0)
    with pytest.raises(sqlite3.Error), connection:
        sockets.store(connection, (held, odd))
    with closing(connection.execute("SELECT count(*) FROM sockets")) as count:
        assert count.fetchone() == (0,)
