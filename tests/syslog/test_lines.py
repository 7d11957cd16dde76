import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.syslog.lines import MAX_LINES, Cut, cut


def test_lines_end_at_lf_alone_and_lose_what_routers_add_in_front_of_it():
    assert cut(b"one\r\ntwo\0\n\nthree\rfour\x0bfive\n").messages == [
        b"one",
        b"two",
        b"",
        b"three\rfour\x0bfive",
    ]


def test_a_line_without_lf_waits():
    assert cut(b"one\ntw") == Cut([b"one"], 4, False, 0)
    assert cut(b"tw") == Cut([], 0, False, 0)


def test_a_line_without_lf_is_one_where_nothing_follows():
    assert cut(b"one\ntwo\0", ended=True) == Cut([b"one", b"two"], 8, False, 0)
    assert cut(b"", ended=True) == Cut([], 0, False, 0)


def test_a_line_of_the_longest_length_is_taken_and_a_longer_one_is_counted_once():
    assert cut(b"x" * 9 + b"\n", max_message=9) == Cut([b"x" * 9], 10, False, 0)
    assert cut(b"a\n" + b"x" * 10 + b"\nb\n", max_message=9) == Cut([b"a", b"b"], 15, False, 1)
    begun = cut(b"a\n" + b"x" * 10, max_message=9)
    assert begun == Cut([b"a"], 12, True, 1)
    assert cut(b"x" * 20, skipping=True, max_message=9) == Cut([], 20, True, 0)
    assert cut(b"xx\nb\nc", skipping=True, max_message=9) == Cut([b"b"], 5, False, 0)


def test_a_line_that_is_too_long_ends_where_the_file_does():
    assert cut(b"x" * 10, ended=True, max_message=9) == Cut([], 10, False, 1)
    assert cut(b"xx", skipping=True, ended=True) == Cut([], 2, False, 0)


def test_a_hole_in_front_of_a_line_does_not_make_it_too_long():
    assert cut(bytes(20) + b"a\n", max_message=9) == Cut([b"a"], 22, False, 0)
    assert cut(bytes(20), max_message=9) == Cut([], 20, False, 0)
    assert cut(bytes(20) + b"a", max_message=9) == Cut([], 20, False, 0)


def test_no_more_lines_are_cut_than_the_consumer_takes_at_once():
    piece = b"x\n" * (MAX_LINES + 1)
    assert cut(piece) == Cut([b"x"] * MAX_LINES, 2 * MAX_LINES, False, 0)


@given(
    text=st.lists(st.binary(max_size=12).map(lambda line: line.replace(b"\0", b"-")), max_size=9),
    size=st.integers(1, 20),
)
@pytest.mark.parametrize("longest", [4, 100])
def test_however_a_file_grows_its_lines_are_the_same(text, size, longest):
    data, longest = b"\n".join(text), max(longest, 1)
    messages, oversize, at, end, skipping = [], 0, 0, 0, False
    while end < len(data) or at < len(data):
        ended = end >= len(data)
        end = min(end + size, len(data))
        piece = cut(data[at:end], skipping=skipping, ended=ended, max_message=longest)
        messages += piece.messages
        oversize += piece.oversize
        at += piece.used
        skipping = piece.skipping
    lines = data.split(b"\n")
    lines = lines if lines[-1] else lines[:-1]
    assert messages == [line.rstrip(b"\r") for line in lines if len(line) <= longest]
    assert oversize == sum(len(line) > longest for line in lines)
