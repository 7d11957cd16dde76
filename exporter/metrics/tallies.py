"""Many packets counted at once: what comes to the same series is added in one step.

A crowd goes in, and the counters stand where counting one packet after the other would leave them,
budgets and caps included. Where the order of the packets matters to a budget, they are counted one
after the other.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress, repeat

from exporter.attribution.crowds import Crowd
from exporter.events import CauseName, Rejection
from exporter.metrics.budget import OTHER
from exporter.metrics.declared import ATTRIBUTED, BY_COUNTRY, OVERFLOW, REJECTED
from exporter.metrics.series import TRANSPORTS, Declaration, Series, SeriesStore

MAX_INDICES = 100  # of places in a full metric

Totals = Mapping[tuple[str, CauseName], int]  # packets by network and cause
_Labels = tuple[str, ...]
_Totals = Mapping[_Labels, int]
_Numbers = Mapping[str, dict[str, int]]
_Each = Iterable[tuple[_Labels, int]]


class Tallies:
    """Adds to the series of a store."""

    def __init__(self, store: SeriesStore) -> None:
        self._store = store
        self._indices: dict[_Labels, tuple[_Numbers, Sequence[Series]]] = {}
        self._indexed = (0, 0)  # of what they are an index

    def rejected(self, crowd: Crowd, now: float) -> None:
        """Count packets at their arrival."""
        like, networks = crowd.like, crowd.networks
        self._pairs(crowd, now)
        place: _Labels = (like.router, like.transport)
        totals = defaultdict[_Labels, int](int)
        for source, packets in crowd.sources.amounts.items():
            totals[*place, networks[source].country] += packets
        each = (((*place, networks[source].country), 1) for source in crowd.sources)
        self._add(BY_COUNTRY, totals, each, now)

    def attributed(
        self, crowd: Crowd, causes: Sequence[CauseName], packets: Sequence[int], now: float
    ) -> None:
        """Count groups of packets that are nobody's, with the cause and the number of each."""
        asns = [crowd.networks[source].asn for source in crowd.sources]
        totals = Counter(zip(asns, causes, strict=True))
        several = map((1).__lt__, packets)
        for asn, cause, count in compress(zip(asns, causes, packets, strict=True), several):
            totals[asn, cause] += count - 1
        self.attributed_in_all(crowd.like, totals, now)

    def attributed_in_all(self, like: Rejection, totals: Totals, now: float) -> None:
        """Count so many packets of each network and cause that are nobody's."""
        store, rows, strange = self._store, defaultdict[tuple[str, CauseName], int](int), 0
        for (asn, cause), amount in totals.items():
            has_place = store.placed("source_asn", asn)
            rows[asn if has_place else OTHER, cause] += amount
            strange += 0 if has_place else amount
        if strange:
            store.add(OVERFLOW, (ATTRIBUTED.name, "source_asn"), strange, now)
        for (asn, cause), amount in rows.items():
            labels = (like.router, like.direction, like.transport, asn, "", "", cause, "none")
            store.add(ATTRIBUTED, labels, amount, now, again=True)

    def are_few(self, rows: int) -> bool:
        """Whether so many new series of attributed packets find room, whichever come first."""
        return self._store.room(ATTRIBUTED) >= rows

    def _add(self, metric: Declaration, totals: _Totals, each: _Each, now: float) -> None:
        """Count what all `each` come to, in the order of their first ones."""
        store = self._store
        series, new = store.series[metric.name], {}
        for labels, amount in totals.items():
            known = series.get(labels)
            if known is None:
                new[labels] = amount
            else:
                known.add(amount, now)
        if not new:
            return
        closed = self._closed(metric.labels, map(set, zip(*new, strict=True)))
        if closed is None:
            for labels, amount in each:
                if labels in new:
                    store.add(metric, labels, amount, now)
            return
        for labels, amount in new.items():
            self._new(metric, labels, amount, closed, now)

    def _pairs(self, crowd: Crowd, now: float) -> None:
        """Count one for each port and network."""
        like, networks = crowd.like, crowd.networks
        place: _Labels = (like.router, like.direction, like.transport)
        if not self._store.room(REJECTED) and self._folded(place, crowd, now):
            return
        asn_of = {source: networks[source].asn for source in crowd.sources.amounts}
        asns = list(map(asn_of.__getitem__, crowd.sources))
        pairs = Counter(zip(crowd.ports, asns, strict=True))
        totals = {(*place, *pair): count for pair, count in pairs.items()}
        each = (((*place, *pair), 1) for pair in zip(crowd.ports, asns, strict=True))
        self._add(REJECTED, totals, each, now)

    def _folded(self, place: _Labels, crowd: Crowd, now: float) -> bool:
        """Count the same where the metric is full; False if it matters in which order they come.

        Of a flood to many ports most find no series, and come to one.
        """
        senders, networks = crowd.sources.amounts, crowd.networks
        asns = defaultdict[str, int](int)
        for source, packets in senders.items():
            asns[networks[source].asn] += packets
        labels, amounts = REJECTED.labels[len(place) :], (crowd.ports.amounts, asns)
        closed = self._closed(labels, map(set, amounts))
        if closed is None:
            return False
        for at, strangers in closed.items():
            of_strangers = {value: amounts[at][value] for value in strangers}
            self._overflow(REJECTED, labels[at], of_strangers, now)
        fits = [dict.fromkeys(closed.get(at, ()), OTHER) for at in range(len(labels))]
        numbers, known = self._known(place)
        ports: Sequence[str] = crowd.ports
        if fits[0]:
            ports = [fits[0].get(port, port) for port in ports]
        by_asn = {asn: numbers.get(fits[1].get(asn, asn), {}) for asn in asns}
        theirs = {source: by_asn[networks[source].asn] for source in senders}
        found = Counter(map(dict.get, map(theirs.__getitem__, crowd.sources), ports, repeat(0)))
        rest = found.pop(0, 0)
        for number, amount in found.items():
            known[number - 1].add(amount, now)
        if rest:  # wherever they came first: it is full of others
            pairs = zip(ports, crowd.sources, strict=True)
            port, source = next(pair for pair in pairs if pair[0] not in theirs[pair[1]])
            asn = networks[source].asn
            self._store.count(REJECTED, (*place, port, fits[1].get(asn, asn)), rest, now)
        return True

    def _known(self, place: _Labels) -> tuple[_Numbers, Sequence[Series]]:
        """The series of rejected packets of a place, and their numbers by network and port."""
        series = self._store.series[REJECTED.name]
        state = (len(series), self._store.removals)
        if state != self._indexed or len(self._indices) > MAX_INDICES:
            self._indices.clear()
            self._indexed = state
        if place not in self._indices:
            known = [labels for labels in series if labels[:3] == place]
            numbers = defaultdict[str, dict[str, int]](dict)
            for number, (*_, port, asn) in enumerate(known, 1):
                numbers[asn][port] = number
            self._indices[place] = numbers, [series[labels] for labels in known]
        return self._indices[place]

    def _closed(
        self, labels: Sequence[str], columns: Iterable[set[str]]
    ) -> dict[int, set[str]] | None:
        """Which values of labels count as `other`, by the label's place.

        None if it matters in which order they come: it does while a budget weighs them, and no
        longer when it is closed to them.
        """
        closed: dict[int, set[str]] = {}
        for at, (label, values) in enumerate(zip(labels, columns, strict=True)):
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
        closed: Mapping[int, set[str]],
        now: float,
    ) -> None:
        """Count under labels that have no series; all values have a place that are not closed."""
        fitted = list(labels)
        for at, values in closed.items():
            if labels[at] in values:
                self._overflow(metric, metric.labels[at], {labels[at]: amount}, now)
                fitted[at] = OTHER
        self._store.count(metric, tuple(fitted), amount, now)

    def _overflow(
        self, metric: Declaration, label: str, amounts: Mapping[str, int], now: float
    ) -> None:
        """Count what comes to `other` for want of a place, by values of the label."""
        if (budget := self._store.budget(label)) is not None:
            for value, amount in amounts.items():
                budget.weigh(value, amount)
        self._store.add(OVERFLOW, (metric.name, label), sum(amounts.values()), now)
