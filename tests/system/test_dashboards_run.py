"""Every query of every dashboard runs on a real Prometheus, over a past that holds everything.

The past is that of the home in tests/system/parts/home.py, in four states: the exporter's metrics
are made up from its own declarations, what the project's rules record and raise is computed.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exporter.metrics.declared import ALL
from tests.system.parts import grafana, home, own, variables
from tests.system.parts.grafana import Answer
from tests.system.parts.needs import needs
from tests.system.parts.pasts import Home
from tests.system.parts.promql import metrics_in
from tests.system.parts.rules import RULES, rules

pytestmark = needs("prometheus", "promtool")

GENERATED = Path(__file__).resolve().parents[2] / "dashboards" / "generated"
DASHBOARDS = [f"{file.parent.name}/{file.stem}" for file in sorted(GENERATED.glob("*/*.json"))]
WORKING = ("quiet", "look", "trouble")  # in these states there is data
VERDICT = {"quiet": 0, "look": 3, "trouble": 4, "nodata": 5}
# Dashboard and English title of panels that have nothing to show, and should not: in which states.
EMPTY_IS_GOOD: dict[tuple[str, str], tuple[str, ...]] = {}

METRIC = re.compile(r"(?<![\w:])knockwatch_[a-z_]+(?![\w:])")

Json = dict[str, Any]


def test_there_are_five_dashboards_in_two_languages():
    names = {"wall", "network", "devices", "routers", "pipeline"}
    assert set(DASHBOARDS) == {f"{language}/{name}" for language in ("en", "ja") for name in names}


@pytest.mark.parametrize("state", home.STATES)
@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_panel_has_something_to_show(homes, name, state):
    assert complaints(loaded(name), name, state, homes[state]) == []


@pytest.mark.parametrize("state", home.STATES)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_wall_says_what_the_home_is_in(homes, language, state):
    wall = loaded(f"{language}/wall")
    verdict = next(one for one in asked(wall, homes[state]) if one.panel["type"] == "stat")
    (answer,) = verdict.answers.values()
    assert [float(series["value"][1]) for series in answer.data["result"]] == [VERDICT[state]]


@pytest.mark.parametrize("name", DASHBOARDS)
def test_annotations_run(homes, name):
    dashboard, trouble = loaded(name), homes["trouble"]
    for annotation in dashboard.get("annotations", {}).get("list", ()):
        if "expr" in annotation:
            panel = {"gridPos": {"w": 24}}
            shown = grafana.shown_range(dashboard, trouble.now)
            values = chosen(dashboard, trouble)
            answer = grafana.ask_target(annotation, panel, trouble.server, shown, values)
            assert (answer.error, answer.series > 0) == ("", True), answer.expr


def test_a_renamed_metric_is_noticed(homes):
    text = (GENERATED / "en" / "network.json").read_text("utf-8")
    renamed = json.loads(text.replace("knockwatch_rejected_packets_total", "knockwatch_refused"))
    assert complaints(renamed, "en/network", "quiet", homes["quiet"])


def test_a_query_that_is_no_promql_is_noticed(homes):
    broken = loaded("en/network")
    target = next(panel for panel in grafana.panels(broken) if panel.get("targets"))["targets"][0]
    target["expr"] = f"sum({target['expr']}"
    assert "parse error" in "".join(complaints(broken, "en/network", "quiet", homes["quiet"]))


def test_every_metric_is_exported_recorded_or_of_prometheus(homes):
    known = {metric.name for metric in ALL} | {rule.name for rule in rules() if not rule.alert}
    known |= own.NAMES | {"ALERTS"}
    server = homes["quiet"].server
    for name in DASHBOARDS:
        assert {metric for expr in queries(name) for metric in metrics_in(expr, server)} <= known
    for rule in rules():
        assert metrics_in(rule.expr, server) <= known, rule.name


def test_texts_name_only_metrics_that_exist():
    """Also where no parser reads them: in the templates of alerts, in descriptions."""
    known = {metric.name for metric in ALL}
    for file in (*GENERATED.glob("*/*.json"), *RULES.glob("*.yml")):
        assert set(METRIC.findall(file.read_text("utf-8"))) - known == set(), file


def loaded(name: str) -> Json:
    """A generated dashboard by language and name."""
    dashboard: Json = json.loads((GENERATED / f"{name}.json").read_text("utf-8"))
    return dashboard


def chosen(dashboard: Json, at: Home) -> dict[str, str]:
    """What queries get for the dashboard's variables."""
    found = variables.resolved(dashboard, at.server, at.now)
    return {name: one.query for name, one in found.items()}


def asked(dashboard: Json, at: Home) -> list[grafana.Asked]:
    """The answers to all of a dashboard's queries."""
    return grafana.ask(dashboard, at.server, at.now, chosen(dashboard, at))


def complaints(dashboard: Json, name: str, state: str, at: Home) -> list[str]:
    """What is wrong with a dashboard in that state: errors, and panels without anything."""
    found = [
        f"variable {variable} has nothing to choose from"
        for variable, one in variables.resolved(dashboard, at.server, at.now).items()
        if state in WORKING and not one.query
    ]
    english = {panel["id"]: panel["title"] for panel in grafana.panels(loaded_english(name))}
    for panel, answers in asked(dashboard, at):
        found += [f"{panel['title']}: {a.error}: {a.expr}" for a in answers.values() if a.error]
        may = state in EMPTY_IS_GOOD.get((name.split("/")[1], english[panel["id"]]), ())
        if state in WORKING and not may and not any(map(shows, answers.values())):
            found.append(f"{panel['title']}: nothing: {[a.expr for a in answers.values()]}")
    return found


def loaded_english(name: str) -> Json:
    """The same dashboard in English: its titles name the panels above."""
    return loaded(f"en/{name.split('/')[1]}")


def shows(answer: Answer) -> bool:
    """Whether there is a number to show."""
    pairs = (
        pair
        for series in answer.data.get("result", ())
        for pair in series.get("values") or [series["value"]]
    )
    return any(value != "NaN" for _, value in pairs)


def queries(name: str) -> Iterator[str]:
    """Every expression of a dashboard, as it is written there."""
    dashboard = loaded(name)
    for panel in grafana.panels(dashboard):
        for target in panel.get("targets", ()):
            yield target["expr"]
    for annotation in dashboard.get("annotations", {}).get("list", ()):
        if "expr" in annotation:
            yield annotation["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            match = variables.LABEL_VALUES.fullmatch(variable["query"]["query"])
            assert match, variable
            yield match["series"]
