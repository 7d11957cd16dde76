from itertools import pairwise
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.syslog.framing import FrameSplitter, FramingError

WORDS = st.text("<>[]0123456789 abc\n\r", max_size=30).map(str.encode)
LINES = st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"").rstrip(b"\r\0"))
PRI = st.integers(0, 191).map(lambda number: b"<%d>" % number)


@st.composite
def frames(draw):
    """A frame and the message in it; a line that looks octet counted is not a line."""
    message = draw(PRI) + draw(LINES)
    if draw(st.booleans()):
        end = draw(st.sampled_from([b"", b"\n"]))
        return b"%d %s" % (len(message), message) + end, message
    if draw(st.booleans()):
        message = draw(st.sampled_from([b"12 foo", b"2026-01-01 x", b"1700000000.1 h", b"9 <x"]))
    return message + draw(st.sampled_from([b"\n", b"\r\n", b"\0\n"])), message


def chunks(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(places)]


def everything(pieces: list[bytes], max_message: int = 64) -> tuple[list[bytes], int, int]:
    """Return all messages, how many were oversize, and how many were unfinished at the end."""
    splitter, messages, lost = FrameSplitter(max_message), [], {"oversize": 0, "bad_frame": 0}
    for call in (*(lambda piece=piece: splitter.feed(piece) for piece in pieces), splitter.end):
        try:
            messages += call()
        except FramingError as error:
            messages += error.messages
            lost[error.reason] += error.lost
    return messages, lost["oversize"], lost["bad_frame"]


@given(st.lists(frames(), max_size=8), st.lists(st.integers(0, 1000)))
def test_any_chunking_gives_the_messages_that_were_sent(sent, cuts):
    data = b"".join(frame for frame, _ in sent)
    assert everything(chunks(data, cuts)) == ([message for _, message in sent], 0, 0)


@given(st.one_of(st.binary(), st.lists(WORDS).map(b"".join)), st.lists(st.integers(0, 1000)))
def test_any_bytes_in_any_chunking_give_the_same(data, cuts):
    assert everything(chunks(data, cuts), 16) == everything([data], 16)


def test_both_framings_mix_on_one_connection():
    stream = b"<13>line\n9 <13>count\n6 <13>ab<13>last"
    assert everything([stream]) == ([b"<13>line", b"<13>count", b"<13>ab", b"<13>last"], 0, 0)


@pytest.mark.parametrize(
    "line", [b"12 foo", b"2026-01-01 x", b"1700000000.123 host", b"0 <13>x", b"2 <13>x", b"7"]
)
def test_a_line_that_begins_with_a_number_stays_whole(line):
    assert everything([line + b"\n"]) == ([line], 0, 0)


FOUNDING = b"UDP connection rejected from 198.51.100.7:3478 to 203.0.113.9:51413"


def test_messages_without_pri_may_be_counted():
    frame = b"%d %b" % (len(FOUNDING), FOUNDING)
    stamped = b"Nov 23 12:00:00 gate " + FOUNDING
    stream = frame * 2 + b"%d %b" % (len(stamped), stamped) + FOUNDING + b"\n" + frame + b"5 hello"
    sent = [FOUNDING, FOUNDING, stamped, FOUNDING, FOUNDING, b"hello"]
    assert everything([stream], 200) == (sent, 0, 0)
    assert everything(chunks(stream, list(range(len(stream)))), 200) == (sent, 0, 0)


def test_a_single_counted_message_without_pri_is_known_by_the_streams_end():
    assert everything([b"%d %b" % (len(FOUNDING), FOUNDING)], 200) == ([FOUNDING], 0, 0)


def test_counted_messages_without_pri_come_as_soon_as_they_are_whole():
    splitter, frame = FrameSplitter(), b"%d %b" % (len(FOUNDING), FOUNDING)
    assert splitter.feed(frame) == []  # a line of that length could begin so
    assert splitter.feed(frame) == [FOUNDING, FOUNDING]
    assert splitter.feed(frame) == [FOUNDING]


def test_numbered_lines_stay_whole():
    lines = [b"%d %b" % (number, b"x" * 80) for number in range(200)]
    assert everything([b"\n".join(lines) + b"\n"], 200) == (lines, 0, 0)


@pytest.mark.parametrize(
    "line",
    [
        b"23 Nov 12:00:01 gate UDP connection rejected from 198.51.100.7:3478",
        b"101 1 tap101i0-IN 20/Jun/2022:13:12:46 +0200 REJECT: IN=fwbr101i0 OUT= " + FOUNDING,
        b"1 2026-11-23T12:00:00Z gate app - - - text",
    ],
)
def test_a_number_that_begins_a_routers_line_is_no_count(line):
    assert everything([line + b"\n" + line + b"\n"], 200) == ([line, line], 0, 0)


def test_a_counted_message_may_hold_line_feeds():
    assert everything([b"8 <1>a\nb\nc<2>d\n"]) == ([b"<1>a\nb\nc"[:8], b"<2>d"], 0, 0)


def test_ends_of_messages_are_trimmed_whatever_ends_them():
    assert everything([b"<1>a\r\n<1>b\0\n<1>c\r\n\0"]) == ([b"<1>a", b"<1>b", b"<1>c", b""], 0, 0)


def test_empty_lines_are_messages_but_a_counted_frames_line_end_is_not():
    assert everything([b"\n\n4 <1>a\n4 <1>b\r\n\n"]) == ([b"", b"", b"<1>a", b"<1>b", b""], 0, 0)


def test_the_last_line_may_lack_its_line_feed():
    assert everything([b"one\ntwo"]) == ([b"one", b"two"], 0, 0)


def test_a_counted_message_that_the_stream_breaks_off_is_lost():
    splitter = FrameSplitter()
    assert splitter.feed(b"<1>whole\n40 <13>half of it") == [b"<1>whole"]
    with pytest.raises(FramingError) as caught:
        splitter.end()
    assert (caught.value.reason, caught.value.lost) == ("bad_frame", 1)


@pytest.mark.parametrize("oversize", [b"x" * 65 + b"\n", b"66 <13>" + b"y\n" * 31])
def test_an_oversize_message_costs_only_itself(oversize):
    stream = b"<1>before\n" + oversize + b"<1>after\n6 <2>end"
    for size in (1, 7, len(stream)):
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        assert everything(pieces) == ([b"<1>before", b"<1>after", b"<2>end"], 1, 0)


def test_a_message_of_the_largest_size_passes():
    largest = b"<1>" + b"x" * 61
    assert everything([largest + b"\n64 " + largest]) == ([largest, largest], 0, 0)


def test_an_endless_line_is_not_kept():
    splitter = FrameSplitter(max_message=1000)
    with pytest.raises(FramingError):
        splitter.feed(b"x" * 1001)
    for _ in range(1000):
        assert splitter.feed(b"x" * 1000) == []
    assert len(splitter._buffer) <= 2000
    assert splitter.feed(b"\nnext\n") == [b"next"]


@pytest.mark.thorough
def test_time_is_linear_in_the_number_of_tiny_chunks():
    def seconds(size: int) -> float:
        splitter, start = FrameSplitter(10**6), perf_counter()
        for _ in range(size):
            splitter.feed(b"x")
        return perf_counter() - start

    assert min(seconds(64_000) for _ in range(3)) < 20 * min(seconds(8_000) for _ in range(3))
