from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.metrics.budget import OTHER
from exporter.metrics.series import CREATED_BEFORE, IDLE, Declaration, Series, SeriesStore
from tests.rejections import NOW

KNOCKS = Declaration("knocks", "counter", "Knocks.", ("router", "transport", "port"))
EVENTS = Declaration("events", "counter", "Events.", ("router",))
OVERFLOW = Declaration("overflow", "counter", "Folded.", ("metric", "label"))
FIRST = Declaration("first", "gauge", "First.", ("router",))
VALUES = st.integers(0, 30).map(str) | st.sampled_from(["", OTHER])
ADDS = st.lists(
    st.tuples(VALUES, st.sampled_from(["", "udp", "tcp", "xyz", "99"]), VALUES, st.integers(1, 99)),
    max_size=150,
)


def store(cap: int = 1000, **budgets: int) -> SeriesStore:
    sizes = {"router": 10, "port": 20} | budgets
    return SeriesStore((KNOCKS, EVENTS, FIRST, OVERFLOW), sizes, cap, OVERFLOW)


def values(series: SeriesStore, metric: Declaration = KNOCKS) -> dict[tuple[str, ...], float]:
    return {labels: one.value for labels, one in series.series[metric.name].items()}


def full_of_ports(now: float) -> SeriesStore:
    """Return a store whose port budget is used up and pressed; two of its ports are heavy."""
    series = store()
    for port in [*range(18), "late"]:
        for _ in range(20):
            series.add(KNOCKS, ("gate", "udp", str(port)), 50, now)
    return series


def shown(series: SeriesStore) -> dict[tuple[str, tuple[str, ...]], Series]:
    return {(n, labels): one for n, of in series.series.items() for labels, one in of.items()}


@given(ADDS, st.integers(1, 12), st.integers(2, 12), st.integers(2, 12))
def test_any_sequence_of_packets_is_conserved(adds, cap, routers, ports):
    series = store(cap, router=routers, port=ports)
    for router, transport, port, amount in adds:
        series.add(KNOCKS, (router, transport, port), amount, NOW)
    assert sum(values(series).values()) == sum(amount for *_, amount in adds)


@given(ADDS)
def test_overflow_counts_exactly_what_was_folded(adds):
    series, expected = store(router=4, port=4), Counter[tuple[str, ...]]()
    for *labels, amount in adds:
        before = values(series)
        series.add(KNOCKS, tuple(labels), amount, NOW)
        [counted] = [key for key, value in values(series).items() if value != before.get(key)]
        for label, given_, found in zip(KNOCKS.labels, labels, counted, strict=True):
            if given_ != found:
                expected["knocks", label] += amount
    assert values(series, OVERFLOW) == expected


def test_overflow_names_the_metric_and_the_label():
    series = store()
    series.add(KNOCKS, ("gate", "shim6", "1"), 7, NOW)
    for port in range(12):
        series.add(KNOCKS, ("gate", "udp", str(port)), 1, NOW)
    assert values(series, OVERFLOW) == {("knocks", "transport"): 7, ("knocks", "port"): 2}
    assert values(series)["gate", OTHER, "1"] == 7
    assert values(series)["gate", "udp", OTHER] == 2


def test_what_was_other_before_is_no_overflow():
    series = store()
    series.add(KNOCKS, (OTHER, "udp", OTHER), 3, NOW)
    assert not values(series, OVERFLOW)


def test_the_cap_bounds_products_of_labels():
    series = store(cap=50, router=1000, port=1000)
    for router in range(100):
        for port in range(40):
            series.add(KNOCKS, (f"r{router}", "udp" if port % 2 else "tcp", str(port)), 1, NOW)
    assert sum(values(series).values()) == 4000
    folded = [labels for labels in values(series) if labels[0] == OTHER]
    assert set(folded) == {(OTHER, "udp", OTHER), (OTHER, "tcp", OTHER)}
    assert len(values(series)) == 50 + len(folded)
    assert values(series, OVERFLOW) == {("knocks", "series"): 4000 - 50}


def test_a_full_metric_folds_nothing_that_is_empty():
    series = store(cap=1)
    series.add(KNOCKS, ("gate", "udp", "1"), 1, NOW)
    series.add(KNOCKS, ("gate", "icmp", ""), 2, NOW)
    assert values(series)[OTHER, "icmp", ""] == 2


