"""Which dialect a line that none claims looks like: a hint for a person, never a reading.

A text and the dialects go in, the nearest comes out, with the words of its example that the text
lacks. Lines are compared by their words (letters; keys with "=" or ":") and by the signs around
their values ("x/x", "x:x->x:x,"), not by the values; what few dialects write says more. Pure; the
examples are broken into features once.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from exporter.dialects import Dialect

MAX_TEXT = 1000  # characters that are looked at
MIN_LIKENESS = 0.31  # 0 to 1; below, nothing is near; chance grows by 0.001 with each dialect
_DOUBT = 2.0  # weight that no line ever has: an example of two words is easily met by chance
_MAX_FEATURE = 24  # characters
_WORD = re.compile(r"(?<![^\W_])[^\W\d_]++(?:[_-][^\W\d_]++)*+(?![^\W_])[=:]{0,2}+")
_ADDRESS = re.compile(r"(?i)\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}")
_VALUE = re.compile(r"[\w§]+")


class Near(NamedTuple):
    """A dialect that a line resembles."""

    dialect: str
    title: str
    example: str
    likeness: float
    missing: tuple[str, ...]  # words of the example that the line does not have


class _Example(NamedTuple):
    dialect: Dialect
    text: str
    features: frozenset[str]


class Examples:
    """The examples of dialects, as features."""

    def __init__(self, dialects: Iterable[Dialect]) -> None:
        self._examples = [
            _Example(dialect, text, features(text))
            for dialect in dialects
            for text in dialect.examples
        ]
        self._weights = _weights(self._examples)
        self._whole = [self._weight(example.features) for example in self._examples]

    def nearest(self, text: str) -> Near | None:
        """Return the dialect with the example that is most like a text, if any is near."""
        held = features(text)
        weight = self._weight(held)
        likeness, place = 0.0, -1
        for number, (example, whole) in enumerate(zip(self._examples, self._whole, strict=True)):
            found = _cosine(self._weight(example.features & held), whole, weight)
            if found > likeness:
                likeness, place = found, number
        if likeness < MIN_LIKENESS:
            return None
        best = self._examples[place]
        missing = dict.fromkeys(word for word in words(best.text) if word.casefold() not in held)
        return Near(best.dialect.name, best.dialect.title, best.text, likeness, tuple(missing))

    def _weight(self, features: Iterable[str]) -> float:
        return math.fsum(self._weights.get(feature, 0.0) for feature in features)


def _cosine(shared: float, one: float, other: float) -> float:
    return shared / math.sqrt((one + _DOUBT) * (other + _DOUBT))


@lru_cache(maxsize=4)  # of the built-in dialects, mostly, and what tests make
def examples(dialects: tuple[Dialect, ...]) -> Examples:
    """Return the examples of these dialects."""
    return Examples(dialects)


def words(text: str) -> list[str]:
    """Return the words of a text, keys with their sign."""
    return _WORD.findall(_without_addresses(text))


def features(text: str) -> frozenset[str]:
    """Return what of a text tells its dialect: words in lower case, and signs around values."""
    signs = (
        _VALUE.sub("x", part)[:_MAX_FEATURE]
        for part in _without_addresses(text).split()
        if "§" in part or not part.isalpha()
    )
    return frozenset((*(word.casefold() for word in words(text)), *signs))


def _without_addresses(text: str) -> str:
    return _ADDRESS.sub("§", text[:MAX_TEXT])


def _weights(examples: Sequence[_Example]) -> dict[str, float]:
    """How much a feature says: the fewer dialects have it, the more."""
    pairs = {(example.dialect.name, part) for example in examples for part in example.features}
    found = Counter(part for _, part in pairs)
    number = len({example.dialect.name for example in examples})
    return {part: math.log(1 + number / count) for part, count in found.items()}
