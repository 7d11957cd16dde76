"""Many packets counted at once: what comes to the same series is added in one step.

A crowd goes in, and the counters stand where counting one packet after the other would leave them,
budgets and caps included. Where the order of the packets matters to a budget, they are counted one
after the other.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress, repeat

from exporter.attribution.crowds import Crowd
from exporter.events import CauseName
from exporter.metrics.budget import MOST_AT_ONCE, OTHER
from exporter.metrics.metrics import ATTRIBUTED, BY_COUNTRY, OVERFLOW, REJECTED
from exporter.metrics.series import TRANSPORTS, Declaration, Series, SeriesStore

MAX_INDICES = 100  # of places in a full metric

_Labels = tuple[str, ...]
_Totals = Mapping[_Labels, int]
_Each = Iterable[tuple[_Labels, int]]


class Tallies:
    """Adds to the series of a store."""

    def __init__(self, store: SeriesStore) -> None:
        self._store = store
        self._indices: dict[_Labels, dict[str, dict[str, Series]]] = {}  # by place
        self._indexed = (0, 0)  # of what they are an index

    def rejected(self, crowd: Crowd, now: float) -> None:
        """Count packets at their arrival."""
        like = crowd.like
        self._pairs(crowd, [network.asn for network in crowd.networks], now)
        countries = [network.country for network in crowd.networks]
        place: _Labels = (like.router, like.transport)
        totals = {(*place, country): count for country, count in Counter(countries).items()}
        each = (((*place, country), 1) for country in countries)
        self._add(BY_COUNTRY, totals, totals, each, now)

    def attributed(
        self, crowd: Crowd, causes: Sequence[CauseName], packets: Sequence[int], now: float
    ) -> None:
        """Count groups of packets that are nobody's, with the cause and the number of each."""
        like = crowd.like
        asns = [network.asn for network in crowd.networks]
        totals = Counter(zip(asns, causes, strict=True))
        weights = totals.copy()
        several = map((1).__lt__, packets)
        for asn, cause, count in compress(zip(asns, causes, packets, strict=True), several):
            totals[asn, cause] += count - 1
            weights[asn, cause] += min(count, MOST_AT_ONCE) - 1

        def labels(pair: tuple[str, str]) -> _Labels:
            asn, cause = pair
            return (like.router, like.direction, like.transport, asn, "", "", cause, "none")

        self._add(
            ATTRIBUTED,
            {labels(pair): count for pair, count in totals.items()},
            {labels(pair): weight for pair, weight in weights.items()},
            zip(map(labels, zip(asns, causes, strict=True)), packets, strict=True),
            now,
        )

    def _add(
        self, metric: Declaration, totals: _Totals, weights: _Totals, each: _Each, now: float
    ) -> None:
        """Count what all `each` come to, in the order of their first ones.

        `weights` are what a budget takes of it: MOST_AT_ONCE of each.
        """
        store = self._store
        series, new = store.series[metric.name], {}
        for labels, amount in totals.items():
            known = series.get(labels)
            if known is None:
                new[labels] = amount
            else:
                known.value += amount
                known.used = now
        if not new:
            return
        closed = self._closed(metric.labels, new, 0)
        if closed is None:
            for labels, amount in each:
                if labels in new:
                    store.add(metric, labels, amount, now)
            return
        for labels, amount in new.items():
            self._new(metric, labels, amount, weights[labels], closed, now)

    def _pairs(self, crowd: Crowd, asns: Sequence[str], now: float) -> None:
        """Count one for each port and network.

        Of a flood to many ports most find the metric full, and come to one series.
        """
        like, store = crowd.like, self._store
        place = (like.router, like.direction, like.transport)
        if not store.is_full(REJECTED):
            rows = zip(*map(repeat, place), crowd.ports, asns, strict=False)
            totals = Counter(rows)
            each = (((*place, *pair), 1) for pair in zip(crowd.ports, asns, strict=True))
            self._add(REJECTED, totals, totals, each, now)
            return
        known, none = self._known(place), dict[str, Series]()
        new = []
        for port, asn in zip(crowd.ports, asns, strict=True):
            series = known.get(port, none).get(asn)
            if series is None:
                new.append((port, asn))
            else:
                series.value += 1
                series.used = now
        closed = self._closed(REJECTED.labels[-2:], new, len(place)) if new else {}
        if closed is None:
            for pair in new:
                store.add(REJECTED, (*place, *pair), 1, now)
        elif new:
            ports, networks = (closed.get(at, set()) for at in (len(place), len(place) + 1))
            others = Counter(pair for pair in new if pair[0] in ports or pair[1] in networks)
            for pair, amount in others.items():
                self._new(REJECTED, (*place, *pair), amount, amount, closed, now)
            if rest := len(new) - others.total():
                store.count(REJECTED, (*place, *new[0]), rest, now)

    def _known(self, place: _Labels) -> Mapping[str, Mapping[str, Series]]:
        """The series of rejected packets of a place, by port and network."""
        series = self._store.series[REJECTED.name]
        state = (len(series), self._store.removals)
        if state != self._indexed or len(self._indices) > MAX_INDICES:
            self._indices.clear()
            self._indexed = state
        known = self._indices.get(place)
        if known is None:
            known = self._indices[place] = {}
            for labels, one in series.items():
                if labels[:-2] == place:
                    known.setdefault(labels[-2], {})[labels[-1]] = one
        return known

    def _closed(
        self, labels: Sequence[str], rows: Iterable[_Labels], first: int
    ) -> dict[int, set[str]] | None:
        """The values that count as `other`, by their label's place, of which `first` is the first.

        None if it matters in which order they come: it does while a budget weighs them, and no
        longer when it is closed to them.
        """
        closed: dict[int, set[str]] = {}
        columns = zip(*rows, strict=True)
        for at, (label, column) in enumerate(zip(labels, columns, strict=True), first):
            values = set(column)
            budget = self._store.budget(label)
            strangers = set() if budget is None else budget.strangers(values - {"", OTHER})
            if budget is not None and strangers:
                if not budget.admits_none(strangers):
                    return None
                closed[at] = strangers
            elif label == "transport" and not values <= TRANSPORTS:
                return None
        return closed

    def _new(
        self,
        metric: Declaration,
        labels: _Labels,
        amount: int,
        weight: int,
        closed: Mapping[int, set[str]],
        now: float,
    ) -> None:
        """Count under labels that have no series; all values have a place that are not closed."""
        store, fitted = self._store, list(labels)
        for at, values in closed.items():
            if labels[at] in values:
                label = metric.labels[at]
                if (budget := store.budget(label)) is not None:
                    budget.weigh(labels[at], weight)
                store.add(OVERFLOW, (metric.name, label), amount, now)
                fitted[at] = OTHER
        store.count(metric, tuple(fitted), amount, now)
