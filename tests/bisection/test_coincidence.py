import pytest

from exporter.bisection.attendance import ABSENT, MINUTES, PRESENT, UNKNOWN
from exporter.bisection.coincidence import CAP, judge
from tests.household import LISTENED, NOBODYS, guilty_days, innocent_days

pytestmark = pytest.mark.thorough

OFF = range(1200, 1212)  # minutes of the day


def states(off=(), base=PRESENT, other=ABSENT):
    return bytes(other if minute in off else base for minute in range(MINUTES))


def rain(dry=(), rate=38):
    return [0 if minute in dry else rate for minute in range(MINUTES)]


def judged(packets, devices, listened=LISTENED):
    return judge(packets, listened, devices)


def only(packets, devices, listened=LISTENED):
    """The devices that are suspected."""
    return [lead.device for lead in judged(packets, devices, listened).leads if lead.is_suspect]


HOME = {f"other-{n}": states() for n in range(7)}


def test_what_stops_when_a_device_is_switched_off_and_comes_back_with_it_is_its():
    found = judged(rain(OFF), HOME | {"nas": states(OFF)})
    best = found.leads[0]
    assert (best.device, best.followed, best.changes) == ("nas", 2, 2)
    assert 0.5 < best.confidence <= CAP < 0.85
    assert only(rain(OFF), HOME | {"nas": states(OFF)}) == ["nas"]


def test_what_goes_on_without_a_device_is_not_its():
    found = judged(rain(), HOME | {"nas": states(OFF)})
    assert found.leads[-1].device == "nas"
    assert found.leads[-1].score < 0
    assert only(rain(), HOME | {"nas": states(OFF)}) == []


def test_one_change_is_not_enough():
    late = range(1200, MINUTES)
    assert only(rain(late), HOME | {"nas": states(late)}) == []
    assert judged(rain(late), HOME | {"nas": states(late)}).leads[0].device == "nas"


def test_one_change_is_not_enough_however_few_could_be_asked():
    late = range(1200, MINUTES)
    best = judged(rain(late), {"nas": states(late)}).leads[0]
    assert (best.followed, best.confidence > 0.3, best.is_suspect) == (1, True, False)


def test_a_radio_that_sleeps_for_a_minute_says_nothing():
    naps = states(range(0, MINUTES, 4))
    assert judged(rain(), HOME | {"phone": naps}).leads[-1].changes == 0


def test_two_that_go_together_are_both_suspected_and_neither_is_sure():
    pair = {"lamp": states(OFF), "nas": states(OFF)}
    assert only(rain(OFF), HOME | pair) == ["lamp", "nas"]
    assert judged(rain(OFF), HOME | pair).leads[0].confidence < 0.5


def test_when_most_of_the_home_goes_at_once_nobody_can_be_told():
    everybody = {name: states(OFF) for name in HOME}
    assert only(rain(OFF), everybody | {"nas": states()}) == []
    assert {lead.changes for lead in judged(rain(OFF), everybody).leads} == {0}


def test_packets_of_the_night_say_nothing_about_who_is_at_home_by_day():
    day = range(480, 1080)
    packets = [5 if minute in day else 40 for minute in range(MINUTES)]
    away = {"phone": states(range(470, 1095))}  # not at the same minute
    assert only(packets, HOME | away) == []


def test_floods_that_come_by_themselves_accuse_nobody():
    """One that starts with a device and ends with it is a coincidence among many others."""
    often = [minute for minute in range(MINUTES) if minute // 20 % 2]
    packets = rain(often)
    one = {"tv": states([m for m in range(MINUTES) if not 400 <= m < 420])}
    assert packets[400:420] == [38] * 20
    assert only(packets, HOME | one) == []


def test_what_nobody_heard_is_not_silence():
    deaf = bytes(0 if minute in OFF else 1 for minute in range(MINUTES))
    found = judged(rain(OFF), HOME | {"nas": states(OFF)}, deaf)
    assert found.leads[0].changes == 0
    assert found.trials == []


def test_what_is_unknown_in_between_is_no_change():
    unknown = states(OFF, other=UNKNOWN)
    assert judged(rain(OFF), HOME | {"nas": unknown}).leads[0].changes == 0


def test_slow_packets_take_longer_to_tell():
    assert judged(rain(), HOME).window == 5
    assert judged([minute % 2 for minute in range(MINUTES)], HOME).window == 45
    slow = [0 if minute in range(1000, 1060) else minute % 2 for minute in range(MINUTES)]
    best = judged(slow, HOME | {"nas": states(range(1000, 1060))}).leads[0]
    assert (best.device, best.followed, best.is_suspect) == ("nas", 2, False)


def test_without_devices_or_packets_there_is_nothing_to_say():
    assert judged(rain(), {}).leads == []
    silent = judged([0] * MINUTES, {"nas": states(OFF)})
    assert (silent.leads[0].changes, silent.trials) == (0, [])


@pytest.mark.parametrize(
    ("off", "dry", "told"),
    [
        (range(1428, 1440), range(1428, 1440), (11, 0, False, True, True)),
        (range(1437, 1440), range(1437, 1440), (2, 0, False, False, True)),
        (range(1428, 1440), (), (11, 418, False, True, False)),
        (range(1410, 1422), range(1410, 1422), (10, 0, True, True, True)),
    ],
)
def test_what_happened_when_it_was_switched_off_is_told(off, dry, told):
    [trial] = judged(rain(dry), HOME | {"nas": states(off)}).trials
    seen = (trial.minutes, trial.packets, trial.is_over, trial.enough, trial.stopped)
    assert (trial.device, trial.before, seen) == ("nas", 38.0, told)


@pytest.mark.parametrize(
    ("packets", "off"),
    [
        (rain(range(1440)), range(1428, 1440)),  # it did not rain
        (rain(), range(1436, 1438)),  # a radio slept
        (rain(), range(1000, 1100)),  # that was long ago
    ],
)
def test_what_was_no_trial_is_not_told(packets, off):
    assert judged(packets, HOME | {"nas": states(off)}).trials == []


@pytest.mark.parametrize("gap", [ABSENT, UNKNOWN])
def test_a_trial_that_was_not_seen_whole_is_not_told(gap):
    """We did not run for a while, or do not know for how long it was off."""
    off = bytearray(states(range(1410, 1440)))
    off[1420:1425] = bytes([gap]) * 5
    listened = bytearray(LISTENED)
    if gap == ABSENT:
        listened[1420:1425] = bytes(5)
    assert judged(rain(), HOME | {"nas": bytes(off)}, bytes(listened)).trials == []


def test_newer_trials_come_first():
    two = {"tv": states(range(1400, 1440)), "nas": states(range(1420, 1440))}
    assert [trial.device for trial in judged(rain(), HOME | two).trials] == ["nas", "tv"]


@pytest.mark.parametrize("kind", NOBODYS)
def test_a_household_is_not_accused_of_what_nobody_caused(kind):
    assert innocent_days(kind, 150) <= 1


def test_looking_all_day_accuses_hardly_more():
    assert innocent_days("floods", 25, hours=range(2, 25)) <= 1


def test_a_guilty_device_is_mostly_found_and_another_never_named():
    results = guilty_days(150)
    assert results["alone"] >= 90
    assert results["wrong"] == 0
    assert results["among others"] <= 3
