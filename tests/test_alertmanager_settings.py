"""What start.sh makes of its environment: the night, the week's summary, and clear words."""

import pytest

from tests.system.parts.alertmanager import configured
from tests.test_alertmanager_files import configuration


@pytest.mark.parametrize(
    ("night", "ranges"),
    [
        ("22:00-07:00", [("22:00", "24:00"), ("00:00", "07:00")]),
        ("00:00-06:30", [("00:00", "06:30")]),
        ("23:15-00:00", [("23:15", "24:00")]),
        ("00:00-24:00", [("00:00", "24:00")]),
    ],
)
def test_the_night_may_cross_midnight(tmp_path, night, ranges):
    config = configuration(tmp_path, {}, KNOCKWATCH_NIGHT=night, TZ="Asia/Tokyo")
    [interval] = config["time_intervals"][0]["time_intervals"]
    assert [(one["start_time"], one["end_time"]) for one in interval["times"]] == ranges
    assert interval["location"] == "Asia/Tokyo"


def interval_of(config, name):
    """Return the ranges of the night or the digest."""
    found = {each["name"]: each["time_intervals"] for each in config["time_intervals"]}
    return found[name]


@pytest.mark.parametrize(
    ("zone", "location"), [("Asia/Tokyo", "Asia/Tokyo"), ("Etc/UTC", "UTC"), ("Local", "Local")]
)
def test_the_night_is_quiet_once_it_is_known_where_the_home_is(tmp_path, zone, location):
    config = configuration(tmp_path, {}, KNOCKWATCH_NIGHT="", TZ=zone)
    [night] = interval_of(config, "night")
    assert night["location"] == location
    assert {"start_time": "22:00", "end_time": "24:00"} in night["times"]


def test_without_a_time_zone_no_day_is_taken_for_a_night(tmp_path):
    config = configuration(tmp_path, {}, KNOCKWATCH_NIGHT="", TZ="")
    assert interval_of(config, "night") == []
    assert interval_of(config, "digest")[0]["location"] == "UTC"


def test_night_and_digest_can_be_off(tmp_path):
    config = configuration(tmp_path, {}, KNOCKWATCH_NIGHT="off", KNOCKWATCH_DIGEST="off")
    assert [each["time_intervals"] for each in config["time_intervals"]] == [[], []]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KNOCKWATCH_NIGHT", "22-7"),
        ("KNOCKWATCH_NIGHT", "22:00-22:00"),
        ("KNOCKWATCH_DIGEST", "sunday"),
        ("KNOCKWATCH_DIGEST", "sunday 9-10"),
        ("KNOCKWATCH_GROUP_WAIT", "15"),
        ("KNOCKWATCH_LANGUAGE", "de"),
        ("KNOCKWATCH_LANGUAGE", "message"),
        ("TZ", "Asia/Tokio"),
    ],
)
def test_a_wrong_setting_is_named_and_fatal(tmp_path, name, value):
    done = configured(tmp_path, {}, **{name: value})
    assert done.returncode == 1
    assert name in done.stderr
