"""Counters in plain dicts of tuples, within the budgets of their labels and a cap a metric.

`labels().inc()` of a metrics library costs more than the rest of a line's way. Sums are conserved:
what a budget does not admit is counted under `other`. A series is only ever removed when its label
value was idle for a week and its place is needed; nothing is renumbered.
"""

from collections.abc import Iterable, Iterator, Mapping
from sys import intern
from typing import Literal, NamedTuple

import msgspec
from prometheus_client.utils import floatToGoString

from exporter.metrics.budget import OTHER, Budget

IDLE = 7 * 24 * 3600.0  # seconds
JUMP = 24 * 3600.0  # seconds between two looks: the clock was set, or the machine was off
# Prometheus dates a scrape at its start. A series that is born while it is answered would be
# created after its first sample, and the zero that Prometheus puts there would look like a restart.
# A series that did not exist was 0 before, too: as long before as Prometheus waits for an answer.
CREATED_BEFORE = 10.0  # seconds
TRANSPORTS = frozenset(
    ["", "udp", "tcp", "icmp", "icmpv6", "igmp", "gre", "esp", "ah", "sctp", "ipv6", "pim"]
)


class Declaration(NamedTuple):
    """One metric's name, meaning and labels."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    labels: tuple[str, ...]


class Series(msgspec.Struct, gc=False):
    """One counter or first-seen time: its value, since when it counts, and when it last did."""

    value: float
    created: float
    used: float  # never backwards: a clock that is wrong for a minute must not make it idle
    saved: float | None = None  # the value that is safely stored
    shown: bool = False  # in a scrape
    restored: float = 0.0  # its value at the start of the program
    since: str = ""  # as a scrape shows when it was created; to write that takes longest

    def __post_init__(self) -> None:
        self.since = floatToGoString(self.created - CREATED_BEFORE)  # type: ignore[no-untyped-call]

    def add(self, amount: float, now: float) -> None:
        """Count."""
        self.value += amount
        self.used = max(self.used, now)


class SeriesStore:
    """All series of all counters. `overflow` is the counter of what budgets did not admit."""

    def __init__(
        self,
        declarations: Iterable[Declaration],
        budgets: Mapping[str, int],
        cap: int,
        overflow: Declaration,
    ) -> None:
        """`budgets` are label → number of values, `cap` is the number of series of one metric."""
        self.declarations = {declaration.name: declaration for declaration in declarations}
        self.series: dict[str, dict[tuple[str, ...], Series]] = {n: {} for n in self.declarations}
        self.removed: list[tuple[str, tuple[str, ...]]] = []  # series retired since the last commit
        self._budgets = {label: Budget(size) for label, size in budgets.items()}
        self._open = {  # what must be looked at before it is counted: place, label, its budget
            declaration.name: [
                (at, label, self._budgets.get(label))
                for at, label in enumerate(declaration.labels)
                if label in self._budgets or label == "transport"
            ]
            for declaration in self.declarations.values()
        }
        self._fixed: set[tuple[str, str]] = set()  # label values that keep their place
        self.cap = cap  # series of a metric; those above a cap that was lowered stay
        self.removals = 0  # how often series may have been removed or replaced
        self._overflow = overflow
        self._earliest = 0.0
        self._looked: float | None = None  # when it was last asked who is idle
        self._not_before = 0.0  # then nobody is, whatever the clock says

    def widen(self, cap: int, budgets: Mapping[str, int]) -> None:
        """Let metrics have more series, and labels more values: none that has a place loses it."""
        self.cap = max(self.cap, cap)
        for label, size in budgets.items():
            self._budgets[label].widen(size)

    def begin_anew(self, now: float) -> None:
        """All series begin now, and show it: others of their names may have ended just before."""
        self._earliest = now + CREATED_BEFORE

    def set(self, metric: Declaration, labels: tuple[str, ...], value: float, now: float) -> None:
        """Give a series a first value that then stays; its labels must have their places."""
        series = self.series[metric.name]
        if len(series) < self.cap and labels not in series:
            series[_shared(labels)] = Series(value, now, now)

    def retire(self, now: float) -> None:
        """Take the series that were idle for a week, where others need their place.

        To be called every minute or so: a clock that jumps makes nobody idle, for a week nobody is.
        """
        if self._looked is not None and not 0 <= now - self._looked < JUMP:
            self._not_before = now + IDLE
        self._looked = now
        if now < self._not_before:
            return
        self.removals += 1
        for label, budget in self._budgets.items():
            if not budget.pressed:
                continue
            used: dict[str, float] = {}
            for value, series in self._of_label(label):
                used[value] = max(used.get(value, 0.0), series.used)
            for value in [v for v, at in used.items() if at < now - IDLE and v in budget]:
                if (label, value) not in self._fixed:
                    budget.release(value)
                    self._remove(label, value)
        for name, of_metric in self.series.items():
            if len(of_metric) >= self.cap and self.declarations[name].kind == "counter":
                for labels in [k for k, series in of_metric.items() if series.used < now - IDLE]:
                    del of_metric[labels]
                    self.removed.append((name, labels))

    def changes(self) -> dict[tuple[str, tuple[str, ...]], tuple[float, float, float]]:
        """Value, created and used of the series that changed since they were marked as saved."""
        return {
            (name, labels): (series.value, series.created, series.used)
            for name, of_metric in self.series.items()
            for labels, series in of_metric.items()
            if series.value != series.saved
        }

    def saved(
        self,
        changes: Mapping[tuple[str, tuple[str, ...]], tuple[float, float, float]],
        removed: Iterable[tuple[str, tuple[str, ...]]],
    ) -> None:
        """Mark what was taken from `changes` and `removed` as safely stored."""
        for (name, labels), (value, created, _) in changes.items():
            series = self.series[name].get(labels)
            if series is not None and series.created == created:  # or it is a new one
                series.saved = value
        self.removed = self.removed[len(list(removed)) :]

    def restore(self, metric: str, labels: tuple[str, ...], series: Series) -> None:
        """Take back a counter of the state file; a metric that is no longer known is dropped."""
        declaration = self.declarations.get(metric)
        if declaration is None or len(labels) != len(declaration.labels):
            return
        self.series[metric][_shared(labels)] = series
        series.restored = series.value
        self.removals += 1
        series.shown = True  # back at 0 it would look like a restart of the counter
        for label, value in zip(declaration.labels, labels, strict=True):
            if label in self._budgets and value not in ("", OTHER):
                self._budgets[label].place(value)

    def add(
        self,
        metric: Declaration,
        labels: tuple[str, ...],
        amount: float,
        now: float,
        *,
        again: bool = False,
    ) -> None:
        """Count, within the budgets of the labels and the cap of the metric.

        `again` says that the same was counted before in another metric, when it was weighed.
        """
        known = self.series[metric.name].get(labels)
        if known is None:
            weight = None if again else int(amount)
            self.count(metric, self._fit(metric, labels, weight, amount, now), amount, now)
        else:
            known.value += amount  # as `Series.add`, four times a line
            if now > known.used:
                known.used = now

    def budget(self, label: str) -> Budget | None:
        """The budget of a label, if it has one."""
        return self._budgets.get(label)

    def room(self, metric: Declaration) -> int:
        """How many more series a metric takes."""
        return max(self.cap - len(self.series[metric.name]), 0)

    def count(
        self, metric: Declaration, labels: tuple[str, ...], amount: float, now: float
    ) -> None:
        """Count under labels that have their places."""
        series = self.series[metric.name]
        known = series.get(labels)
        if known is None and len(series) >= self.cap and metric is not self._overflow:
            labels = self._fold(metric, labels, now, amount)
            known = series.get(labels)
        if known is None:
            known = series[_shared(labels)] = Series(0.0, self._born(now), now)
        known.add(amount, now)

    def _born(self, now: float) -> float:
        ahead = self._earliest - now
        return self._earliest if 0 < ahead <= CREATED_BEFORE else now  # else the clock was set back

    def _fit(
        self,
        metric: Declaration,
        labels: tuple[str, ...],
        weight: int | None,
        amount: float,
        now: float,
    ) -> tuple[str, ...]:
        """Those labels, or `other` where a value has no place and earns none by that weight."""
        fitted = None
        for at, label, budget in self._open[metric.name]:
            value = labels[at]
            if value == "" or value in (TRANSPORTS if budget is None else budget.placed):
                continue
            fits = OTHER if budget is None or weight is None else budget.label(value, weight)
            if fits != value:
                self.add(self._overflow, (metric.name, label), amount, now)
                fitted = fitted or list(labels)
                fitted[at] = fits
        return tuple(fitted) if fitted else labels

    def _fold(
        self, metric: Declaration, labels: tuple[str, ...], now: float, amount: float
    ) -> tuple[str, ...]:
        """The metric is full: all its open-ended labels become `other`, "" stays what it is."""
        self.add(self._overflow, (metric.name, "series"), amount, now)
        folded = list(labels)
        for at, _, budget in self._open[metric.name]:
            if budget is not None and labels[at]:
                folded[at] = OTHER
        return tuple(folded)

    def place(self, label: str, value: str) -> None:
        """Give a label value a place for good."""
        self._fixed.add((label, value))
        self._budgets[label].place(value)

    def values(self, label: str) -> Iterator[str]:
        """The label values that have series of their own."""
        return iter(self._budgets[label])

    def placed(self, label: str, value: str) -> bool:
        """Whether that label value has series of its own."""
        return value in self._budgets[label]

    def reserve(self, label: str, value: str) -> bool:
        """Give an attributed value its place; whether it has one."""
        return not value or self._budgets[label].label(value, 1, attributed=True) != OTHER

    def _of_label(self, label: str) -> Iterator[tuple[str, Series]]:
        for name, of_metric in self.series.items():
            names = self.declarations[name].labels
            if label in names:
                at = names.index(label)
                yield from ((labels[at], series) for labels, series in of_metric.items())

    def _remove(self, label: str, value: str) -> None:
        for name, of_metric in self.series.items():
            names = self.declarations[name].labels
            if label in names:
                at = names.index(label)
                for labels in [labels for labels in of_metric if labels[at] == value]:
                    del of_metric[labels]
                    self.removed.append((name, labels))


def _shared(labels: tuple[str, ...]) -> tuple[str, ...]:
    """The same, of which each value is in memory once: thousands of series have the same."""
    return tuple(map(intern, labels))
