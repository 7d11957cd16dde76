"""Each query of a fleet's dashboards runs, on Prometheus and VictoriaMetrics, and shows something.

The past is that of a small fleet, tests/system/parts/fleet_past.py.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from dashboards import FLEET, GENERATED
from tests.system.parts import fleet_past, grafana, tsdb, variables
from tests.system.parts.needs import needs
from tests.system.parts.process import until
from tests.system.parts.prometheus import Prometheus
from tests.system.parts.prompast import Server, remembering
from tests.system.parts.victoria_metrics import victoria_metrics

pytestmark = needs("prometheus", "promtool", "victoria-metrics")

SITE = "kyoto"  # the one in trouble
BOARDS = [f"{language}/{name}" for language in ("en", "ja") for name in FLEET]
# Of one site: what a worker drops is of a shard.
EMPTY_IS_GOOD = {"Dropped lines", "Dropped where"}


class At(NamedTuple):
    """Where a past is, and when it ends."""

    prometheus: Server
    victoria_metrics: Server
    now: int


@pytest.fixture(scope="module")
def fleet(tmp_path_factory) -> Iterator[At]:
    folder = tmp_path_factory.mktemp("fleet")
    lived, series = fleet_past.live(folder, round(datetime.now(UTC).timestamp()))
    with remembering(folder / "server", lived.blocks) as near, victoria_metrics(folder) as far:
        tsdb.remote_write(far.url, series)
        newest = "count(knockwatch_messages_total)"
        there = near.ask("query", query=newest, time=f"{lived.now}")["data"]["result"][0]["value"]
        wanted = float(there[1])
        until(lambda: Prometheus(far.url).number(newest, at=lived.now) == wanted, "all series")
        yield At(near, Server(far.url), lived.now)


@pytest.mark.parametrize("board", BOARDS)
def test_every_panel_of_a_fleet_has_something_to_show(fleet, board):
    assert complaints(board, fleet.prometheus, fleet.now) == []


@pytest.mark.parametrize("board", [board for board in BOARDS if board.startswith("en/")])
def test_the_same_is_shown_from_victoria_metrics(fleet, board):
    assert complaints(board, fleet.victoria_metrics, fleet.now) == []


def test_what_is_wrong_with_the_fleet_is_raised(fleet):
    firing = 'ALERTS{alertstate="firing",topic=~"fleet|site",severity!="info"}'
    query = f"count by (alertname) ({firing})"
    result = fleet.prometheus.ask("query", query=query, time=f"{fleet.now}")["data"]["result"]
    raised = {one["metric"]["alertname"] for one in result}
    assert {"ShardLagging", "RecordsRefused", "RelaySpoolGrowing", "RelayDropping"} == raised


def complaints(board: str, server: Server, now: int) -> list[str]:
    """Return errors of queries, and panels without anything."""
    language, name = board.split("/")
    file = GENERATED / "fleet" / language / f"{name}.json"
    dashboard: dict[str, Any] = json.loads(file.read_text("utf-8"))
    english = json.loads((GENERATED / "fleet" / "en" / f"{name}.json").read_text("utf-8"))
    titles = {panel["id"]: panel["title"] for panel in english["panels"]}
    chosen = variables.resolved(dashboard, server, now)
    values = {name: one.query for name, one in chosen.items()}
    if name != "fleet":
        values["site"] = SITE
    found = [f"variable {name} has nothing to choose from" for name, v in values.items() if not v]
    for panel, answers in grafana.ask(dashboard, server, now, values):
        found += [f"{panel['title']}: {a.error}: {a.expr}" for a in answers.values() if a.error]
        if titles[panel["id"]] not in EMPTY_IS_GOOD and not any(a.series for a in answers.values()):
            found.append(f"{panel['title']}: nothing: {[a.expr for a in answers.values()]}")
    return found
