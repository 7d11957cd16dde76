import random

import pytest

from tests.fuzz import kept
from tests.fuzz.mutation import Mutation, stretched

LINES = kept.seeds("dialects")


def native(data: bytes, size: int) -> bytes:
    return (data + b"?")[:size]


@pytest.fixture(params=[False, True], ids=["messages", "streams"])
def mutation(request):
    return Mutation(LINES, native, streams=request.param)


def test_equal_numbers_make_equal_changes(mutation):
    for number in range(200):
        assert mutation(LINES[0], 400, number) == mutation(LINES[0], 400, number)


def test_nothing_is_longer_than_it_may_be(mutation):
    for number in range(500):
        assert len(mutation(LINES[number], 50, number)) <= 50


def test_any_bytes_can_be_changed(mutation):
    for data in (b"", b" ", b"\0\xff", b"=" * 40):
        assert len({mutation(data, 400, number) for number in range(500)}) > 100


def test_words_of_other_lines_come_in():
    changed = {Mutation([b"alpha beta"], native)(b"gamma", 100, number) for number in range(200)}
    assert any(b"alpha" in data for data in changed)


def test_a_message_is_stretched_to_its_full_length_and_not_beyond():
    lengths = [len(stretched(line, random.Random(at), 60_000)) for at, line in enumerate(LINES)]
    assert 59_000 < max(lengths) <= 60_000
    assert stretched(b"", random.Random(0), 60_000) == b""
