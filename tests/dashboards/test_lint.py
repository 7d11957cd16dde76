"""The rules of this house for dashboards, whatever Grafana would put up with."""

import itertools
import re

import promql_parser
import pytest
from grafana_foundation_sdk.models import units

from exporter.fleet import exposition, relay_metrics, worker_metrics
from exporter.metrics.declared import ALL
from tests.dashboards.generated import (
    DASHBOARDS,
    FLEET_KEYS,
    FLEET_RULES,
    HOME_KEYS,
    KEYS,
    PANELS,
    TARGETS,
    expressions,
    filled,
    rules,
    walk,
)

TYPES = {"stat", "bargauge", "timeseries", "table"}
KNOWN_UNITS = {value for name, value in vars(units).items() if name[0] != "_"}
# What Prometheus, Alertmanager and every Python program show of themselves.
THEIRS = re.compile(
    r"up|ALERTS|scrape_(duration_seconds|samples_scraped)|process_resident_memory_bytes"
    r"|prometheus_rule_evaluation_failures_total|prometheus_notifications_(dropped|errors)_total"
    r"|alertmanager_notifications(_failed)?_total"
)
OF_FLEETS = {
    declaration.name
    for declaration in (*exposition.DECLARED, *worker_metrics.DECLARED, *relay_metrics.OWN)
}
FIXED_WINDOWS = {"wall": {"15m", "1h", "1d", "6h"}, "pipeline": {"24h"}, "fleet": {"1h"}}
LAWS = ("knockwatch_rejected_packets_total", "knockwatch_attributed_packets_total")

by_title = pytest.mark.parametrize(("title", "panel"), PANELS, ids=[title for title, _ in PANELS])
by_board = pytest.mark.parametrize("key", KEYS, ids="-".join)
by_query = pytest.mark.parametrize(
    ("title", "expr"), list(expressions()), ids=[title for title, _ in expressions()]
)


@by_title
def test_every_panel_says_what_it_shows_and_what_it_says_without_data(title, panel):
    defaults = panel["fieldConfig"]["defaults"]
    assert panel["title"].strip()
    assert len(panel["description"]) > 5
    assert defaults["noValue"].strip()
    assert panel["targets"]
    assert panel["datasource"] == {"type": "prometheus", "uid": "prometheus"}


@by_title
def test_every_unit_is_one_that_grafana_knows(title, panel):
    used = {panel["fieldConfig"]["defaults"]["unit"]}
    for override in panel["fieldConfig"]["overrides"]:
        used |= {p["value"] for p in override["properties"] if p["id"] == "unit"}
    assert {unit for unit in used if not unit.startswith("suffix:")} <= KNOWN_UNITS


@by_title
def test_every_panel_is_of_a_type_that_grafana_13_brings_along(title, panel):
    assert panel["type"] in TYPES


@by_title
def test_the_lowest_threshold_is_null_and_the_others_rise(title, panel):
    for value in walk(panel):
        if isinstance(value, dict) and "steps" in value:
            bounds = [step["value"] for step in value["steps"]]
            assert bounds[0] is None
            assert all(isinstance(bound, int | float) for bound in bounds[1:])
            assert bounds[1:] == sorted(bounds[1:])


@by_board
def test_panels_are_inside_the_grid_and_cover_nobody(key):
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARDS[key]["panels"]:
        x, y, w, h = (panel["gridPos"][side] for side in "xywh")
        cells = set(itertools.product(range(x, x + w), range(y, y + h)))
        assert x + w <= 24
        assert not cells & taken
        taken |= cells


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_wall_needs_no_scrolling_no_variable_and_no_controls(language):
    wall = DASHBOARDS[language, "wall"]
    assert max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in wall["panels"]) <= 20
    assert [v["hide"] for v in wall["templating"]["list"]] == [2]
    assert wall["timepicker"]["hidden"]
    assert wall["refresh"] == "30s"
    assert not wall["links"]


