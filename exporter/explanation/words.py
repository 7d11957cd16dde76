"""Phrases of en.yaml and ja.yaml, with words put into them.

A phrase has a key with dots, `reason.port_open.closed`; the most exact key that a language has is
taken, so that one language may tell singular from plural and another need not. Words are foreign
text (names of devices, programs, networks): they are put in once and never evaluated.
"""

import re
from collections.abc import Mapping
from importlib import resources
from typing import Literal

import msgspec.yaml

Language = Literal["en", "ja"]


def _phrases(language: Language) -> Mapping[str, str]:
    data = resources.files("exporter.explanation").joinpath(f"{language}.yaml").read_bytes()
    return msgspec.yaml.decode(data, type=dict[str, str])


PHRASES: Mapping[Language, Mapping[str, str]] = {"en": _phrases("en"), "ja": _phrases("ja")}
_PLACE = re.compile(r"\{(\w+)\}")


def say(language: Language, *keys: str, **words: str) -> str:
    """Return the phrase of the first key that the language has, with the words in their places.

    Raises KeyError when it has none of them, or a place has no word.
    """
    return fill(phrase(language, *keys), words)


def phrase(language: Language, *keys: str) -> str:
    """Return the phrase of the first key that the language has, its places empty.

    Raises KeyError when it has none of them.
    """
    phrases = PHRASES[language]
    return phrases[next((key for key in keys if key in phrases), keys[-1])]


def fill(phrase: str, words: Mapping[str, str]) -> str:
    """Put words into the places of a phrase."""
    return _PLACE.sub(lambda place: words[place[1]], phrase)
