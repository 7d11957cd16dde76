import random
from collections import Counter
from itertools import groupby

import pytest

from exporter.syslog import columns
from exporter.syslog.columns import Column, runs, shared


@pytest.mark.parametrize("seed", range(30))
def test_runs_are_those_that_one_finds_text_by_text(seed):
    chance = random.Random(seed)
    longest, texts = chance.choice((1, columns.LONG, 50)), list[str]()
    for _ in range(chance.randrange(30)):
        # Each time another object.
        texts += [str(n) for n in [chance.randrange(4)] * chance.randint(1, longest)]
    if chance.random() < 0.5:
        texts.sort()
    assert list(runs(texts)) == [(text, len(list(run))) for text, run in groupby(texts)]
    assert list(shared(texts)) == texts


def test_what_stands_between_equal_texts_is_a_run():
    texts = ["a"] * 100
    texts[40] = "b"
    assert list(runs(texts)) == [("a", 40), ("b", 1), ("a", 59)]


def test_a_column_tells_how_often_each_text_is_there_by_their_first_ones():
    amounts = Column(["b", "a", "b"]).amounts
    assert amounts == Counter({"b": 2, "a": 1})
    assert list(amounts) == ["b", "a"]