@by_board
def test_every_dashboard_is_in_the_newest_classic_schema_and_read_only(key):
    board = DASHBOARDS[key]
    assert board["schemaVersion"] == 41
    assert board["editable"] is False
    assert board["timezone"] == "browser"
    assert board["tags"] == ["knockwatch", key[0]]
    name = key[1].rpartition("/")[2]
    assert board["uid"] == f"knockwatch-{name}{'' if key[0] == 'en' else '-ja'}"
    assert not {"rows", "style", "sharedCrosshair", "gnetId", "__inputs"} & board.keys()
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))


def test_no_uid_and_no_title_is_given_twice():
    """A home's and a fleet's may be the same: they are not in one Grafana."""
    for keys in (HOME_KEYS, FLEET_KEYS):
        assert len({DASHBOARDS[key]["uid"] for key in keys}) == len(keys)
    for language, keys in itertools.product(("en", "ja"), (HOME_KEYS, FLEET_KEYS)):
        titles = [DASHBOARDS[key]["title"] for key in keys if key[0] == language]
        assert len(titles) == len(set(titles))


@by_query
def test_every_query_parses(title, expr):
    promql_parser.parse(filled(expr))


@by_query
def test_every_metric_of_a_query_exists(title, expr):
    fleet = title.split("-")[1].startswith("fleet/")
    every_rule = [*rules(), *(rules(FLEET_RULES) if fleet else ())]
    known = {rule["record"] for rule in every_rule if "record" in rule}
    known |= {declaration.name for declaration in ALL} | (OF_FLEETS if fleet else set())
    names = {name for node in nodes(expr) for name in named(node)}
    assert names
    assert {name for name in names if name not in known and not THEIRS.fullmatch(name)} == set()


@by_query
def test_a_window_is_the_readers_or_fixed_on_purpose(title, expr):
    windows = set(re.findall(r"\[([^\]:]+)", re.sub(r'"[^"]*"', "", expr)))
    fixed = FIXED_WINDOWS.get(board_of(title), set())
    assert windows <= {"$__rate_interval", "$__range"} | fixed


@by_query
def test_a_counter_is_only_seen_as_a_rate_or_an_increase(title, expr):
    if title.endswith("-variable"):  # asks for names, not for values
        return
    allowed = LAWS if board_of(title) == "pipeline" else ()
    assert set(bare_counters(promql_parser.parse(filled(expr)))) <= {*allowed}


def test_a_bare_counter_would_be_found():
    expr = "sum(a_total) / rate(b_total[1m]) + absent(c_total)"
    assert list(bare_counters(promql_parser.parse(expr))) == ["a_total"]


@pytest.mark.parametrize(("title", "target"), TARGETS, ids=[title for title, _ in TARGETS])
def test_a_query_asks_for_a_moment_or_for_a_range(title, target):
    assert target["instant"] != target["range"]
    assert target["datasource"]["uid"] == "prometheus"
    assert "\n" not in target["expr"]


def board_of(title):
    """Return the name of the dashboard that a query is of, a home's or a fleet's."""
    return title.split("-")[1].rpartition("/")[2]


PARTS = ("lhs", "rhs", "expr", "param", "vector_selector")


def inner(node):
    """Return the parts of a parsed query."""
    parts = [getattr(node, name, None) for name in PARTS]
    return [part for part in [*parts, *getattr(node, "args", [])] if part is not None]


def nodes(expr):
    """Yield every node of a query."""
    waiting = [promql_parser.parse(filled(expr))]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += inner(node)


def named(node):
    """Return the metrics that a node selects."""
    if not isinstance(node, promql_parser.VectorSelector):
        return []
    by_label = [m.value for m in node.matchers.matchers if m.name == "__name__"]
    return [name for text in [node.name, *by_label] if text for name in text.split("|")]


def bare_counters(node):
    """Yield the counters that are neither in a rate, an increase nor asked for their existence."""
    if isinstance(node, promql_parser.Call) and node.func.name in ("rate", "increase", "absent"):
        return
    yield from (name for name in named(node) if name.endswith("_total"))
    for part in inner(node):
        yield from bare_counters(part)
