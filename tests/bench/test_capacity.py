import pytest

from tests.bench.capacity import Assumed, Measured, needs, table

OF = Measured(
    line_core=60.0,
    site_core=0.0,
    series_core=0.0,
    relay_core=12.0,
    broker_core=6.0,
    rules_core=1.5e-6,
    line_bytes=50.0,
    changelog_bytes=100.0,
    site_series=100.0,
    region_series=3000.0,
    subscriber_series=5.0,
    site_memory=200.0,
    larger_records=0.5,
)
FLEET = Assumed(sites=100_000, lines=10.0, load=0.6, regions=100, core_hour=0.05)


def test_a_million_lines_a_second_take_what_a_million_lines_cost():
    found = needs(OF, FLEET, "by region")
    assert found.lines == 1_000_000
    assert (found.workers, found.relays) == (100, 20)
    assert found.broker_cores == 30  # three copies


def test_sites_and_scrapes_take_workers_too():
    idle = OF._replace(line_core=0.0)
    ticking = needs(idle._replace(site_core=6e-6), FLEET, "by site")  # 0.6 of a core
    assert ticking.workers == 1
    shown = needs(idle._replace(series_core=9e-6), FLEET, "by site")  # 10 million, each 30 s
    assert shown.workers == 5


def test_each_worker_has_two_partitions_and_no_shard_more_sites_than_it_may():
    assert needs(OF, FLEET, "by region").partitions == 200
    quiet = FLEET._replace(lines=0.1)
    found = needs(OF, quiet, "by region")
    assert (found.workers, found.partitions) == (1, 20)


def test_rules_over_all_series_may_take_half_of_their_interval():
    assert needs(OF, FLEET, "by site").prometheus == 2  # 15 seconds for 10 million series


def test_a_day_is_kept_as_often_as_there_are_copies_and_days():
    found = needs(OF, FLEET._replace(copies=3, retention=2.0), "by region")
    assert found.topic_day == pytest.approx(1e6 * 50 * 86_400 / 1e9)
    assert found.kafka_disk == pytest.approx(6 * found.topic_day)
    assert found.changelog_day == pytest.approx(100_000 * 100 * 86_400 / 1e9)


def test_series_are_those_of_sites_or_of_regions():
    assert needs(OF, FLEET, "by site").series == 10_000_000
    gathered = needs(OF, FLEET, "by region, each in one partition").series
    assert gathered == 500_000 + 100 * 3000


def test_a_region_has_series_in_each_partition_that_has_a_site_of_it():
    few = OF._replace(line_core=3.0)  # 10 partitions would do, but for the sites of each
    assert needs(few, FLEET, "by region").series == pytest.approx(500_000 + 100 * 20 * 3000)
    alone = FLEET._replace(sites=100, regions=100)  # each region is one site
    assert needs(OF, alone, "by region").series == pytest.approx(100 * (5 + 100))


def test_twice_the_sites_cost_twice_as_much():
    once, twice = (
        needs(OF, FLEET._replace(sites=sites, regions=sites // 1000), "by site")
        for sites in (100_000, 200_000)
    )
    for part, dollars in once.cost.items():
        assert twice.cost[part] == pytest.approx(2 * dollars, rel=0.01)


def test_the_dearest_part_is_named_first():
    found = needs(OF, FLEET, "by site")
    assert found.cost[found.first] == max(found.cost.values())


def test_the_page_says_how_many_workers_larger_records_would_save():
    text = table(OF, FLEET).markdown()
    assert "| workers, of one core each | 100 | 100 | 100 |" in text
    assert "50 workers do instead of 100" in text