@pytest.mark.thorough
def test_a_hundred_thousand_made_up_values_do_not_grow_the_store():
    series = store(cap=1000, router=500, port=500)
    for number in range(100_000):
        series.add(KNOCKS, (f"r{number}", f"t{number}", str(number)), 1, NOW)
    assert sum(values(series).values()) == 100_000
    assert len(shown(series)) <= 1000 + len(values(series, OVERFLOW))
    assert len(values(series, OVERFLOW)) <= 4


def test_a_series_is_born_with_its_first_packet():
    series = store()
    series.add(EVENTS, ("gate",), 5, NOW)
    series.add(EVENTS, ("gate",), 2, NOW + 60)
    [one] = series.series["events"].values()
    assert (one.value, one.created, one.used) == (7, NOW, NOW + 60)


def test_a_first_value_stays():
    series = store()
    series.set(FIRST, ("gate",), NOW, NOW)
    series.set(FIRST, ("gate",), NOW + 60, NOW + 60)
    assert values(series, FIRST) == {("gate",): NOW}


def test_idle_series_stay_while_nobody_needs_their_place():
    series = store()
    for port in range(18):
        series.add(KNOCKS, ("gate", "udp", str(port)), 1000, NOW)
    before = shown(series)
    series.retire(NOW + 10 * IDLE)
    assert shown(series) == before
    assert not series.removed


def test_under_pressure_only_values_idle_for_a_week_are_retired():
    series = full_of_ports(NOW)
    series.add(KNOCKS, ("gate", "udp", "3"), 1, NOW + IDLE)
    series.add(EVENTS, ("gate",), 1, NOW)
    kept = {key: one for key, one in shown(series).items() if key[1][-1] in ("3", OTHER, "gate")}
    series.retire(NOW + IDLE)
    assert not series.removed
    series.retire(NOW + IDLE + 1)
    assert {labels[2] for labels in values(series)} == {"3", OTHER}
    assert set(series.removed) == {
        ("knocks", ("gate", "udp", str(port))) for port in range(18) if port != 3
    }
    for key, one in kept.items():
        assert shown(series)[key] is one


def test_a_clock_that_was_set_back_for_a_while_makes_nobody_idle():
    series = full_of_ports(NOW)
    series.add(KNOCKS, ("gate", "udp", "3"), 1, NOW - 30 * IDLE)
    series.count(KNOCKS, ("gate", "udp", "5"), 1, NOW - 30 * IDLE)
    series.retire(NOW + 60)
    assert not series.removed


def test_a_clock_that_jumps_makes_nobody_idle_until_a_week_has_passed():
    series = full_of_ports(NOW)
    series.retire(NOW + 60)
    series.retire(later := NOW + 30 * 86_400)
    series.add(KNOCKS, ("gate", "udp", "3"), 1, later)
    assert not series.removed
    series.retire(NOW + 120)  # it was a mistake
    assert not series.removed
    for day in range(8):
        series.add(KNOCKS, ("gate", "udp", "5"), 1, NOW + 180 + day * 86_399)
        series.retire(NOW + 180 + day * 86_399)
    assert {labels[2] for labels in values(series)} == {"3", "5", OTHER}


def test_a_retired_series_comes_back_at_its_first_packet_with_a_new_created_time():
    series = full_of_ports(NOW)
    later = NOW + IDLE + 1
    series.retire(later)
    series.add(KNOCKS, ("gate", "udp", "5"), 2, later)
    one = series.series["knocks"]["gate", "udp", "5"]
    assert (one.value, one.created, one.saved, one.shown) == (2, later, None, False)


def test_a_series_that_comes_back_during_a_commit_is_not_taken_for_the_former():
    series = store()
    series.add(EVENTS, ("gate",), 2, NOW)
    changes = series.changes()
    del series.series["events"]["gate",]  # as `retire` does
    series.add(EVENTS, ("gate",), 2, NOW + 1)
    series.saved(changes, [])
    assert set(series.changes()) == {("events", ("gate",))}


