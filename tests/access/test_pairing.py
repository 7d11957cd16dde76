"""Codes are good once, for ten minutes, and not to be guessed."""

import pytest

from exporter.access.pairing import (
    LENGTH,
    LIFETIME,
    MAX_OPEN,
    TRIES,
    Codes,
    TooManyTriesError,
    written,
)

NOW = 1_795_000_000.0


def test_a_code_is_good_once():
    codes = Codes()
    code = codes.make(NOW)
    assert codes.redeem(code, NOW + 1)
    assert not codes.redeem(code, NOW + 2)


def test_it_may_be_written_as_people_write():
    for typed in (str, str.lower, written, lambda code: f" {code[:4]} {code[4:]}\n"):
        codes = Codes()
        assert codes.redeem(typed(codes.make(NOW)), NOW)
    assert written("ABCDEFGH") == "ABCD-EFGH"


def test_it_lives_for_ten_minutes():
    codes = Codes()
    early, late = codes.make(NOW), codes.make(NOW + 1)
    assert not codes.redeem(early, NOW + LIFETIME + 0.5)
    assert codes.redeem(late, NOW + LIFETIME + 0.5)


def test_a_clock_that_is_set_back_lets_none_live_longer():
    codes = Codes()
    code = codes.make(NOW)
    assert not codes.redeem(code, NOW - 1.0)


def test_codes_differ_and_hold_no_letter_that_looks_like_another():
    codes = Codes()
    made = {codes.make(NOW) for _ in range(500)}
    assert len(made) == 500
    assert {len(code) for code in made} == {LENGTH}
    assert not set("".join(made)) & set("01OIL")


@pytest.mark.parametrize("given", ["", "-", "AAAAAAAA", "ABC", "ÄÄÄÄÄÄÄÄ", "A" * 10_000])
def test_what_is_no_code_is_refused(given):
    codes = Codes()
    codes.make(NOW)
    assert not codes.redeem(given, NOW)


def test_only_a_few_wrong_ones_are_tried_and_then_nobodys():
    codes = Codes()
    code = codes.make(NOW)
    for _ in range(int(TRIES)):
        assert not codes.redeem("AAAAAAAA", NOW)
    with pytest.raises(TooManyTriesError):
        codes.redeem("AAAAAAAA", NOW)
    with pytest.raises(TooManyTriesError):
        codes.redeem(code, NOW)
    assert codes.redeem(code, NOW + 6.1)  # one more each six seconds


def test_good_ones_cost_no_try():
    codes = Codes()
    for _ in range(3 * int(TRIES)):
        assert codes.redeem(codes.make(NOW), NOW)


def test_of_too_many_codes_the_oldest_is_given_up():
    codes = Codes()
    made = [codes.make(NOW) for _ in range(MAX_OPEN + 1)]
    assert not codes.redeem(made[0], NOW)
    assert all(codes.redeem(code, NOW) for code in made[1:])
