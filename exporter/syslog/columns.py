"""Columns of texts that many lines tell, and what can be said of all of them at once.

Many of the texts are equal, so that they are counted once, and what follows from a text is found
out once for all that are equal to it.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain, groupby, repeat, starmap

LONG = 8  # texts in a row; where there are fewer, to look at each costs less


class Column(list[str]):
    """Texts of which many come again; it does not change once they were counted."""

    @cached_property
    def amounts(self) -> Counter[str]:
        """How often each is there, in the order of their first ones."""
        return Counter(self)


def runs(texts: Sequence[str]) -> Sequence[tuple[str, int]]:
    """Texts in their order, and how many times each comes in a row."""
    return _long_runs(texts) or [(text, len(list(run))) for text, run in groupby(texts)]


def shared(texts: Sequence[str]) -> Iterable[str]:
    """The same texts; equal ones are one object where they come in long rows."""
    found = _long_runs(texts)
    return chain.from_iterable(starmap(repeat, found)) if found else texts


def _long_runs(texts: Sequence[str]) -> Sequence[tuple[str, int]]:
    """The same as `runs`, if all but the last are long; else nothing."""
    found, begin = list[tuple[str, int]](), 0
    while begin < len(texts):
        text = texts[begin]
        if texts[min(begin + LONG, len(texts)) - 1] != text:
            return ()
        end = bisect_left(texts, True, begin, key=text.__ne__)  # if no other stands between
        if texts[begin:end].count(text) < end - begin or end == begin:
            return ()
        found.append((text, end - begin))
        begin = end
    return found
