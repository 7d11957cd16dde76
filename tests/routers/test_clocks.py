import pytest

from exporter.routers.clocks import STEADY, Clock

NOW = 1_800_000_000.0


def heard(clock: Clock, *messages: tuple[float, float]) -> Clock:
    """Let it hear messages, each by its arrival and its stamp, in seconds from NOW."""
    for received, stamp in messages:
        clock.heard(NOW + received, NOW + stamp)
    return clock


def test_the_first_stamp_tells_the_offset():
    assert heard(Clock(), (0, 3600)).offset == 3600


def test_a_message_that_comes_late_lags_behind_the_clock():
    clock = heard(Clock(), (0, 7), (60, -33))
    assert (clock.offset, clock.lag) == (7, 100)


def test_a_spool_that_is_sent_after_an_hour_lags_until_it_is_empty():
    clock = heard(Clock(offset=0.0), (3600, 0))
    lags = []
    for second in range(60):
        heard(clock, (3600 + second, 61.0 * second))
        lags.append(clock.lag)
    assert lags[0] == 3600
    assert lags == sorted(lags, reverse=True)
    assert lags[-1] <= 60
    assert heard(clock, (3660, 3660)).lag == 0


def test_a_clock_that_is_set_back_is_believed_after_a_while():
    clock = heard(Clock(), (0, 0), (60, -3540))
    assert (clock.offset, clock.lag) == (0, 3600)
    heard(clock, *((60 + n, n - 3540) for n in range(1, int(STEADY) + 1)))
    assert (clock.offset, clock.lag) == (-3600, 0)


def test_a_clock_that_is_set_forward_never_lags():
    clock = Clock()
    for second in range(0, 1200, 10):
        heard(clock, (second, second + (3600 if second >= 300 else 0)))
        assert clock.lag == 0
    assert clock.offset == 3600


def test_one_forged_stamp_makes_nothing_late():
    clock = heard(Clock(), (0, 0), (1, 100_000), (2, 2))
    assert (clock.offset, clock.lag) == (0, 0)


def test_small_delays_are_no_lag_to_speak_of():
    clock = heard(Clock(), *((n, n - (2 if n % 3 else 0)) for n in range(1000)))
    assert clock.lag <= 2
    assert abs(clock.offset or 0) <= 2


def test_a_clock_that_drifts_is_followed():
    clock = heard(Clock(), *((60.0 * n, 60.0 * n - 0.1 * n) for n in range(1000)))
    assert clock.offset is not None
    assert abs(clock.offset + 99.9) <= 1
    assert clock.lag <= 1


def test_our_own_clock_that_is_set_back_starts_the_wait_anew():
    clock = heard(Clock(), (1000, 1000), (0, 1000))
    assert (clock.offset, clock.lag) == (0, 0)


def test_what_came_late_happened_when_its_stamp_says():
    clock = Clock(offset=0.0)
    clock.heard(NOW, NOW - 3600)
    assert clock.happened(NOW) == NOW - 3600


@pytest.mark.parametrize("late", [0.0, 29.0, 8 * 86400.0, 50 * 365 * 86400.0])
def test_a_breath_or_a_clock_that_was_never_set_is_no_lateness(late):
    clock = Clock(offset=0.0)
    clock.heard(NOW, NOW - late)
    assert clock.happened(NOW) == NOW
