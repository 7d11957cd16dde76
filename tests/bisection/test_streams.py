import random

import pytest

from exporter.bisection import streams as module
from exporter.bisection.attendance import MINUTES
from exporter.bisection.streams import WORTH, Kept, Past, Stream, Streams

PORT = Stream("gate", "udp", 51413)
ASN = Stream("gate", "udp", "AS64496")
END = 30_000_000  # minutes since the epoch


def at(minute):
    return 60.0 * (END + minute)


def filled(*minutes, packets=1):
    streams = Streams()
    for minute in minutes:
        streams.add([PORT, ASN], packets, at(minute))
    return streams


def test_packets_stand_in_their_minute_of_each_stream():
    streams = filled(-3, -3, -1)
    for stream in (PORT, ASN):
        assert streams.minutes(stream, END)[-4:] == [0, 2, 0, 1]
    assert len(streams.minutes(PORT, END)) == MINUTES


def test_what_came_late_stands_where_it_came():
    assert filled(-1, -9, -2).minutes(PORT, END)[-9:] == [1, 0, 0, 0, 0, 0, 0, 1, 1]


def test_a_day_later_nothing_is_left():
    streams = filled(-MINUTES, -1, 2)
    assert sum(streams.minutes(PORT, END)) == 2
    assert streams.minutes(PORT, END)[0] == 1
    assert sum(streams.minutes(PORT, END + 2 * MINUTES)) == 0
    streams.add([PORT], 1, at(-MINUTES))  # far too late
    assert sum(streams.minutes(PORT, END + 2 * MINUTES)) == 0


def test_a_number_that_no_minute_can_hold_is_cut():
    streams = filled(-1, -1, packets=2**16 - 2)
    assert streams.minutes(PORT, END)[-1] == 2**16 - 1


def test_a_stream_that_nobody_knows_is_empty():
    assert set(Streams().minutes(PORT, END)) == {0}


def test_the_stream_that_was_quiet_for_longest_is_forgotten(monkeypatch):
    monkeypatch.setattr(module, "MAX_STREAMS", 2)
    streams = filled(-3)
    streams.add([PORT], 1, at(-2))
    streams.add([Stream("gate", "udp", 1)], 1, at(-1))
    assert list(streams.known()) == [PORT, Stream("gate", "udp", 1)]
    assert streams.routers() == {"gate"}


def test_before_the_first_minute_nobody_listened():
    streams = Streams()
    assert sum(streams.listened(END)) == 0
    streams.listening(at(-10))
    streams.listening(at(-5))
    assert list(streams.listened(END)[-11:]) == [0, 0, *[1] * 9]
    assert sum(streams.listened(END + 2 * MINUTES)) == MINUTES
    assert len(streams.listened(END - 20)) == MINUTES


def test_what_is_worth_it_outlives_a_restart_and_the_pause_is_known():
    streams = filled(*range(-WORTH, 0))
    streams.listening(at(-WORTH - 1))
    streams.add([Stream("gate", "udp", 2)], WORTH - 1, at(-1))
    past, again = streams.past(END), Streams()
    again.restore(past, at(10))
    assert set(again.known()) == {PORT, ASN}
    assert again.minutes(PORT, END) == streams.minutes(PORT, END)
    assert list(again.listened(END + 20)[-20:]) == [0] * 11 + [1] * 9
    assert again.listened(END)[-WORTH:] == streams.listened(END)[-WORTH:]
    assert again.past(END + 20).breaks == [(END, END + 11)]


def test_a_number_that_cannot_be_is_none():
    again = Streams()
    again.restore(Past(end=END, begun=END - 9, streams=[Kept(stream=PORT, packets=[-5, 7])]), at(0))
    assert again.minutes(PORT, END)[-2:] == [0, 7]


def test_of_many_streams_those_with_the_most_packets_are_remembered(monkeypatch):
    monkeypatch.setattr(module, "MAX_REMEMBERED", 1)
    streams = filled(*range(-WORTH, 0))
    streams.add([ASN], 1, at(-1))
    assert [kept.stream for kept in streams.past(END).streams] == [ASN]


def test_what_is_older_than_a_day_or_of_a_time_to_come_is_not_taken_back():
    past = filled(*range(-WORTH, 0)).past(END)
    for now in (at(MINUTES), at(-1)):
        again = Streams()
        again.restore(past, now)
        assert list(again.known()) == []
    again.restore(Past(), at(0))
    assert list(again.known()) == []


@pytest.mark.parametrize("room", [3, 100])
def test_many_at_once_come_to_the_same_as_one_by_one(monkeypatch, room):
    monkeypatch.setattr(module, "MAX_STREAMS", room)
    chance = random.Random(room)
    at_once, one_by_one = Streams(), Streams()
    for turn in range(20):
        several = [Stream("gate", "udp", chance.randrange(9)) for _ in range(30)]
        packets = [chance.randrange(1, 5) for _ in several]
        at_once.add_each(several, packets, 60.0 * turn)
        for stream, count in zip(several, packets, strict=True):
            one_by_one.add((stream,), count, 60.0 * turn)
        assert list(at_once.known()) == list(one_by_one.known())
        for stream in at_once.known():
            assert at_once.minutes(stream, turn + 1) == one_by_one.minutes(stream, turn + 1)
