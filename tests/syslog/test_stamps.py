import time
from datetime import UTC, datetime
from time import localtime, mktime, strftime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.syslog import stamps
from exporter.syslog.stamps import DAY, at_start


def local(*moment: int) -> float:
    year, month, day, hour, minute, second = (*moment, 0, 0, 0)[:6]
    return mktime((year, month, day, hour, minute, second, 0, 0, -1))


NOW = local(2026, 11, 10, 12)


@pytest.mark.parametrize(
    ("text", "time", "end"),
    [
        ("Nov 10 23:04:06", local(2026, 11, 10, 23, 4, 6), 15),
        ("Nov  9 23:04:06 host", local(2026, 11, 9, 23, 4, 6), 15),
        ("Nov 9 23:04:06 host", local(2026, 11, 9, 23, 4, 6), 14),
        ("Nov 10 2025 23:04:06 host", local(2025, 11, 10, 23, 4, 6), 20),
        ("Nov 10 23:04:06 2025 host", local(2025, 11, 10, 23, 4, 6), 20),
        ("Nov 10 23:04:06 2001:db8::1 tag:", local(2026, 11, 10, 23, 4, 6), 15),
        ("Nov 10 23:04:06 192.0.2.1 tag:", local(2026, 11, 10, 23, 4, 6), 15),
        ("Nov 10 23:04:06.250 host", local(2026, 11, 10, 23, 4, 6) + 0.25, 19),
        ("Nov 10 23:04:06: text", local(2026, 11, 10, 23, 4, 6), 16),
        ("Tue Nov 10 23:04:06 2026 kern.warn", local(2026, 11, 10, 23, 4, 6), 24),
        ("Tue Nov 10 23:04:06 netifd:", local(2026, 11, 10, 23, 4, 6), 19),
        ("Jan  1 1970 00:00:00 host", local(1970, 1, 1), 20),
        ("2026-11-10 23:04:06 host", local(2026, 11, 10, 23, 4, 6), 19),
        ("2026-11-10T23:04:06,5 host", local(2026, 11, 10, 23, 4, 6) + 0.5, 21),
        ("2026/11/10 23:04:06: text", local(2026, 11, 10, 23, 4, 6), 20),
        ("2026/11/10 23:04:06\tFIREWALL", local(2026, 11, 10, 23, 4, 6), 19),
        ("Nov 10 23:04:06\tFIREWALL", local(2026, 11, 10, 23, 4, 6), 15),
        ("11/23/2026 04:00:00 UDP", local(2026, 11, 23, 4), 19),
        ("1/2/26 4:00:00 UDP", local(2026, 1, 2, 4), 14),
        ("23.11.2026 04:00:00 UDP", local(2026, 11, 23, 4), 19),
        ("23.11.26 04:00:00 UDP", local(2026, 11, 23, 4), 17),
        ("23/11/2026 04:00:00 UDP", None, 19),
    ],
)
def test_stamps_without_a_zone_are_local_time(text, time, end):
    stamp = at_start(text, NOW)
    assert stamp is not None
    assert (stamp.time, stamp.end) == (time, end)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-10T14:04:06Z",
        "2026-11-10T23:04:06+09:00",
        "2026-11-10 09:04:06-0500",
        "2026-11-10t14:04:06z",
        "2026-11-10T23:04:06+09",
        "2026-11-10 23:04:06 +0900",
        "2026-11-10 23:04:06 JST",
        "Nov 10 23:04:06 JST",
        "Nov 10 15:04:06 CET:",
        "Nov 10 2026 23:04:06+09:00",
        "Nov 10 2026 14:04:06 UTC:",
        "Tue Nov 10 23:04:06 JST 2026",
        "2026 Nov 10 14:04:06 UTC:",
    ],
)
def test_a_zone_is_obeyed(text):
    stamp = at_start(text + " host", NOW)
    assert stamp is not None
    assert stamp.end == len(text)
    assert stamp.time == datetime(2026, 11, 10, 14, 4, 6, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "Nov 10 23:04:06 CST",
        "2026-11-10 23:04:06 IST",
        "Nov 10 2026 23:04:06+09:00 DST",
        "2026 Nov 10 23:04:06",
        "11-10-2026 23:04:06",
        "11/10/2026\t23:04:06",
    ],
)
def test_what_could_be_several_zones_is_the_collectors(text):
    stamp = at_start(text + " host", NOW)
    assert stamp is not None
    assert (stamp.time, stamp.end) == (local(2026, 11, 10, 23, 4, 6), len(text))


