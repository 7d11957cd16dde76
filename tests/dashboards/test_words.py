"""Both languages say everything, the same everywhere."""

import re

import pytest
import yaml

from dashboards import FLEET, NAMES
from dashboards.words import BOOK, Words, chosen
from exporter.explanation.words import PHRASES
from tests.dashboards.generated import DASHBOARDS, FLEET_RULES, KEYS, ROOT, rules, walk

JAPANESE = re.compile(r"[\u3041-\u30ff\u4e00-\u9fff]")
# Names, units and abbreviations that a Japanese reader knows by these letters.
UNTRANSLATED = re.compile(r"UDP|TCP|ICMP(v6)?|OS|exporter|prometheus|All")
EVERY_NAME = [name for language, name in KEYS if language == "ja"]
SAID = frozenset(["title", "description", "noValue", "text", "displayName", "label"])


def alerts():
    return {(rule["alert"], rule["labels"]["severity"]) for rule in rules() if "alert" in rule}


def test_every_alert_of_the_rules_says_what_is_wrong_and_what_to_do():
    assert alerts()
    names = {key.partition("/")[0] for key in BOOK.alerts if not key.endswith("/wall")}
    assert names == {name for name, _ in alerts()}
    for language in ("en", "ja"):
        known_keys = Words(language).alerts().keys()
        loud = {f"{name}/{level}" for name, level in alerts() if level in ("warning", "critical")}
        assert loud <= known_keys


def test_every_alert_of_a_fleet_says_what_is_wrong():
    names = {rule["alert"] for rule in rules(FLEET_RULES) if "alert" in rule}
    assert set(BOOK.fleet_alerts) == names
    assert not names & {name for name, _ in alerts()}
    for language in ("en", "ja"):
        assert names < Words(language).every_alert_name().keys()


@pytest.mark.parametrize("key", BOOK.alerts)
def test_what_the_wall_says_in_large_letters_is_short(key):
    text = BOOK.alerts[key]
    assert max(len(text.what.en), len(text.do.en)) <= 32
    assert max(len(text.what.ja), len(text.do.ja)) <= 18


def test_the_states_of_the_wall_have_a_glyph_and_a_word():
    for language in ("en", "ja"):
        texts = Words(language).values("state")
        assert {text.split()[0] for text in texts.values()} == {"✓", "?", "!", "✗"}
        assert all(len(text.split(maxsplit=1)) == 2 for text in texts.values())


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("label", ["cause", "evidence", "direction", "verdict"])
def test_the_page_and_the_dashboards_use_the_same_words(language, label):
    page = {
        key.partition(".")[2]: text
        for key, text in PHRASES[language].items()
        if key.startswith(f"{label}.")
    }
    assert Words(language).values(label) == page


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_kinds_of_networks_are_called_as_on_the_page(language):
    text = (ROOT / "exporter" / "knowledge" / "networks.yaml").read_text("utf-8")
    kinds = {name: kind["label"][language] for name, kind in yaml.safe_load(text)["kinds"].items()}
    words = Words(language).values("kind")
    assert {name: text for name, text in words.items() if name != "unknown"} == kinds


def test_every_text_is_used():
    sources = "".join(path.read_text() for path in (ROOT / "dashboards").glob("*.py"))
    quoted = sources.replace("'", '"')
    keys = [*BOOK.panels, *(key.removeprefix("column.") for key in BOOK.words)]
    assert [
        key for key in keys if f'"{key}"' not in quoted and f'"column.{key}"' not in quoted
    ] == []
    assert set(BOOK.boards) == {*NAMES, *FLEET}
    assert [label for label in BOOK.values if f'"{label}"' not in sources] == []


@pytest.mark.parametrize("name", EVERY_NAME)
def test_no_english_is_left_in_japanese(name):
    said = [
        text
        for value in walk(DASHBOARDS["ja", name])
        if isinstance(value, dict)
        for key, text in value.items()
        if key in SAID and isinstance(text, str) and text.strip()
    ]
    assert len(said) > 20
    english = {text for text in said if not JAPANESE.search(text)}
    glyphs = {text for text in english if not re.search(r"[A-Za-z]", text)}
    assert {text for text in english - glyphs if not UNTRANSLATED.fullmatch(text)} <= labels(name)


def labels(name):
    """Return the texts that name a person's own things, in either language the same."""
    pages = ("wall", "pipeline", "fleet/pipeline")
    return {"knockwatch", "Prometheus"} if name in pages else set()


@pytest.mark.parametrize("name", EVERY_NAME)
def test_both_languages_have_the_same_structure(name):
    english, japanese = (skeleton(DASHBOARDS[language, name]) for language in ("en", "ja"))
    assert english == japanese


def skeleton(value):
    """Return JSON with every text replaced, so that only what it is built of remains."""
    if isinstance(value, dict):
        return {key: skeleton(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [skeleton(inner) for inner in value]
    return "text" if isinstance(value, str) else value


def test_another_language_is_refused_by_name(monkeypatch):
    monkeypatch.setenv("KNOCKWATCH_LANGUAGE", "fr")
    with pytest.raises(ValueError, match="KNOCKWATCH_LANGUAGE is 'fr', and may be en or ja"):
        chosen()
