import pytest

from exporter.hosts.listeners import HISTORY
from exporter.inventory import presences as module
from exporter.inventory.presences import Presences

NOW = 1_790_000_000.0
IP = "192.168.1.23"
INTERVAL = 15.0


class Home:
    """What devices reported, in seconds after `NOW`."""

    def __init__(self, excluded=None):
        self.presences = Presences(excluded or {})

    def says(self, at, device, *places, interval=INTERVAL):
        taken = NOW + at
        self.presences.report(device, places, taken, taken + 3 * interval, interval)
        return self

    def claims(self, at, place=IP, given=None):
        moment = None if given is None else NOW + given
        return [p.device for p in self.presences.claims(place, NOW + at, moment)]


def test_an_address_handed_over_within_a_minute_is_never_the_wrong_ones():
    home = Home().says(0, "a", IP).says(15, "a").says(30, "b", IP)
    assert home.claims(14.9) == ["a"]
    assert home.claims(15) == ["b"]  # it may have it since its report before
    assert home.claims(31) == ["b"]


def test_between_two_reports_both_may_have_it():
    home = Home().says(0, "a", IP).says(20, "b", IP).says(25, "a")
    assert home.claims(4) == ["a"]
    assert sorted(home.claims(10)) == ["a", "b"]
    assert home.claims(25) == ["b"]


def test_who_fell_silent_has_it_no_longer_once_another_reports_it():
    home = Home().says(0, "a", IP)
    assert home.claims(3600) == ["a"]
    home.says(600, "b", IP)
    assert home.claims(300) == ["a"]
    assert home.claims(601) == ["b"]


def test_a_slow_reporter_takes_over_as_well():
    home = Home().says(0, "a", IP).says(600, "b", IP, interval=3600)
    assert home.claims(601) == ["b"]


def test_while_the_silent_ones_report_counts_both_claim_it():
    home = Home().says(0, "a", IP).says(40, "b", IP)
    assert sorted(home.claims(44)) == ["a", "b"]
    assert home.claims(46) == ["b"]


def test_two_that_go_on_reporting_it_both_claim_it_though_one_sleeps():
    """An address that every host of a kind has: a bridge of containers."""
    home = Home()
    for at in range(0, 600, 15):
        home.says(at, "a", IP).says(at + 7, "b", IP)
    home.says(600, "b", IP)
    assert sorted(home.claims(3600)) == ["a", "b"]


def test_whoever_was_last_seen_before_it_was_given_to_another_does_not_count():
    home = Home().says(0, "a", IP)
    assert home.claims(30) == ["a"]
    assert home.claims(30, given=20) == []
    assert home.says(30, "a", IP).claims(31, given=20) == ["a"]


def test_a_clock_that_is_set_back_changes_no_owner():
    home = Home().says(0, "a", IP).says(10, "b", "192.168.1.9").says(30, "b", IP).says(30, "a")
    home.says(45, "b", IP).says(45, "a", "192.168.1.9")
    for at in (-3600, -3585, -3570):
        home.says(at, "b", IP).says(at, "a", "192.168.1.9")
    assert home.claims(-3570) == ["b"]
    assert home.claims(-3570, "192.168.1.9") == ["a"]


def test_excluded_places_are_not_taken_from_reports():
    home = Home({"a": frozenset({IP})}).says(0, "A", IP, "192.168.1.9").says(0, "b", IP)
    assert home.claims(0) == ["b"]
    assert home.claims(0, "192.168.1.9") == ["A"]


def test_ipv6_addresses_that_change_all_day_are_bounded(monkeypatch):
    monkeypatch.setattr(module, "MAX_FORMER", 20)
    home = Home()
    for hour in range(100):
        home.says(600 * hour, "pc", f"2001:db8::{hour:x}", f"2001:db8::1:{hour:x}")
    presences = home.presences
    assert len(presences._past) == len(presences._former["pc"]) == 20
    assert home.claims(600 * 98, "2001:db8::62") == ["pc"]
    assert home.claims(600, "2001:db8::1") == []


def test_former_holders_of_one_address_are_bounded():
    home = Home()
    for number in range(50):
        home.says(60 * number, f"pc-{number}", IP).says(60 * number + 20, f"pc-{number}")
    assert len(home.presences._past[IP]) == module.MAX_PAST
    home.presences.forget_old(NOW + 60 * 50 + HISTORY + 60)
    assert (home.presences._past, home.presences._former) == ({}, {})


@pytest.mark.parametrize("gone", [False, True])
def test_a_new_name_takes_everything_along(gone):
    home = Home().says(0, "old", IP, "192.168.1.9").says(60, "old", IP)
    if gone:
        home.says(75, "old")
    home.presences.rename("old", "new")
    assert home.claims(59) == ["new"]
    assert home.claims(30, "192.168.1.9") == ["new"]
    assert home.presences.name("old") is None
    home.says(90, "new", IP)
    assert home.claims(91) == ["new"]


def test_what_is_erased_was_never_there():
    home = Home().says(0, "a", IP).says(30, "a", "192.168.1.9")
    home.presences.erase("a")
    assert home.claims(10) == home.claims(31, "192.168.1.9") == []
    assert not any((home.presences._past, home.presences._present, home.presences._former))


def test_a_name_that_another_had_before_leaves_nothing_behind():
    home = Home().says(0, "new", IP, "192.168.1.9").says(15, "new")
    home.presences.forget("new")
    home.says(20, "old", "192.168.1.8").says(40, "old")
    home.presences.rename("old", "new")
    assert home.claims(10) == home.claims(30, "192.168.1.8") == ["new"]
    home.presences.forget_old(NOW + HISTORY + 60)
    assert (home.presences._past, home.presences._former) == ({}, {})


def test_what_two_of_one_name_had_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MAX_FORMER", 3)
    home = Home()
    for name, first in (("new", 0), ("old", 10)):
        home.says(first, name, *(f"192.168.{first}.{n}" for n in (1, 2, 3))).says(first + 5, name)
    home.presences.rename("old", "new")
    assert len(home.presences._former["new"]) == 3
    assert home.claims(1, "192.168.0.1") == []
    assert home.claims(11, "192.168.10.1") == ["new"]
