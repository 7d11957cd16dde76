import msgspec
import pytest

from exporter.fleet import changelog
from exporter.fleet.pseudonyms import Pseudonyms
from exporter.fleet.records import Lines
from exporter.fleet.shard import NOBODYS, Shard
from exporter.metrics import Limits
from exporter.metrics.declared import ATTRIBUTED, DROPPED, MESSAGES, REJECTED, REPORTS
from exporter.settings import Config, Fleet
from tests.fleet.topic import NOW, Topic, line, state, total, values

YEAR = 366 * 86_400.0


def test_each_site_has_its_own_counters():
    topic = Topic()
    topic.lines("kyoto", line(), line())
    topic.lines("tokyo", line())
    shard = topic.read()
    assert sum(values(shard, "kyoto", REJECTED).values()) == 2
    assert sum(values(shard, "tokyo", REJECTED).values()) == 1
    assert shard.position == 2


def test_a_device_of_one_site_is_never_named_at_another():
    topic = Topic()
    topic.report("kyoto", "PC", 51413)
    topic.lines("kyoto", line(), at=NOW + 1)
    topic.lines("tokyo", line(), at=NOW + 1)
    shard = topic.read()
    shard.tick(NOW + 200, caught_up=True)
    assert {labels[4] for labels in values(shard, "kyoto", ATTRIBUTED)} == {"PC"}
    assert {labels[4] for labels in values(shard, "tokyo", ATTRIBUTED)} == {""}


def test_what_is_stored_comes_back_at_another_worker():
    topic = Topic()
    topic.report("kyoto", "PC", 51413)
    topic.lines("kyoto", line(), line("198.51.100.8"), at=NOW + 1)
    topic.lines("tokyo", line(), at=NOW + 2)
    before = state(topic.read())
    assert state(topic.move()) == before


def test_a_move_in_the_middle_comes_to_the_same():
    def play(moves: bool) -> Shard:
        topic = Topic()
        topic.report("kyoto", "PC", 51413)
        for second in range(1, 60, 7):
            topic.lines("kyoto", line(f"198.51.100.{second}"), at=NOW + second)
            topic.read()
            if moves:
                topic.move()
        topic.report("kyoto", "PC", 51413, at=NOW + 61)
        topic.read()
        topic.shard.tick(NOW + 400, caught_up=True)
        return topic.shard

    stayed, moved = play(False), play(True)
    assert values(moved, "kyoto", ATTRIBUTED) == values(stayed, "kyoto", ATTRIBUTED)
    assert {labels[4] for labels in values(moved, "kyoto", ATTRIBUTED)} == {"PC"}
    assert total(moved, ATTRIBUTED) == total(moved, REJECTED) == 9


def test_what_was_not_committed_is_counted_again_and_once():
    topic = Topic()
    topic.lines("kyoto", line())
    topic.read()
    topic.lines("kyoto", line(), line())
    topic.read(commit=False)
    shard = topic.move()
    assert total(shard, REJECTED) == 1
    topic.read()
    assert total(shard, REJECTED) == 3


def test_an_aborted_transaction_costs_nothing():
    topic = Topic()
    topic.lines("kyoto", line())
    topic.read(commit=False)
    topic.shard.changes(NOW)  # and the broker says no
    topic.lines("tokyo", line())
    topic.read()
    assert total(topic.move(), REJECTED) == 2


def test_what_comes_while_a_transaction_is_under_way_is_stored_with_the_next():
    topic = Topic()
    topic.lines("kyoto", line())
    topic.read(commit=False)
    rows = topic.shard.changes(NOW)
    topic.lines("kyoto", line())
    topic.read(commit=False)
    topic.shard.saved()
    topic.changelog += rows
    assert total(topic.move(), REJECTED) == 1
    topic.read()
    assert total(topic.move(), REJECTED) == 2


def test_the_changelog_holds_what_changed_alone():
    topic = Topic()
    topic.lines("kyoto", line())
    topic.lines("tokyo", line())
    topic.read()
    topic.lines("kyoto", line())
    topic.read(commit=False)
    labels = {msgspec.msgpack.decode(key)[1] for key, _ in topic.shard.changes(NOW)[:-1]}
    assert labels == {"kyoto"}


def test_sockets_are_known_after_a_move():
    topic = Topic()
    topic.report("kyoto", "PC", 51413)
    topic.read()
    shard = topic.move()
    reports = values(shard, "kyoto", REPORTS)
    topic.lines("kyoto", line(), at=NOW + 5)
    topic.read()
    shard.tick(NOW + 200, caught_up=True)
    assert {labels[4] for labels in values(shard, "kyoto", ATTRIBUTED)} == {"PC"}
    assert values(shard, "kyoto", REPORTS) == reports == {("accepted",): 1.0}


def test_what_a_relay_sends_again_counts_once():
    topic = Topic()
    topic.lines("kyoto", line(), sequence=7)
    topic.lines("kyoto", line(), line(), sequence=7)
    topic.lines("kyoto", line(), sequence=6)
    topic.lines("kyoto", line(), sequence=8)
    topic.lines("kyoto", line(), session="b2", sequence=1)
    shard = topic.read()
    assert total(shard, REJECTED) == 3
    assert values(shard, NOBODYS, DROPPED) == {("kafka", "duplicate"): 3}
    topic.lines("kyoto", line(), sequence=8)
    topic.move()
    assert total(topic.read(), REJECTED) == 3


def test_a_region_counts_its_sites_together_and_bears_no_router():
    topic = Topic()
    topic.lines("home-1", line(), region="east")
    topic.lines("home-2", line(), line(), region="east")
    shard = topic.read()
    [(labels, count)] = values(shard, "east", REJECTED).items()
    assert labels[0] == ""
    assert count == 3
    assert {labels[0] for labels in values(shard, "east", MESSAGES)} == {""}
    assert set(shard.metrics) == {NOBODYS, "east"}


