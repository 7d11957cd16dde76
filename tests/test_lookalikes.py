"""Names that look like another's, to people and not to computers."""

import pytest

from exporter.lookalikes import is_clear, look, mimicked

LIKE_ANNA = (
    "\u0410NNA-PC",  # Cyrillic
    "\u0391\u039d\u039dA-PC",  # Greek
    "\uff21\uff2e\uff2e\uff21-\uff30\uff23",  # full width
    "ANNA\u2010PC",
    "ANNA\u2011PC",
    "anna\u2212pc",
    "\u0430nn\u0430-\u0440\u0441",
)
HIDING = (
    *("\u00ad", "\u034f", "\u115f", "\u200b", "\u200d", "\u202e", "\u2060", "\u2800"),
    *("\u3164", "\ufe0f", "\uffa0", "\U000e0041", "\0", "\n"),
)


@pytest.mark.parametrize("name", LIKE_ANNA)
def test_who_only_looks_like_another_is_found(name):
    assert look(name) == "anna-pc"
    assert mimicked(name, ["NAS", "Anna-PC"]) == "Anna-PC"
    assert mimicked(name, ["NAS"]) is None
    assert mimicked(name, [name]) is None


@pytest.mark.parametrize("name", ["ANNA-PC", "anna-pc", "アンナのPC", "Büro", "Кухня", "ЖК"])
def test_a_name_is_no_mimic_of_itself_or_of_others(name):
    assert mimicked(name, [name, name.upper(), "NAS", "PC", "リビング"]) is None


def test_two_mimics_of_one_name_look_alike():
    assert mimicked(LIKE_ANNA[0], [LIKE_ANNA[1]]) == LIKE_ANNA[1]


@pytest.mark.parametrize("hidden", HIDING)
def test_what_shows_nothing_is_not_clear(hidden):
    assert not is_clear(f"ANNA-PC{hidden}")


@pytest.mark.parametrize("name", ["ANNA-PC", "アンナの PC", "Büro", "Кухня", "गाँव", "台所 (2)"])
def test_all_that_is_seen_is_clear(name):
    assert is_clear(name)