@pytest.mark.parametrize(
    ("text", "now", "year"),
    [
        ("Dec 31 23:59:59", (2026, 1, 3), 2025),
        ("Jan  1 00:00:01", (2026, 12, 31), 2027),  # the router's clock is ahead
        ("Jun 30 00:00:00", (2026, 1, 3), 2026),
        ("Jul  9 00:00:00", (2026, 1, 3), 2025),
        ("Feb 29 12:00:00", (2026, 1, 3), 2024),
        ("Feb 29 12:00:00", (2027, 1, 3), 2028),
        ("Feb 29 12:00:00", (2100, 3, 1), 2096),
    ],
)
def test_a_missing_year_is_the_one_closest_to_the_arrival(text, now, year):
    stamp = at_start(text, local(*now))
    assert stamp is not None
    assert stamp.time is not None
    assert localtime(stamp.time).tm_year == year


@pytest.mark.parametrize(
    "text",
    [
        "Feb 30 00:00:00",
        "Nov 10 24:00:00",
        "Nov 10 23:60:00",
        "2026-13-01 00:00:00",
        "Nov 10 0001 00:00:00",
    ],
)
def test_a_moment_that_never_was_is_a_stamp_without_a_time(text):
    stamp = at_start(text + " host", NOW)
    assert stamp is not None
    assert (stamp.time, stamp.end) == (None, len(text))


@pytest.mark.parametrize(
    "text",
    ["", "Nov", "November 10", "Nov 10 23:04", "Nov 10 23:04:061", "may 10 23:04:06", "10:20:30 x"],
)
def test_anything_else_is_no_stamp(text):
    assert at_start(text, NOW) is None


@given(st.integers(10**8, 4 * 10**9))  # 1973 to 2096
def test_a_stamp_of_now_reads_as_now(now):
    stamp = at_start(strftime("%b %e %H:%M:%S host", localtime(now)), now)
    assert stamp is not None
    assert stamp.time is not None
    assert abs(stamp.time - now) <= DAY / 12  # the hour that the end of summer time repeats


@given(st.text())
def test_any_text_is_a_stamp_or_not(text):
    for start in ("", "Nov ", "2026-", "Tue Nov 10 "):
        at_start(start + text, NOW)


@pytest.fixture
def berlin(monkeypatch):
    """Summer time ends on 2026-10-25 at 3:00, and begins on 2026-03-29 at 2:00."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    for cached in (stamps._named, stamps._numbers, stamps._iso):
        cached.cache_clear()
    yield
    monkeypatch.undo()
    time.tzset()
    for cached in (stamps._named, stamps._numbers, stamps._iso):
        cached.cache_clear()


FORMS = ("Oct 25 02:30:00", "2026-10-25 02:30:00", "10/25/2026 02:30:00", "25.10.26 02:30:00")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("half_past_two", [(0, 30), (1, 30)])
def test_the_hour_that_comes_twice_is_the_one_of_the_arrival(berlin, form, half_past_two):
    moment = datetime(2026, 10, 25, *half_past_two, tzinfo=UTC).timestamp()
    assert at_start(form, moment + 2).time == moment


@pytest.mark.parametrize("hours", range(-4, 8))
def test_no_line_is_late_when_summer_time_ends_or_begins(berlin, hours):
    for change in (datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC)):
        moment = change.timestamp() + 1800 * hours
        printed = strftime("%b %e %H:%M:%S", localtime(moment))
        assert at_start(printed, moment).time == moment


def test_an_hour_that_summer_time_skips_has_one_time(berlin):
    assert at_start("Mar 29 02:30:00", NOW).time is not None
    assert at_start("2026-03-29 02:30:00", NOW).time is not None
