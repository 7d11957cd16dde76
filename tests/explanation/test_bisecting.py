from typing import get_args

import pytest

from exporter.bisection import Found
from exporter.bisection.coincidence import Lead, Trial
from exporter.bisection.steps import Step
from exporter.explanation import Language, advice, findings, next_step
from tests.explanation.scenarios import GOLDEN

LANGUAGES = get_args(Language)


def found(step="switch_off", devices=("console",), suspects=(), trials=()):
    return Found(suspects=suspects, trials=trials, step=step, devices=devices, minutes=10)


def trial(**changes):
    facts = {
        "device": "console",
        "minutes": 12,
        "packets": 0,
        "before": 38.2,
        "is_over": False,
        "enough": True,
    }
    return Trial(**facts | changes)


LEAD = Lead(device="console", score=9.0, confidence=0.84, followed=3, changes=4)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {},
            "Since console is off or away: 0 packets in 12 minutes (before: 38 a minute). That",
        ),
        (
            {"is_over": True},
            "While console was off or away: 0 packets in 12 minutes (before: 38 a minute)",
        ),
        ({"packets": 400}, "So it is not console, unless its partners have not noticed yet."),
        ({"packets": 1, "before": 3.24}, ": 1 packet in 12 minutes (before: 3.2 a minute)."),
        ({"packets": 400, "is_over": True}, "unless its partners did not notice."),
    ],
)
def test_what_happened_when_it_was_off_is_told_with_its_figures(changes, said):
    [told] = findings(found(trials=(trial(**changes),)), "en")
    assert said in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_before_the_time_is_over_nothing_is_concluded(language):
    [told] = findings(found(trials=(trial(minutes=3, enough=False),)), language)
    assert told.endswith(("(before: 38 a minute).", "（その前は毎分38）。"))


def test_a_suspect_is_not_called_guilty():
    [told] = findings(found(suspects=(LEAD,)), "en")
    assert told.startswith("Suspected, without proof: console, 0.84")
    assert "3 of the 4 times that console came or went" in told
    [told] = findings(found(suspects=(LEAD,)), "ja")
    assert told.startswith("証拠はありませんが、consoleが疑われます（確からしさ0.84：")
    assert "4回のうち3回" in told


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("step", get_args(Step))
def test_every_step_has_its_words(step, language):
    said = next_step(found(step=step), language)
    assert bool(said) == (step != "wait")
    assert "{" not in said


def test_what_to_switch_off_is_named_with_the_time():
    assert next_step(found("halves", ("tv", "nas")), "en").startswith(
        "If you want to know whose it is, switch off half of your devices for 10 minutes (tv, nas),"
    )
    assert "機器の半分（tv、nas）の電源を10分ほど切って" in next_step(
        found("halves", ("tv", "nas")), "ja"
    )


def test_the_step_stands_behind_the_advice_and_takes_the_place_of_guessing():
    step = next_step(found(), "en")
    several = GOLDEN["several devices"]
    assert advice(several, "en", step) == step
    for case in ("unknown, nobody reports", "flood"):
        assert advice(GOLDEN[case], "en", step).endswith(f". {step}")
        assert "agent" not in advice(GOLDEN[case], "en", step)


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_are_put_in_as_they_are(language):
    name = "{device}<b>"
    assert name in next_step(found(devices=(name,)), language)
