import ast
from pathlib import Path
from typing import get_args

import pytest

from exporter import causes
from exporter.attribution import attribution, candidates
from exporter.attribution.attribution import Untellable
from exporter.causes import ours, reasons, strangers
from exporter.events import Evidence, Reason
from exporter.explanation import Language, bisecting, reason
from exporter.explanation.reasons import clauses
from exporter.explanation.words import PHRASES
from tests.explanation.scenarios import port_open

LANGUAGES = get_args(Language)


def codes() -> set[str]:
    """Every code that the deciding modules can give: literals where a `Reason` is made."""
    found = set()
    for module in (attribution, candidates, causes, ours, strangers, reasons, bisecting):
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id in ("Reason", "our_port", "remote_port"):
                    found |= _spelt(node.args[0])
                elif node.func.id in ("candidate", "candidates"):
                    found.update(*map(_spelt, node.args))
    return found - set(get_args(Evidence))


def _spelt(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Constant):
        return {str(node.value)}
    if isinstance(node, ast.JoinedStr):
        [start, _] = node.values
        assert isinstance(start, ast.Constant)
        assert start.value == "untellable_"
        return {f"untellable_{why}" for why in get_args(Untellable)}
    return set()


def test_the_codes_are_found_where_they_are_made():
    assert codes() >= {"port_open", "untellable_tcp", "no_agents", "several_devices", "no_sign"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_that_can_be_given_has_words(language):
    worded = {key.split(".")[1] for key in PHRASES[language] if key.startswith("reason.")}
    assert codes() - worded == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_words_are_kept_for_reasons_that_nobody_gives(language):
    worded = {key.split(".")[1] for key in PHRASES[language] if key.startswith("reason.")}
    assert worded - codes() == set()


@pytest.mark.parametrize(
    ("values", "en", "ja"),
    [
        (
            {"open_for": 0},
            "netsession_win.exe on ANNA-PC had UDP port 51413 open",
            "ANNA-PCのnetsession_win.exeがUDPポート51413を開いていました",
        ),
        (
            {"open_for": 10800},
            "netsession_win.exe on ANNA-PC had UDP port 51413 open, for 3 hours by then",
            "ANNA-PCのnetsession_win.exeが3時間前からUDPポート51413を開いていました",
        ),
        (
            {"closed_for": 300},
            "netsession_win.exe on ANNA-PC had UDP port 51413 open until 5 minutes before",
            "ANNA-PCのnetsession_win.exeが5分前までUDPポート51413を開いていました",
        ),
        (
            {"process": "", "open_for": 0},
            "ANNA-PC had UDP port 51413 open",
            "ANNA-PCがUDPポート51413を開いていました",
        ),
    ],
)
def test_an_open_port_says_whose_and_since_when(values, en, ja):
    opened = port_open(**values)
    assert (reason(opened, "en"), reason(opened, "ja")) == (en, ja)


def test_one_device_is_not_spoken_of_as_several():
    assert reason(Reason("no_match", {"agents": 1}), "en").startswith("the one device that")
    assert "1,234 devices" in reason(Reason("no_match", {"agents": 1234}), "en")


def test_a_line_without_a_port_speaks_of_that_port():
    asked = Reason("known_service_port", {"port": 0})
    assert reason(asked, "en") == "it came from that port, from which known services answer"


def test_a_survey_without_a_name_is_its_sender():
    assert reason(Reason("known_surveyor", {"name": ""}), "en").startswith("its sender is known")


@pytest.mark.parametrize("language", LANGUAGES)
def test_braces_in_a_name_are_not_evaluated(language):
    name = "{device.__class__}{0}%s{who}"
    assert reason(port_open(process=name), language).count(name) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reason_of_another_version_is_shown_as_it_is(language):
    assert reason(Reason("from_the_future", {"x": 1}), language) == "from_the_future"
    assert "?" in reason(Reason("several_devices"), language)


def test_the_same_step_is_said_once():
    assert clauses((Reason("no_agents"), Reason("ping"), Reason("no_agents")), "en") == (
        "no device reports its programs to knockwatch; it asks whether anybody is there (ping)"
    )
