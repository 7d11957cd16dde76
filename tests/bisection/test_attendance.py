import pytest

from exporter.bisection import attendance as module
from exporter.bisection.attendance import (
    ABSENT,
    AWAY,
    DAY,
    MINUTES,
    PRESENT,
    SHORT,
    UNKNOWN,
    Attendance,
)

PHONE = "00:00:5e:00:53:02"
NOW = 1_790_000_040.0  # a minute begins
END = int(NOW // 60)


def last(attendance, minutes, name=PHONE, elsewhere=()):
    """The states of the last minutes before NOW."""
    return list(attendance.minutes(name, END, frozenset(elsewhere))[-minutes:])


def ago(minutes):
    return NOW - 60.0 * minutes


def test_nothing_is_known_before_the_first_sign():
    attendance = Attendance()
    attendance.joined(PHONE, "attic", ago(2))
    assert last(attendance, 4) == [UNKNOWN, UNKNOWN, PRESENT, PRESENT]
    assert len(attendance.minutes(PHONE, END)) == MINUTES


def test_a_station_is_there_from_its_join_to_its_leave():
    attendance = Attendance()
    attendance.joined(PHONE, "attic", ago(5))
    attendance.left(PHONE, "attic", ago(2))
    assert last(attendance, 5) == [PRESENT, PRESENT, PRESENT, ABSENT, ABSENT]


def test_a_leave_of_the_access_point_before_says_nothing_about_a_station_that_roamed():
    attendance = Attendance()
    attendance.joined(PHONE, "attic", ago(3))
    attendance.joined(PHONE, "cellar", ago(2))
    attendance.left(PHONE, "attic", ago(1))
    assert last(attendance, 3) == [PRESENT] * 3


def test_on_an_access_point_that_leads_elsewhere_it_is_away():
    attendance = Attendance()
    attendance.joined(PHONE, "attic", ago(3))
    attendance.joined(PHONE, "cellar", ago(1))
    assert last(attendance, 3, elsewhere=["attic"]) == [AWAY, AWAY, PRESENT]


def test_an_agent_that_fell_silent_went_with_its_last_report():
    attendance = Attendance()
    for minute in (9, 8, 7):
        attendance.reported("PC", ago(minute), ago(minute) + 150.0)
    assert last(attendance, 9, "PC") == [PRESENT, PRESENT, *[ABSENT] * 7]
    attendance.reported("PC", ago(1), NOW)
    assert last(attendance, 9, "PC") == [PRESENT, PRESENT, *[ABSENT] * 6, PRESENT]


def test_a_lease_shows_who_came_back_and_never_who_went():
    attendance = Attendance()
    attendance.sighted(PHONE, ago(9), 240.0, returns=True)
    assert last(attendance, 9) == [UNKNOWN] * 9  # it counted for four minutes, and nobody knows
    attendance.left(PHONE, "attic", ago(4))
    attendance.sighted(PHONE, ago(2), 240.0, returns=True)
    assert last(attendance, 5) == [UNKNOWN, ABSENT, ABSENT, PRESENT, PRESENT]


def test_a_neighbour_table_does_not_bring_back_who_left():
    attendance = Attendance()
    attendance.left(PHONE, "attic", ago(3))
    attendance.sighted(PHONE, ago(2), 3600.0, returns=False)
    assert last(attendance, 3) == [ABSENT] * 3


def test_a_sighting_does_not_end_a_join():
    attendance = Attendance()
    attendance.joined(PHONE, "attic", ago(9))
    attendance.sighted(PHONE, ago(8), 60.0, returns=True)
    assert last(attendance, 9) == [PRESENT] * 9


def test_what_comes_late_says_nothing_any_more():
    attendance = Attendance()
    attendance.left(PHONE, "attic", ago(2))
    attendance.joined(PHONE, "attic", ago(3))
    assert last(attendance, 3) == [UNKNOWN, ABSENT, ABSENT]


def test_changes_and_timelines_are_bounded(monkeypatch):
    monkeypatch.setattr(module, "MAX_CHANGES", 4)
    monkeypatch.setattr(module, "MAX_TIMELINES", 2)
    attendance = Attendance()
    for second in range(50):
        attendance.joined(PHONE, "attic", NOW - 100 + 2 * second)
        attendance.left(PHONE, "attic", NOW - 99 + 2 * second)
    assert len(attendance.all()[PHONE].changes) == 4
    attendance.joined("00:00:5e:00:53:03", "attic", NOW)
    attendance.joined("00:00:5e:00:53:04", "attic", NOW)
    assert PHONE not in attendance.known(NOW)
    assert len(attendance.known(NOW)) == 2


def test_what_changed_more_than_a_day_ago_is_one_state():
    attendance = Attendance()
    for hour in range(4):
        attendance.joined(PHONE, "attic", NOW - 2 * DAY + 60 * hour)
        attendance.left(PHONE, "attic", NOW - 2 * DAY + 60 * hour + 30)
    attendance.joined(PHONE, "attic", ago(1))
    assert [change.state for change in attendance.all()[PHONE].changes] == [ABSENT, PRESENT]
    assert last(attendance, 2) == [ABSENT, PRESENT]


def test_what_is_forgotten_is_gone_whatever_its_case():
    attendance = Attendance()
    attendance.reported("Anna-PC", ago(1), NOW)
    assert attendance.forget(["ANNA-pc", "nobody"]) == 1
    assert attendance.known(NOW) == {}


@pytest.mark.parametrize(
    ("pause", "after"), [(SHORT - 60, [PRESENT, PRESENT]), (SHORT + 60, [UNKNOWN, UNKNOWN])]
)
def test_after_a_long_pause_nobody_knows_who_is_there(pause, after):
    attendance, again = Attendance(), Attendance()
    attendance.joined(PHONE, "attic", NOW - 7200)
    again.restore(attendance.all(), NOW - pause, NOW)
    assert last(again, 2) == after
    assert again.minutes(PHONE, END)[-100] == PRESENT  # of the time before it is still known


def test_a_timeline_of_a_time_to_come_is_not_taken_back():
    attendance, again = Attendance(), Attendance()
    attendance.joined(PHONE, "attic", NOW + 3600)
    again.restore(attendance.all(), NOW, NOW)
    assert again.known(NOW) == {}
