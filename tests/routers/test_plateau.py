import math
import random

import pytest

from exporter.routers.plateau import WINDOW, Plateau

HOUR = 3600


def poisson(chance: random.Random, mean: float) -> int:
    """Return how many strangers knock in a minute (Knuth's method)."""
    count, product = 0, chance.random()
    while product > math.exp(-mean):
        count, product = count + 1, product * chance.random()
    return count


def token_bucket(seconds: list[float], per_minute: float, burst: int) -> list[float]:
    """Return the knocks that netfilter's `limit` lets through to the log."""
    passed, tokens, last = [], float(burst), 0.0
    for at in seconds:
        tokens = min(burst, tokens + (at - last) * per_minute / 60)
        last = at
        if tokens >= 1:
            tokens -= 1
            passed.append(at)
    return passed


def knocks(seed: int, mean: float) -> list[float]:
    """Return the seconds of two hours at which strangers knock."""
    chance = random.Random(seed)
    return sorted(
        60 * minute + 60 * chance.random()
        for minute in range(120)
        for _ in range(poisson(chance, mean))
    )


def ever_limited(seconds: list[float], sources: int = 1000) -> bool:
    """Tell whether those lines look limited at the end of any minute."""
    plateau, pending = Plateau(), list(seconds)
    for minute in range(1, 121):
        while pending and pending[0] < 60 * minute:
            at = pending.pop(0)
            plateau.add(f"192.0.2.{int(at * 1000) % sources}", at)
        if plateau.limited(60.0 * minute):
            return True
    return False


def test_a_log_that_ufw_limits_is_recognised_however_much_is_knocking():
    for seed, mean in enumerate((6, 20, 100, 400)):
        assert ever_limited(token_bucket(knocks(seed, mean), per_minute=3, burst=10)), mean


def test_a_limit_of_another_size_is_recognised():
    assert ever_limited(token_bucket(knocks(1, 300), per_minute=60, burst=5))


@pytest.mark.thorough
def test_strangers_who_come_by_chance_are_no_limit():
    for seed in range(40):
        assert not ever_limited(knocks(seed, mean=(2, 3, 10, 60)[seed % 4])), seed


def test_a_device_that_calls_every_twenty_seconds_is_no_limit():
    assert not ever_limited([20.0 * n for n in range(360)], sources=1)


def test_a_silent_router_is_not_limited_and_one_that_falls_silent_no_longer():
    plateau = Plateau()
    assert not plateau.limited(HOUR)
    for line in token_bucket(knocks(1, 100), per_minute=3, burst=10):
        plateau.add(f"192.0.2.{int(line) % 200}", line)
    assert plateau.limited(2 * HOUR)
    assert not plateau.limited(2 * HOUR + 60 * WINDOW)


def test_a_clock_that_is_set_back_begins_anew():
    plateau = Plateau()
    for line in token_bucket(knocks(1, 100), per_minute=3, burst=10):
        plateau.add(f"192.0.2.{int(line) % 200}", line)
    assert not plateau.limited(HOUR)
