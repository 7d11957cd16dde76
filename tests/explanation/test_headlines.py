from typing import get_args

import pytest

from exporter.explanation import Language, headline
from tests.explanation.scenarios import FOUNDING, GOLDEN, NOBODY, SUBJECTS, but


@pytest.mark.parametrize(
    ("subject", "en", "ja"),
    [
        (FOUNDING, "Akamai NetSession Interface on ANNA-PC: peers of a program (keep an eye on it)",
         "ANNA-PCのAkamai NetSession Interface：プログラムの通信相手（様子見）"),
        (but(FOUNDING, application=None), "netsession_win.exe on ANNA-PC: peers of a program",
         "ANNA-PCのnetsession_win.exe"),
        (but(FOUNDING, application=None, process=""), "ANNA-PC: peers of a program", "ANNA-PC："),
        (but(FOUNDING, cause="scan", verdict="benign"),
         "Akamai (AS20940) to Akamai NetSession Interface on ANNA-PC: scan (harmless)",
         "Akamai（AS20940）からANNA-PCの"),
        (but(NOBODY, cause="scan", verdict="benign"), "Example Hosting (AS64500): scan (harmless)",
         "Example Hosting（AS64500）：無差別な探索"),
        (but(NOBODY, direction="outbound", cause="misconfiguration"),
         "at home: stopped by a setting", "家の中：設定による拒否"),
        (GOLDEN["several devices"], " or ", "のいずれか："),
    ],
)  # fmt: skip
def test_the_shortest_form_names_who_why_and_whether_to_worry(subject, en, ja):
    assert en in headline(subject, "en")
    assert ja in headline(subject, "ja")


@pytest.mark.parametrize("language", get_args(Language))
def test_a_headline_is_one_clause(language):
    for case, subject in SUBJECTS.items():
        said = headline(subject, language)
        assert said, case
        assert len(said) < 140, case
        assert not said.endswith((".", "。")), case
