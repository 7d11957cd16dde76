"""A dashboard's queries, resolved and asked as Grafana would: variables, intervals, steps.

In goes a dashboard's JSON and a Prometheus that answers for one moment; out come the answers of
each panel's targets, or the error text. Rules of Grafana's own code: `roundInterval` of
@grafana/data, `calculateRateInterval` and `Query.Step` of pkg/promlib/models/query.go.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.system.parts.prompast import Server

SCRAPE_SECONDS = 15  # the data source's default; deploy/grafana says the same
MOST_POINTS = 11_000  # of one series, Prometheus refuses more
# Up to this many seconds → the interval that Grafana takes.
ROUNDED = (
    *((0.15, 0.1), (0.35, 0.2), (0.75, 0.5), (1.5, 1), (3.5, 2), (7.5, 5), (12.5, 10)),
    *((17.5, 15), (25, 20), (45, 30), (90, 60), (210, 120), (450, 300), (750, 600)),
    *((1050, 900), (1500, 1200), (2700, 1800), (5400, 3600), (9000, 7200), (16200, 10800)),
    *((32400, 21600), (86400, 43200), (604800, 86400), (1814400, 604800)),
)
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
REFERENCE = re.compile(r"\$(\w+)|\$\{(\w+)(?::(\w+))?\}|\[\[(\w+)(?::(\w+))?\]\]")

Json = dict[str, Any]


class Range(NamedTuple):
    """What the time picker shows, in Unix seconds."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


class Answer(NamedTuple):
    """What one target got: Prometheus' `data`, or why it got nothing."""

    expr: str
    data: Json
    error: str = ""

    @property
    def series(self) -> int:
        return len(self.data.get("result", ()))


class Asked(NamedTuple):
    """A panel and the answers to its targets, by refId."""

    panel: Json
    answers: dict[str, Answer]


def panels(dashboard: Json) -> Iterator[Json]:
    """Every panel, those that a closed row hides included."""
    for panel in dashboard.get("panels", ()):
        yield panel
        yield from panel.get("panels", ())


def ask(dashboard: Json, server: Server, now: float, values: dict[str, str]) -> list[Asked]:
    """Run every target of every panel at that moment; `values` are the variables'."""
    shown = shown_range(dashboard, now)
    return [
        Asked(
            panel,
            {
                target.get("refId", "A"): ask_target(target, panel, server, shown, values)
                for target in panel["targets"]
            },
        )
        for panel in panels(dashboard)
        if panel.get("targets")
    ]


def ask_target(
    target: Json, panel: Json, server: Server, shown: Range, values: dict[str, str]
) -> Answer:
    """Run one target: at the end of the range, or over it."""
    if "timeFrom" in panel:
        shown = Range(shown.end - seconds(panel["timeFrom"]), shown.end)
    step = interval(target, panel, shown)
    expr = interpolated(target["expr"], values | builtin(step, shown))
    if target.get("instant"):
        answer = server.ask("query", query=expr, time=f"{shown.end:.3f}")
    else:
        # Grafana aligns the range with the step, so that a refresh moves no point.
        start, end = (when // step * step for when in shown)
        answer = server.ask(
            "query_range", query=expr, start=f"{start:.3f}", end=f"{end:.3f}", step=f"{step:g}"
        )
    return Answer(expr, answer.get("data", {}), answer.get("error", ""))


def shown_range(dashboard: Json, now: float) -> Range:
    """The dashboard's own range, which ends now."""
    past = dashboard.get("time", {}).get("from", "now-6h")
    if not past.startswith("now-"):
        raise ValueError(f"a dashboard that starts at {past!r}")
    return Range(now - seconds(past.removeprefix("now-")), now)


def interval(target: Json, panel: Json, shown: Range) -> float:
    """Seconds between two points: what fits into the panel, and no less than a scrape."""
    least = target.get("interval") or panel.get("interval")
    lowest = seconds(least) if least and "$" not in least else SCRAPE_SECONDS
    points = panel.get("maxDataPoints") or width(panel)
    step = rounded(shown.seconds / points)
    return max(step, lowest, -(-shown.seconds // MOST_POINTS))


def width(panel: Json) -> int:
    """The panel's width in pixels on a tablet: that is how many points Grafana asks for."""
    return max(int(panel["gridPos"]["w"] * 52 - 24), 100)


def rounded(exact: float) -> float:
    """Grafana's round interval."""
    return next((taken for limit, taken in ROUNDED if exact < limit), 31_536_000)


def builtin(step: float, shown: Range) -> dict[str, str]:
    """Grafana's own variables."""
    rate = max(step + SCRAPE_SECONDS, 4 * SCRAPE_SECONDS)
    return {
        "__interval": f"{step:g}s",
        "__interval_ms": f"{step * 1000:g}",
        "__rate_interval": f"{rate:g}s",
        "__range": f"{shown.seconds:g}s",
        "__range_s": f"{shown.seconds:g}",
        "__from": f"{shown.start * 1000:.0f}",
        "__to": f"{shown.end * 1000:.0f}",
    }


def interpolated(text: str, values: dict[str, str]) -> str:
    """Put the variables' values in; an unknown one is an error, as Prometheus would say."""

    def value(match: re.Match[str]) -> str:
        name = next(name for name in (match[1], match[2], match[4]) if name)
        return values.get(name, match[0])

    return REFERENCE.sub(value, text)


def seconds(text: str) -> float:
    """Seconds of `6h`, `15s`, also of `>15s`, the older notation."""
    match = re.fullmatch(r">?(\d+(?:\.\d+)?)(ms|[smhdw])(?:/\w)?", text)
    if not match:
        raise ValueError(f"not a duration: {text!r}")
    return float(match[1]) * UNITS[match[2]]
