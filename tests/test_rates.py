from hypothesis import given
from hypothesis import strategies as st

from exporter.rates import Rates

NOW = 1_795_000_000.0


def test_a_burst_passes_and_then_so_much_a_second():
    rates = Rates(10.0, 30.0, 5)
    assert rates.take("a", NOW, 50) == 30
    assert rates.take("a", NOW, 50) == 0
    assert rates.take("a", NOW + 1.56, 50) == 15
    assert rates.take("a", NOW + 1.625, 50) == 1  # what was left of a half is not lost
    assert rates.take("a", NOW + 3600, 50) == 30


def test_each_has_a_bucket_of_its_own():
    rates = Rates(10.0, 30.0, 5)
    assert rates.take("a", NOW, 30) == 30
    assert rates.take("b", NOW, 30) == 30


def test_those_heard_longest_ago_are_forgotten():
    rates = Rates(10.0, 3.0, 2)
    for key in ("a", "b", "a", "c"):
        rates.take(key, NOW)
    assert len(rates._left) == 2
    assert rates.take("a", NOW, 9) == 1  # it was heard after b
    for number in range(10_000):
        rates.take(number, NOW)
    assert len(rates._left) == 2


def test_a_clock_that_is_set_back_gives_nothing_and_takes_nothing():
    rates = Rates(10.0, 30.0, 5)
    assert rates.take("a", NOW, 20) == 20
    assert rates.take("a", NOW - 3600, 20) == 10
    assert rates.take("a", NOW - 3599, 20) == 10


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 100)), max_size=50))
def test_no_more_passes_than_the_burst_and_the_time_allow(asked):
    rates, now, passed = Rates(7.0, 20.0, 5), NOW, 0
    for seconds, wanted in asked:
        now += seconds
        taken = rates.take("a", now, wanted)
        assert 0 <= taken <= wanted
        passed += taken
    assert passed <= 20.0 + 7.0 * (now - NOW) + 1e-6
