"""The project's rules, lived through in the past.

promtool back-fills recording rules only, and none that builds on another. So this asks a real
Prometheus for the rules' own expressions at each time at which it would have evaluated them, in the
order in which they build on each other, and writes the answers back. For alerts it also keeps what
Prometheus keeps: since when they are active, `for` and `keep_firing_for`. A test compares that
with what Prometheus itself makes of the same rules.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.system.parts.grafana import seconds
from tests.system.parts.history import Series
from tests.system.parts.prompast import Server

RULES = Path(__file__).resolve().parents[3] / "deploy" / "prometheus" / "rules"
NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*(?::[a-zA-Z0-9_]+)+")
EXTERNAL = {"grafana_url": "http://localhost:3000", "page_url": "http://localhost:10151"}
TEMPLATE = re.compile(r"\{\{\s*\$(labels|externalLabels)\.(\w+)\s*\}\}")


class Rule(NamedTuple):
    """One rule of a file."""

    name: str
    expr: str
    alert: bool
    labels: dict[str, str]
    interval: int  # seconds
    hold: int  # seconds of `for`
    keep: int  # seconds of `keep_firing_for`


def rules(folder: Path = RULES) -> list[Rule]:
    """All rules of all files."""
    return [one for file in sorted(folder.glob("*.yml")) for one in of_file(file)]


def of_file(file: Path) -> list[Rule]:
    """All rules of one file."""
    found = []
    for group in yaml.safe_load(file.read_text("utf-8"))["groups"]:
        interval = round(seconds(group.get("interval", "15s")))
        found += [rule(entry, interval) for entry in group["rules"]]
    return found


def rule(entry: dict[str, Any], interval: int) -> Rule:
    """One rule as its file writes it."""
    return Rule(
        name=entry.get("alert") or entry["record"],
        expr=entry["expr"],
        alert="alert" in entry,
        labels={label: str(value) for label, value in entry.get("labels", {}).items()},
        interval=interval,
        hold=round(seconds(entry.get("for", "0s"))),
        keep=round(seconds(entry.get("keep_firing_for", "0s"))),
    )


def in_order(all_rules: Iterable[Rule]) -> list[list[Rule]]:
    """Recording rules in steps: each builds on those of earlier steps only."""
    waiting = [one for one in all_rules if not one.alert]
    steps = []
    while waiting:
        names = {one.name for one in waiting}
        step = [one for one in waiting if not names & set(NAME.findall(one.expr)) - {one.name}]
        # Two of one name may build on each other only through a third.
        ready = {one.name for one in step}
        step = [one for one in step if all(o in step for o in waiting if o.name == one.name)]
        if not step:
            raise ValueError(f"rules that build on each other in a circle: {ready or names}")
        steps.append(step)
        waiting = [one for one in waiting if one not in step]
    return steps


def live_through(
    server: Server, now: int, oldest: int, step: int, everything: Sequence[Rule] = ()
) -> list[Series]:
    """Evaluate each rule every `step` seconds, or at its own interval if that is longer.

    The rules are a home's if none are given. The last time is `now`, whatever the interval, so that
    nothing that is then shown is stale. Return all that was recorded.
    """
    everything = everything or rules()
    written = []
    for ready in in_order(everything):
        series = [found for one in ready for found in recorded(one, server, now, oldest, step)]
        server.write(series)
        written += series
    for one in everything:
        if one.alert:
            written += alerts(one, server, now, oldest, step)
    return written


def recorded(one: Rule, server: Server, now: int, oldest: int, step: int) -> Iterator[Series]:
    """What a recording rule records."""
    for metric, samples in evaluated(one, server, now, oldest, step):
        labels = {k: v for k, v in (metric | one.labels).items() if k != "__name__" and v}
        yield Series((one.name, tuple(sorted(labels.items()))), samples)


def alerts(one: Rule, server: Server, now: int, oldest: int, step: int) -> Iterator[Series]:
    """`ALERTS` of an alert: pending until it was active for long enough, then firing."""
    for metric, samples in evaluated(one, server, now, oldest, step):
        labels = {k: v for k, v in metric.items() if k != "__name__"}
        labels |= {k: filled(v, labels) for k, v in one.labels.items()} | {"alertname": one.name}
        moments = phases(one, [when for when, _ in samples], now, max(step, one.interval))
        for state in ("pending", "firing"):
            if of_state := [(when, 1.0) for when, phase in moments if phase == state]:
                key = tuple(sorted((labels | {"alertstate": state}).items()))
                yield Series(("ALERTS", key), of_state)


def phases(one: Rule, active: list[int], now: int, step: int) -> list[tuple[int, str]]:
    """Whether the alert was pending or firing, at each evaluation at which it was either."""
    found: list[tuple[int, str]] = []
    since, last, phase = active[0], active[0], ""
    for when in (*active, now + one.keep + 2 * step):
        if when - last > step:  # it was not active in between
            if phase == "firing":
                kept = range(last + step, min(last + one.keep, when - step, now) + 1, step)
                found += [(moment, "firing") for moment in kept]
            since = when
        if when <= now:
            phase = "firing" if when - since >= one.hold else "pending"
            found.append((when, phase))
        last = when
    return found


def filled(text: str, labels: dict[str, str]) -> str:
    """A label's template filled in. Raises for what only Prometheus itself can fill in."""
    known = {"labels": labels, "externalLabels": EXTERNAL}
    done = TEMPLATE.sub(lambda match: known[match[1]].get(match[2], ""), text)
    if "{{" in done:
        raise ValueError(f"a label's template that is not understood: {text}")
    return done


def evaluated(
    one: Rule, server: Server, now: int, oldest: int, step: int
) -> Iterator[tuple[dict[str, str], list[tuple[int, float]]]]:
    """The expression's series over the past."""
    step = max(step, one.interval)
    for series in server.range(one.expr, now - (now - oldest) // step * step, now, step):
        yield series["metric"], [(int(when), float(value)) for when, value in series["values"]]
