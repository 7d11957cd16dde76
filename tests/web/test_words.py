"""The phrases: complete, in both languages, and with the same places."""

import re
from pathlib import Path
from typing import get_args

from exporter import doctor, web
from exporter.fleet import relay_http
from exporter.inventory import inventory
from exporter.web import asking
from exporter.web.overview import State
from exporter.web.periods import PERIODS
from exporter.web.words import WORDS, phrase

FOLDER = Path(web.__file__).parent
RELAY = Path(relay_http.__file__)
SOURCES = [*FOLDER.glob("*.py"), *FOLDER.glob("templates/*.html"), RELAY]
CALL = re.compile(r"(?:say|phrase|Refusal)\([^)]*")
KEY = re.compile(r"""["']([a-z_]+(?:\.[a-z_0-9]+)*)["']""")
PLACE = re.compile(r"\{(\w+)\}")
FAMILIES = {  # whose second half is a value
    "state": get_args(State),
    "told": get_args(State),
    "hop": get_args(doctor.State),
    "facet": asking.COLUMNS,
    "period": PERIODS,
    "within": PERIODS,
    "weekday": range(7),
    "whose": re.findall(r'Reason\("(\w+)"', Path(inventory.__file__).read_text()),
}
JAPANESE = re.compile("[\u3041-\u30ff\u4e00-\u9fff]")
SAME = {"refused.because", "other_language", "place", "day", "at.span"}  # places; the other's name


def test_both_languages_have_the_same_places():
    for key, text in WORDS.items():
        assert sorted(PLACE.findall(text.en)) == sorted(PLACE.findall(text.ja)), key
        assert re.findall(r"</?\w+", text.en) == re.findall(r"</?\w+", text.ja), key


def test_english_is_english_and_japanese_japanese():
    for key in WORDS.keys() - SAME:
        assert not JAPANESE.search(phrase(key, "en")), key
        assert JAPANESE.search(phrase(key, "ja")), key


def test_no_phrase_is_left_over():
    calls = "\n".join(call for path in SOURCES for call in CALL.findall(path.read_text()))
    said = set(KEY.findall(calls))
    said |= {f"{kind}.{name}" for kind, names in FAMILIES.items() for name in names}
    assert set(WORDS) <= said


def test_the_api_can_say_every_refusal_without_markup():
    refusals = [key for key in WORDS if key.startswith("refused.")]
    assert refusals
    assert [key for key in refusals if "<" in phrase(key, "en")] == []
