"""The rules of this house for dashboards, whatever Grafana would put up with."""

import itertools
import re
from functools import cache

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

QUERIES = list(expressions())

by_board = pytest.mark.parametrize("key", KEYS, ids="-".join)


def test_every_panel_says_what_it_shows_and_what_it_says_without_data():
    for title, panel in PANELS:
        assert panel["title"].strip(), title
        assert len(panel["description"]) > 5, title
        assert panel["fieldConfig"]["defaults"]["noValue"].strip(), title
        assert panel["targets"], title
        assert panel["datasource"] == {"type": "prometheus", "uid": "prometheus"}, title


def test_every_unit_is_one_that_grafana_knows():
    used = {(title, unit) for title, panel in PANELS for unit in units_of(panel)}
    assert {use for use in used if use[1] not in KNOWN_UNITS} == set()


def test_every_panel_is_of_a_type_that_grafana_13_brings_along():
    assert {
        (title, panel["type"]) for title, panel in PANELS if panel["type"] not in TYPES
    } == set()


def test_the_lowest_threshold_is_null_and_the_others_rise():
    scales = [
        (title, [step["value"] for step in value["steps"]])
        for title, panel in PANELS
        for value in walk(panel)
        if isinstance(value, dict) and "steps" in value
    ]
    assert scales
    for title, (lowest, *others) in scales:
        assert lowest is None, title
        assert all(isinstance(bound, int | float) for bound in others), title
        assert others == sorted(others), title


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


def test_every_query_parses():
    assert {title: error for title, expr in QUERIES if (error := refusal(expr))} == {}


def test_what_is_no_query_is_refused():
    assert refusal("sum(a_total") is not None


def test_every_metric_of_a_query_exists():
    for title, expr in QUERIES:
        names = {name for node in nodes(parsed(expr)) for name in named(node)}
        known = known_metrics(fleet=title.split("-")[1].startswith("fleet/"))
        assert names, title
        assert {name for name in names - known if not THEIRS.fullmatch(name)} == set(), title


def test_a_window_is_the_readers_or_fixed_on_purpose():
    for title, expr in QUERIES:
        windows = set(re.findall(r"\[([^\]:]+)", re.sub(r'"[^"]*"', "", expr)))
        fixed = FIXED_WINDOWS.get(board_of(title), set())
        assert windows <= {"$__rate_interval", "$__range"} | fixed, title


def test_a_counter_is_only_seen_as_a_rate_or_an_increase():
    for title, expr in QUERIES:
        if title.endswith("-variable"):  # asks for names, not for values
            continue
        allowed = LAWS if board_of(title) == "pipeline" else ()
        assert set(bare_counters(parsed(expr))) <= {*allowed}, title


def test_a_bare_counter_would_be_found():
    expr = "sum(a_total) / rate(b_total[1m]) + absent(c_total)"
    assert list(bare_counters(parsed(expr))) == ["a_total"]


def test_a_query_asks_for_a_moment_or_for_a_range():
    for title, target in TARGETS:
        assert target["instant"] != target["range"], title
        assert target["datasource"]["uid"] == "prometheus", title
        assert "\n" not in target["expr"], title


def units_of(panel):
    """Return the units that a panel asks Grafana for; a suffix is any text."""
    properties = [p for o in panel["fieldConfig"]["overrides"] for p in o["properties"]]
    units = [p["value"] for p in properties if p["id"] == "unit"]
    units.append(panel["fieldConfig"]["defaults"]["unit"])
    return [unit for unit in units if not unit.startswith("suffix:")]


def board_of(title):
    """Return the name of the dashboard that a query is of, a home's or a fleet's."""
    return title.split("-")[1].rpartition("/")[2]


@cache
def known_metrics(*, fleet):
    """Return the names that are exposed or recorded where a dashboard of this kind stands."""
    every_rule = [*rules(), *(rules(FLEET_RULES) if fleet else ())]
    known = {rule["record"] for rule in every_rule if "record" in rule}
    return known | {declaration.name for declaration in ALL} | (OF_FLEETS if fleet else set())


def parsed(expr):
    return promql_parser.parse(filled(expr))


def refusal(expr):
    """Return why a query cannot be read, or `None`."""
    try:
        parsed(expr)
    except ValueError as error:
        return str(error)
    return None


PARTS = ("lhs", "rhs", "expr", "param", "vector_selector")


def inner(node):
    """Return the parts of a parsed query."""
    parts = [getattr(node, name, None) for name in PARTS]
    return [part for part in [*parts, *getattr(node, "args", [])] if part is not None]


def nodes(query):
    """Yield every node of a parsed query."""
    waiting = [query]
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
