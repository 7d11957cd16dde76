"""The lines that we write are those of the library that everybody else uses."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from exporter.metrics.formats import Family, Sample, encode
from exporter.metrics.series import Declaration, Series

ACCEPTED = ("", "application/openmetrics-text; version=1.0.0")
COUNTER = Declaration(
    "knocks_total", "counter", 'What "knocks"\nhere \\ there.', ("to", "by", "at")
)
GAUGE = Declaration("open", "gauge", "What is open.", ("door",))
PLAIN = Declaration("waiting", "gauge", "What waits.", ())


def since(created: float) -> str:
    """When a series was created, as it is written."""
    return Series(0.0, created, created).since


NUMBERS = st.floats(allow_nan=False).map(abs) | st.integers(-(2**70), 2**70).map(float)  # no -0.0
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


class Library(Collector):
    def __init__(self, families: list[Family], *, created: bool) -> None:
        self._families = families
        self._created = created

    def collect(self) -> Iterator[Metric]:
        for (name, kind, meaning, names), samples in self._families:
            counter = CounterMetricFamily(name, meaning, labels=names)
            gauge = GaugeMetricFamily(name, meaning, labels=names)
            for labels, value, since in samples:
                born = float(since) if self._created and since is not None else None
                counter.add_metric(labels, value, created=born)
                gauge.add_metric(labels, value)
            yield counter if kind == "counter" else gauge


def by_the_library(families: list[Family], accept: str) -> tuple[bytes, str]:
    encoder, kind = choose_encoder(accept)
    created = kind.startswith("application/openmetrics-text")
    return encoder(Library(families, created=created)), kind


@pytest.mark.parametrize("accept", ACCEPTED)
@given(
    st.lists(st.tuples(st.tuples(TEXTS, TEXTS, TEXTS), NUMBERS, st.none() | NUMBERS.map(since))),
    st.lists(st.tuples(st.tuples(TEXTS), NUMBERS, st.none())),
    st.lists(st.tuples(st.just(()), NUMBERS, st.none()), max_size=1),
)
def test_bodies_are_those_of_the_library(accept, knocks, doors, waiting):
    families = [Family(COUNTER, knocks), Family(GAUGE, doors), Family(PLAIN, waiting)]
    assert encode(families, accept) == by_the_library(families, accept)


@pytest.mark.thorough
@pytest.mark.parametrize("accept", ACCEPTED)
def test_long_families_are_whole_and_in_order(accept):
    samples: list[Sample] = [((f"{n}", "", "x"), n / 7, since(1.7e9 + n)) for n in range(4321)]
    families = [Family(COUNTER, samples), Family(GAUGE, [])]
    assert encode(families, accept) == by_the_library(families, accept)


@pytest.mark.parametrize("accept", ACCEPTED)
def test_the_librarys_own_collectors_come_last(accept):
    more = Library([Family(PLAIN, [((), 3.0, None)])], created=False)
    families = [Family(GAUGE, [(("front",), 1.0, None)])]
    expected = by_the_library([*families, Family(PLAIN, [((), 3.0, None)])], accept)
    assert encode(families, accept, [more]) == expected
