"""The wall as a tablet shows it, drawn by Grafana's own components (`make preview` draws all)."""

import json

import pytest

from tests.system.parts import grafana, home
from tests.system.parts.chromium import TABLET
from tests.system.parts.needs import needs
from tests.system.parts.pasts import Home
from tools.preview import components
from tools.preview.easel import Easel, easel
from tools.preview.preview import GENERATED, asked

pytestmark = needs("prometheus", "promtool", "npm", "chromium")

BELOW_THE_VERDICT = 200  # pixels
WORDS = {"quiet": "ALL QUIET", "look": "ANNA-PC", "trouble": "GAME-PC", "nodata": "NO DATA"}
NOT_DRAWN = "not drawn"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    build = tmp_path_factory.mktemp("preview")
    modules = components.install()
    components.bundle(modules, build / "bundle.js")
    with easel(build, modules, tmp_path_factory.mktemp("browser")) as found:
        yield found


def show(drawn: Easel, wall: grafana.Json, name: str, homes: dict[str, Home], state: str) -> str:
    """Draw it; return what can be read."""
    at = homes[state]
    drawn.show(f"{name}-{state}", asked(wall, at.server, at.now), TABLET)
    return drawn.browser.text()


def wall(language: str) -> grafana.Json:
    """The wall in that language."""
    dashboard: grafana.Json = json.loads((GENERATED / language / "wall.json").read_text("utf-8"))
    return dashboard


@pytest.mark.parametrize("state", home.STATES)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_wall_fits_and_its_verdict_is_not_cut(drawn, homes, language, state):
    text = show(drawn, wall(language), language, homes, state)
    assert NOT_DRAWN not in text
    assert drawn.cut(above=BELOW_THE_VERDICT) == []
    assert drawn.browser.overflow() == 0
    assert drawn.browser.evaluate("document.documentElement.scrollHeight") <= TABLET.height
    if language == "en":
        assert WORDS[state] in text


def test_a_text_that_is_cut_is_noticed(drawn, homes):
    narrow = wall("en")
    narrow["panels"][0]["title"] = "What a very long title this is " * 5
    show(drawn, narrow, "narrow", homes, "quiet")
    assert any("long title" in text for text in drawn.cut(above=BELOW_THE_VERDICT))


def test_a_panel_that_cannot_be_drawn_here_says_so(drawn, homes):
    strange = wall("en")
    strange["panels"][0]["type"] = "state-timeline"
    assert f"{NOT_DRAWN}: state-timeline" in show(drawn, strange, "strange", homes, "quiet")