def test_series_begun_anew_do_not_seem_older_than_that():
    series = store()
    series.begin_anew(NOW)
    for number, second in enumerate((0.0, 4.0, CREATED_BEFORE, 60.0, -3600.0)):
        series.add(EVENTS, (str(number),), 1, NOW + second)
    born = [one.created - CREATED_BEFORE - NOW for one in series.series["events"].values()]
    assert born == [0.0, 0.0, 0.0, 50.0, -3600.0 - CREATED_BEFORE]  # the clock was set back


def test_a_full_metric_retires_its_idle_series():
    series = store(cap=4, port=100)
    for port in range(4):
        series.add(KNOCKS, ("gate", "udp", str(port)), 1, NOW)
    series.add(KNOCKS, ("gate", "udp", "2"), 1, NOW + IDLE)
    series.add(KNOCKS, ("gate", "udp", "99"), 1, NOW + IDLE)
    series.retire(NOW + IDLE + 1)
    series.add(KNOCKS, ("gate", "udp", "99"), 1, NOW + IDLE + 1)
    assert {labels[2]: value for labels, value in values(series).items()} == {
        "2": 2,
        OTHER: 1,
        "99": 1,
    }
    assert len(series.removed) == 3


def test_values_that_always_have_a_place_are_never_retired():
    series = store()
    series.place("port", "always")
    series.add(KNOCKS, ("gate", "udp", "always"), 4, NOW)
    for port in [*range(30)] * 20:
        series.add(KNOCKS, ("gate", "udp", str(port)), 50, NOW)
    assert len(values(series)) == 18 + 1
    series.retire(NOW + IDLE + 1)
    assert set(values(series)) == {("gate", "udp", "always"), ("gate", "udp", OTHER)}
    assert values(series)["gate", "udp", "always"] == 4
    assert series.placed("port", "always")


def test_changes_are_what_was_not_stored_yet():
    series = store()
    series.add(EVENTS, ("gate",), 1, NOW)
    changes = series.changes()
    assert changes == {("events", ("gate",)): (1, NOW, NOW)}
    series.add(EVENTS, ("gate",), 1, NOW)  # while the file is written
    assert changes["events", ("gate",)] == (1, NOW, NOW)
    series.saved(changes, [])
    assert series.changes() == {("events", ("gate",)): (2, NOW, NOW)}
    series.saved(series.changes(), [])
    assert not series.changes()


def test_series_that_retire_during_a_commit_are_removed_by_the_next_one():
    series = full_of_ports(NOW)
    series.retire(NOW + IDLE + 1)
    first = list(series.removed)
    series.removed.append(("events", ("gate",)))
    series.saved({}, first)
    assert series.removed == [("events", ("gate",))]


def test_restored_series_go_on_where_they_were():
    series = store()
    old = Series(41.0, NOW - 500, NOW - 60, saved=41.0)
    series.restore("knocks", ("gate", "udp", "51413"), old)
    assert not series.changes()
    series.add(KNOCKS, ("gate", "udp", "51413"), 1, NOW)
    one = series.series["knocks"]["gate", "udp", "51413"]
    assert (one.value, one.created, one.used) == (42, NOW - 500, NOW)
    assert set(series.values("port")) == {"51413"}
    assert set(series.values("router")) == {"gate"}


def test_a_restored_series_is_not_shown_as_newborn():
    series = store()
    series.restore("events", ("gate",), Series(41.0, NOW, NOW, saved=41.0))
    assert series.series["events"][("gate",)].shown


def test_other_and_empty_values_of_the_state_file_take_no_place():
    series = store()
    series.restore("knocks", (OTHER, "udp", ""), Series(1.0, NOW, NOW, saved=1.0))
    assert not set(series.values("port"))
    assert not set(series.values("router"))


def test_metrics_that_are_not_known_any_more_are_dropped():
    series = store()
    series.restore("gone", ("gate",), Series(1.0, NOW, NOW))
    series.restore("events", ("gate", "one label too many"), Series(1.0, NOW, NOW))
    assert not shown(series)


def test_reserve_says_whether_a_value_has_its_place():
    series = store(port=2)
    assert series.reserve("port", "")
    assert [series.reserve("port", value) for value in "abc"] == [True, True, False]
    assert series.placed("port", "a")
    assert not series.placed("port", "c")
