import random

import pytest

from exporter.syslog.uncut import Lines, texts_of


@pytest.mark.parametrize("seed", range(20))
def test_lines_are_those_of_the_text(seed):
    chance = random.Random(seed)
    number = chance.choice((1, 2, 7, 300))
    lines = [b"x" * chance.choice((0, 0, 3, 90)) for _ in range(number)]
    text = b"\n".join(lines)
    assert len(Lines(text)) == number
    assert [Lines(text)[at] for at in range(number)] == lines
    assert [Lines(text)[at] for at in range(-number, 0)] == lines
    assert list(Lines(text)) == lines
    for at in (0, 1, number // 2, number):
        assert list(Lines(text)[at:]) == lines[at:]
        assert list(Lines(text)[:at]) == lines[:at]
    for size in (1, 3, 1000):
        assert b"\n".join(Lines(text).texts(size)) == text
    with pytest.raises(IndexError):
        Lines(text)[number]


def test_all_of_them_are_not_cut():
    lines = Lines(b"a\nb\nc")
    assert lines[0:] is lines
    assert (lines[1], lines[-1]) == (b"b", b"c")
    assert "_cut" not in vars(lines)


def test_texts_are_of_about_as_many_lines():
    sizes = [text.count(b"\n") + 1 for text in Lines(b"\n".join([b"line"] * 1000)).texts(100)]
    assert sum(sizes) == 1000
    assert max(sizes) <= 101


def test_in_place_of_lines_of_other_characters_is_an_empty_one():
    lines = [b"a", b"Z\xc3\xbcrich", b"b", b"c"]
    for some in (lines, Lines(b"\n".join(lines))):
        assert b"\n".join(texts_of(some, 2)) == b"a\n\nb\nc"
    assert list(texts_of([b"a", b"b\nc"], 2)) == [b"a\n"]
