"""Moments as people write them: with a zone, or on the clock of that home."""

import time
from datetime import UTC, datetime

import pytest

from exporter.web.moments import AROUND, around, moment
from exporter.web.refusals import Refusal

MOMENT = datetime(2026, 11, 24, 3, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def in_zone(monkeypatch):
    def put(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield put
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T03:12Z",
        "2026-11-24T03:12:00Z",
        "2026-11-24 03:12:00+00:00",
        "2026-11-24T12:12+09:00",
        "2026-11-24T12:12 09:00",  # a + that nobody encoded
        "2026-11-24T12:12 0900",
        " 20261124T031200Z ",
        f"{MOMENT:.0f}",
        f"{MOMENT:.1f}",
    ],
)
def test_a_moment_with_a_zone_is_that_moment_everywhere(text, in_zone):
    for zone in ("UTC", "Asia/Tokyo"):
        in_zone(zone)
        assert moment(text) == MOMENT


def test_a_moment_without_a_zone_is_on_the_clock_of_the_home(in_zone):
    in_zone("Asia/Tokyo")
    assert moment("2026-11-24T12:12") == MOMENT
    in_zone("Europe/Berlin")
    assert moment("2026-11-24T04:12:00") == MOMENT
    assert moment("2026-07-24T05:12") == datetime(2026, 7, 24, 3, 12, tzinfo=UTC).timestamp()


def test_an_hour_that_the_clock_shows_twice_is_the_first_and_one_it_leaves_out_is_read(in_zone):
    in_zone("Europe/Berlin")
    assert moment("2026-10-25T02:30") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()
    assert moment("2026-03-29T02:30") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "yesterday", "03:12", "2026-11-24", "20261124", "2026-13-24T03:12"),
        *("2026-11-24T25:12", "nan", "-1", "1e9", "9" * 12, "9" * 40, "2026-11-24T03:12Zulu"),
        *("1969-12-31T00:00Z", "9999-12-31T23:59:59", "9999-12-30T00:00Z", "2026-11-24T03:1２"),
    ],
)
def test_what_is_no_moment_is_refused_and_shown(text):
    with pytest.raises(Refusal) as refused:
        moment(text)
    assert refused.value.status == 400
    assert refused.value.values["moment"] == text[:40]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("", AROUND), (" ", AROUND), ("600", 600), ("90s", 90), ("10m", 600), ("1h", 3600)),
        *(("1 H", 3600), ("1d", 86_400), ("86400", 86_400), ("600.0", 600)),
    ],
)
def test_a_width_is_seconds_or_has_a_unit(text, seconds):
    assert around(text) == seconds


@pytest.mark.parametrize(
    "text", ["0", "-5", "x", "2d", "86401", "10 weeks", "1.5h", "٣m", "9" * 30]
)
def test_what_is_no_width_is_refused(text):
    with pytest.raises(Refusal) as refused:
        around(text)
    assert refused.value.key == "refused.around"
