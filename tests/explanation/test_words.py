import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.events import CauseName, Direction, Evidence, Verdict
from exporter.explanation.words import PHRASES, fill, phrase, say

# What a reader types, finds on a screen or looks up, the same in every language.
WRITTEN_SO = (
    r"\{\w+\}|netstat( -ano -b)?|ss -tunap|knockwatch(-agent| (serve|agent|doctor)|_\w+)?"
    r"|--[\w-]+( FILE(（USER:PASSWORD）)?)?"
    r"|Windows|Linux|https?://ADDRESS:\d+|\[\[?[\w.]+\]\]?|allowed_senders|address|dialect|HTTP"
    r"|journalctl|docs/[\w-]+\.md|/api/v1/\w+|/metrics|syslog|Prometheus|Status|Targets"
)
MORE_EXACT = {"one", "1", "closed", "since"}  # singular or detail, which Japanese may not need


def test_both_languages_have_the_same_phrases():
    english, japanese = set(PHRASES["en"]), set(PHRASES["ja"])
    assert japanese - english == set()
    for key in english - japanese:
        stem, _, last = key.rpartition(".")
        assert last in MORE_EXACT, key
        assert stem in japanese


@pytest.mark.parametrize("language", PHRASES)
@pytest.mark.parametrize(
    ("group", "values"),
    [
        *(("verdict", get_args(Verdict)), ("cause", get_args(CauseName))),
        *(("evidence", get_args(Evidence)), ("direction", get_args(Direction))),
        *(("why", get_args(CauseName)), ("closing", get_args(Verdict))),
        ("advice", get_args(CauseName)),
    ],
)
def test_every_value_of_a_decision_has_its_phrase(language, group, values):
    missing = {value for value in values if not PHRASES[language].get(f"{group}.{value}")}
    assert missing == set()


@pytest.mark.parametrize("language", PHRASES)
def test_a_phrase_has_no_brace_but_those_of_its_places(language):
    for key, text in PHRASES[language].items():
        assert not set(re.sub(r"\{\w+\}", "", text)) & set("{}"), key


def test_a_japanese_phrase_contains_no_english_words():
    for key, text in PHRASES["ja"].items():
        bare = re.sub(WRITTEN_SO, "", text)
        assert not re.search(r"(?i)[a-z]{4,}", bare), key


def test_the_most_exact_phrase_wins():
    assert phrase("en", "duration.3600.1", "duration.3600") == "1 hour"
    assert phrase("ja", "duration.3600.1", "duration.3600") == "{n}時間"


def test_a_phrase_that_no_language_has_is_an_error():
    with pytest.raises(KeyError):
        say("en", "no.such.phrase")


@given(word=st.text(), other=st.text())
def test_words_are_put_in_as_they_are(word, other):
    assert fill("<{a}|{b}>", {"a": word, "b": other}) == f"<{word}|{other}>"
