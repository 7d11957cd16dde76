import random

import pytest

from exporter.attribution.crowds import Crowd
from exporter.events import Attribution, Cause, Network
from exporter.metrics import Limits, Metrics
from exporter.metrics.tallies import Tallies
from exporter.syslog.columns import Column
from tests.rejections import NOW, decision, rejection


def crowd(chance, networks, ports):
    count = chance.randrange(1, 300)
    sources = [f"23.45.{chance.randrange(networks)}.{n % 9}" for n in range(count)]
    of = {
        source: Network(f"AS{(n := source.split('.')[2])}", country=f"C{int(n) % 9}")
        for source in sources
    }
    ours = [str(chance.randrange(ports)) for _ in range(count)]
    like = rejection(source=of[sources[0]], our_port=int(ours[0]))
    ends = (Column(sources), ["9"] * count, Column(ours))
    return Crowd(like, of, [NOW] * count, *ends, [b""] * count)


def state(metrics):
    store = metrics.store
    series = {
        name: {labels: one.value for labels, one in of_metric.items()}
        for name, of_metric in store.series.items()
    }
    budgets = {
        label: (set(budget), budget._weights, budget._total, budget.pressed)
        for label, budget in store._budgets.items()
    }
    return series, budgets


@pytest.mark.thorough
@pytest.mark.parametrize("cap", [20, 300, 100_000])
@pytest.mark.parametrize("places", [6, 40, 1000])
@pytest.mark.parametrize("networks", [3, 60, 400])
def test_at_once_comes_to_the_same_as_one_by_one(cap, places, networks):
    chance = random.Random(f"{cap} {places} {networks}")
    limits = Limits(
        source_asn=places, destination_port=places, source_country=6, series_per_metric=cap
    )
    at_once, one_by_one = Metrics(limits), Metrics(limits)
    tallies = Tallies(at_once.store)
    for turn in range(12):
        some = crowd(chance, networks, chance.choice((2, 50)))
        names = chance.choices(("scan", "echo", "flood"), k=len(some.ports))
        packets = chance.choices((1, 1, 1, 5, 30), k=len(some.ports))
        tallies.rejected(some, NOW)
        tallies.attributed(some, names, packets, NOW)
        for at in range(len(some.ports)):
            one_by_one.rejected(some.packet(at), NOW)
        for at, (name, count) in enumerate(zip(names, packets, strict=True)):
            packet = rejection(source=some.networks[some.sources[at]], count=count)
            cause = Cause(name=name, verdict="benign", confidence=0.5)
            decided = decision(packet, attribution=Attribution(), cause=cause)
            one_by_one.attributed(decided, None, NOW)
        if turn == 8:
            for metrics in (at_once, one_by_one):
                metrics.store.retire(NOW + 8 * 86400)
        assert state(at_once) == state(one_by_one)