def test_a_site_that_moves_to_a_region_is_counted_there_from_then_on():
    topic = Topic()
    topic.lines("home-1", line())
    topic.lines("home-1", line(), region="east")
    shard = topic.read()
    assert sum(values(shard, "home-1", REJECTED).values()) == 1
    assert sum(values(shard, "east", REJECTED).values()) == 1
    assert state(topic.move()) == state(shard)


def test_devices_of_a_region_are_shown_under_pseudonyms():
    topic = Topic(pseudonyms=Pseudonyms(b"key"))
    for home in ("home-1", "home-2"):
        topic.report(home, "PC", 51413, region="east")
        topic.lines(home, line(), at=NOW + 1, region="east")
    shard = topic.read()
    shard.tick(NOW + 200, caught_up=True)
    names = {labels[4] for labels in values(shard, "east", ATTRIBUTED)}
    assert len(names) == 2
    assert all(name.startswith("device-") for name in names)


def test_nothing_is_decided_before_the_reports_of_a_late_relay_are_read():
    topic = Topic()
    topic.report("kyoto", "PC", 1000, late=3600)
    topic.lines("kyoto", line(), at=NOW + 1, late=3600)
    topic.read()
    topic.shard.tick(NOW + 3605, caught_up=True)
    assert not values(topic.shard, "kyoto", ATTRIBUTED)
    topic.report("kyoto", "PC", 51413, at=NOW + 10, late=3600)
    topic.read()
    assert {labels[4] for labels in values(topic.shard, "kyoto", ATTRIBUTED)} == {"PC"}


def test_what_waits_for_a_relay_that_is_gone_is_decided_all_the_same():
    topic = Topic()
    topic.report("kyoto", "PC", 1000, late=3600)
    topic.lines("kyoto", line(), at=NOW + 1, late=3600)
    topic.read()
    topic.shard.tick(NOW + 3600 + 300, caught_up=True)
    assert total(topic.shard, ATTRIBUTED) == 1


def test_behind_the_end_of_the_partition_it_is_the_time_of_its_last_record():
    topic = Topic()
    topic.report("kyoto", "PC", 1000)
    topic.lines("kyoto", line(), at=NOW + 1)
    topic.read()
    topic.shard.tick(NOW + 7200, caught_up=False)
    assert not values(topic.shard, "kyoto", ATTRIBUTED)
    topic.shard.tick(NOW + 7200, caught_up=True)
    assert total(topic.shard, ATTRIBUTED) == 1


@pytest.mark.parametrize("caught_up", [False, True])
def test_who_takes_over_goes_on_at_the_time_of_the_last_record(caught_up):
    topic = Topic()
    topic.report("kyoto", "PC", 51413)
    topic.lines("kyoto", line(), line("198.51.100.9", 1000), at=NOW + 1)
    topic.read()
    topic.lines("kyoto", line(), at=NOW + 2)  # is still to be read
    shard = topic.move()
    shard.tick(NOW + 2, caught_up=caught_up)
    assert shard.appended == NOW + 1
    assert total(shard, ATTRIBUTED) == 1  # the other waits for the next report
    series = shard.metrics["kyoto"].store.series.values()
    assert all(one.used >= one.created >= NOW for known in series for one in known.values())


def test_full_counters_lose_nothing_after_a_move():
    topic = Topic(Config(fleet=Fleet(budgets=Limits(series_per_metric=2))))
    topic.report("kyoto", "PC", 51413)
    topic.lines("kyoto", line(), line("198.51.100.9", 1000), line("198.51.100.8", 2000), at=NOW + 1)
    topic.read()
    shard = topic.move()
    shard.tick(NOW + 3, caught_up=False)
    shard.tick(NOW + 120, caught_up=True)  # places that are not used any more are taken
    shard.tick(NOW + 240, caught_up=True)
    assert total(shard, REJECTED) == total(shard, ATTRIBUTED) == 3


def test_a_shard_that_was_never_fed_has_no_time():
    topic = Topic()
    topic.shard.tick(NOW, caught_up=False)
    assert topic.shard.changes(NOW) == []


def test_a_relay_whose_clock_is_years_behind_does_not_decide_the_time():
    topic = Topic()
    topic.lines("kyoto", line(), at=NOW - 10 * YEAR, late=10 * YEAR)
    shard = topic.read()
    [series] = shard.metrics["kyoto"].store.series[REJECTED.name].values()
    assert series.created == NOW


def test_a_relay_whose_clock_is_ahead_does_not_decide_the_time():
    topic = Topic()
    topic.write(
        "kyoto",
        Lines(
            session="a",
            sequence=1,
            region="",
            received=NOW + 10**6,
            listener="udp",
            sender="192.168.1.1",
            messages=[line()],
        ),
        NOW,
    )
    shard = topic.read()
    [series] = shard.metrics["kyoto"].store.series[REJECTED.name].values()
    assert series.created == NOW


def test_a_changelog_of_a_newer_version_is_refused():
    newer = msgspec.msgpack.encode((changelog.VERSION + 1, 5))
    with pytest.raises(changelog.ChangelogError, match="newer version"):
        Topic().shard.restore([(changelog.position(5)[0], newer)], NOW)


def test_a_part_that_is_damaged_costs_that_part_alone():
    topic = Topic()
    topic.lines("kyoto", line())
    topic.lines("tokyo", line())
    topic.read()
    topic.changelog += [
        changelog.part("kyoto", "waiting", b"\xff"),
        changelog.part("tokyo", "site", b"\xff"),
    ]
    shard = topic.move()
    assert total(shard, REJECTED) == 2
    assert set(shard.sites) == {"kyoto"}
