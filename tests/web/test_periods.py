from exporter.web.periods import HOUR, OVERVIEW, PERIODS, chosen


def test_the_hour_is_what_is_meant_unless_it_is_said():
    for name in (None, "", "year", "HOUR"):
        assert chosen(name) is HOUR
    assert chosen("day").seconds == 86_400
    assert chosen("week", OVERVIEW) is HOUR


def test_every_bar_is_whole_minutes():
    for period in PERIODS.values():
        assert period.seconds / period.bars % 60 == 0
