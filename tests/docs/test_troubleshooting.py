"""The page about troubles knows every hop and every step of the doctor, in both languages."""

import pytest

from exporter.doctor.hops import HOPS
from exporter.explanation.words import PHRASES
from tests.docs.pages import ROOT
from tools import troubleshooting


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_step_that_the_doctor_can_advise_is_on_the_page(language):
    page = troubleshooting.page(language)
    steps = [key for key in PHRASES[language] if key.startswith("doctor.") and ".step" in key]
    assert len(steps) > len(HOPS)
    for key in steps:
        assert troubleshooting.shown(PHRASES[language][key]) in page


def test_the_hops_stand_in_the_order_of_a_lines_way():
    order = [name for name in troubleshooting.ORDER if name != "listener"]
    assert order == [name for name, _ in HOPS]


def test_both_pages_lead_to_each_other_by_their_index():
    assert "troubleshooting.md" in (ROOT / "docs" / "README.md").read_text("utf-8")
    assert "docs/troubleshooting.ja.md" in (ROOT / "README.ja.md").read_text("utf-8")
