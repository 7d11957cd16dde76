"""Messages of one sender become one record, whole and in order."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.events import Batch
from exporter.fleet import gathering as module
from exporter.fleet.gathering import BYTES, MESSAGES, Gathering
from exporter.fleet.records import Lines, decode
from exporter.fleet.session import Session
from exporter.fleet.subscribers import Place

OSAKA, TOKYO = Place("osaka"), Place("tokyo", "kanto")


def batch(*messages, sender="192.0.2.1", listener="udp", received=1.0):
    return Batch(received=received, sender=sender, listener=listener, messages=list(messages))


def records(rows):
    found = [decode(row.value) for row in rows]
    assert all(isinstance(record, Lines) for record in found)
    return found


def test_a_sender_s_messages_wait_for_each_other_and_no_others():
    gathering = Gathering(Session())
    for place, one in (
        (OSAKA, batch(b"1")),
        (TOKYO, batch(b"2")),
        (OSAKA, batch(b"3", received=2.0)),
        (OSAKA, batch(b"4", listener="tcp")),
        (OSAKA, batch(b"5", sender="192.0.2.2")),
    ):
        assert list(gathering.add(place, one)) == []
    assert gathering.messages == gathering.bytes == 5
    found = records(gathering.flush())
    assert [(r.region, r.listener, r.sender, r.received, r.messages) for r in found] == [
        ("", "udp", "192.0.2.1", 1.0, [b"1", b"3"]),
        ("kanto", "udp", "192.0.2.1", 1.0, [b"2"]),
        ("", "tcp", "192.0.2.1", 1.0, [b"4"]),
        ("", "udp", "192.0.2.2", 1.0, [b"5"]),
    ]
    assert [record.sequence for record in found] == [1, 2, 3, 4]
    assert gathering.messages == gathering.bytes == 0
    assert list(gathering.flush()) == []


def test_a_record_is_bounded_in_messages_and_in_bytes():
    gathering = Gathering(Session())
    [full] = records(gathering.add(OSAKA, batch(*[b"x"] * (MESSAGES + 1))))
    assert len(full.messages) == MESSAGES
    large = [b"y" * 60_000] * 5
    [first] = records(gathering.add(TOKYO, batch(*large)))
    assert sum(map(len, first.messages)) <= BYTES
    assert sum(len(record.messages) for record in records(gathering.flush())) == 2


def test_many_senders_together_are_bounded(monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    gathering = Gathering(Session())
    rows = [
        row
        for number in range(11)
        for row in gathering.add(OSAKA, batch(b"z" * 100, sender=f"192.0.2.{number}"))
    ]
    assert len(rows) == 11
    assert gathering.bytes == 0


@given(sizes=st.lists(st.lists(st.integers(0, 100_000), max_size=8), max_size=12))
def test_nothing_is_lost_or_turned_round(sizes):
    gathering = Gathering(Session())
    sent = [[bytes([n % 256]) * size for n, size in enumerate(of)] for of in sizes]
    rows = [row for messages in sent for row in gathering.add(OSAKA, batch(*messages))]
    rows += gathering.flush()
    kept = [message for record in records(rows) for message in record.messages]
    assert kept == [message for messages in sent for message in messages]
    assert sum(row.messages for row in rows) == len(kept)
