"""Which heartbeats may be passed on: a full report of the last five minutes is what they mean."""

import pytest

from exporter.fleet.heartbeats import FULL_EVERY, Heartbeats
from exporter.host_report import HostReport
from exporter.hosts.machines import SAME_REPORT, Conflict

NOW = 1_700_000_000.0


def full(device="PC", age=0.0):
    return HostReport(version=1, device=device, age_seconds=age)


def unchanged(since, device="PC", age=0.0):
    return HostReport(version=1, device=device, unchanged_since=since, age_seconds=age)


def test_a_full_report_may_always_pass():
    Heartbeats().check("osaka", full(), NOW)


def test_a_heartbeat_needs_the_full_report_that_it_means():
    known = Heartbeats()
    with pytest.raises(Conflict, match="send a full one"):
        known.check("osaka", unchanged(15.0), NOW)
    known.passed("osaka", full(), NOW)
    known.check("osaka", unchanged(15.0, device="pc"), NOW + 15)
    known.check("osaka", unchanged(15.0 + SAME_REPORT), NOW + 15)
    for refused in (unchanged(26.0), unchanged(0.0), unchanged(15.0, device="NAS")):
        with pytest.raises(Conflict):
            known.check("osaka", refused, NOW + 15)
    with pytest.raises(Conflict):
        known.check("tokyo", unchanged(15.0), NOW + 15)


def test_after_five_minutes_a_full_report_is_asked_for():
    known = Heartbeats()
    known.passed("osaka", full(), NOW)
    known.passed("osaka", unchanged(FULL_EVERY - 1), NOW + FULL_EVERY - 1)  # changes nothing
    known.check("osaka", unchanged(FULL_EVERY), NOW + FULL_EVERY)
    with pytest.raises(Conflict):
        known.check("osaka", unchanged(FULL_EVERY + 1), NOW + FULL_EVERY + 1)


def test_a_report_that_arrives_late_is_not_what_heartbeats_mean():
    known = Heartbeats()
    known.passed("osaka", full(), NOW)
    known.passed("osaka", full(age=600.0), NOW + 5)
    known.check("osaka", unchanged(10.0), NOW + 10)


def test_after_the_clock_was_set_back_a_new_report_counts():
    known = Heartbeats()
    known.passed("osaka", full(), NOW)
    with pytest.raises(Conflict):
        known.check("osaka", unchanged(15.0), NOW - 3600)
    known.passed("osaka", full(), NOW - 3600)
    known.check("osaka", unchanged(15.0), NOW - 3585)


def test_only_so_many_devices_are_remembered():
    known = Heartbeats(most=2)
    for device in ("A", "B", "C"):
        known.passed("osaka", full(device), NOW)
    known.check("osaka", unchanged(1.0, device="B"), NOW + 1)
    with pytest.raises(Conflict):
        known.check("osaka", unchanged(1.0, device="A"), NOW + 1)
