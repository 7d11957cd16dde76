from typing import get_args

import pytest

from exporter.events import Reason
from exporter.explanation import Language, certainty
from tests.explanation.scenarios import FOUNDING, GOLDEN, NOBODY, but

LANGUAGES = get_args(Language)


def test_the_founding_case_says_how_sure_and_why():
    assert certainty(FOUNDING, "en") == (
        "How sure: 0.99 (netsession_win.exe on ANNA-PC had UDP port 51413 open, for 3 hours by"
        " then; no other known device did)."
    )
    assert certainty(FOUNDING, "ja") == (
        "確からしさ：0.99（ANNA-PCのnetsession_win.exeが3時間前からUDPポート51413を開いていました。"
        "ほかに該当する機器はありませんでした）。"
    )


def test_that_an_address_belongs_to_a_device_is_no_comparison_with_others():
    assert "no other" not in certainty(GOLDEN["scan of a device"], "en")


def test_device_and_cause_are_sure_each_for_itself():
    said = certainty(GOLDEN["scan of a device"], "en")
    assert said.startswith("How sure: over 0.99 (2001:db8::7 is an address of NAS).")
    assert "“scan”: 0.90" in said


def test_without_a_device_it_is_the_cause_that_is_sure():
    assert certainty(GOLDEN["scan"], "en") == "How sure: 0.85 (scanners try port 23 everywhere)."


def test_a_period_keeps_the_signs_but_not_how_sure_the_cause_is():
    said = certainty(but(GOLDEN["scan"], cause_confidence=None), "en")
    assert said == "What speaks for it: scanners try port 23 everywhere."


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_tie_is_sure_of_each_a_little(language):
    assert "0.49" in certainty(GOLDEN["several devices"], language)


def test_why_nobody_is_named_is_said_where_a_device_could_be_found():
    assert "No device is named: no device reports" in certainty(
        GOLDEN["unknown, nobody reports"], "en"
    )
    assert "named" not in certainty(GOLDEN["scan"], "en")


def test_a_guess_that_was_too_weak_names_nobody():
    guess = Reason("port_history", {"device": "ANNA-PC", "process": "zork.exe", "port": 51413})
    subject = but(NOBODY, cause="echo", reasons=(Reason("too_weak", {"confidence": 0.62}), guess))
    assert "0.62" in certainty(subject, "en")
    assert "ANNA-PC" not in certainty(subject, "en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", GOLDEN)
def test_without_reasons_no_empty_brackets_are_left(case, language):
    bare = but(GOLDEN[case], reasons=(), cause_reasons=())
    for subject in (bare, but(bare, cause_confidence=None)):
        said = certainty(subject, language)
        assert said
        assert "()" not in said
        assert "（）" not in said
