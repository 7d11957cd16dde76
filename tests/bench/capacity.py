"""What a fleet needs, on paper: from figures that were measured, and from what is assumed.

A pure function of both. Workers and relays are counted by cores, since each is one process that
uses one; what is bought is what is needed at the usual load, not at the worst.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from tests.bench.tables import Table

DAY, MONTH_HOURS = 86_400, 730.0
Counted = Literal["by site", "by region", "by region, each in one partition"]
WAYS: tuple[Counted, ...] = ("by site", "by region", "by region, each in one partition")


class Measured(NamedTuple):
    """What things cost: seconds of a core, bytes, series."""

    line_core: float  # of a worker, for a million lines, in records of ten, with reports
    site_core: float  # of a worker, for a site and second besides
    series_core: float  # of a worker, for a series in a scrape
    relay_core: float  # for a million lines
    broker_core: float  # for a million lines, written and read, one copy
    rules_core: float  # of Prometheus, for a series in all rules
    line_bytes: float  # of the topic's files, reports included
    changelog_bytes: float  # a site and second
    site_series: float  # of a site that is counted by itself
    region_series: float  # of a region in a shard that has many sites of it
    subscriber_series: float  # of a router whose site is counted under a region
    site_memory: float  # kB of a worker
    larger_records: float  # cost of a line in records of 50, by that of one in records of 10


class Assumed(NamedTuple):
    """The fleet and the prices; dollars."""

    sites: int = 100_000
    lines: float = 10.0  # a second, of each
    regions: int = 200
    load: float = 0.6  # of a core, in the usual hour
    copies: int = 3  # of everything in Kafka
    retention: float = 2.0  # days, of the topic
    scrape: float = 30.0  # seconds
    rules: float = 15.0  # seconds between evaluations, of which half may be used
    sample_bytes: float = 1.0  # in VictoriaMetrics; Prometheus says 1 to 2
    kept: float = 90.0  # days of samples
    sites_per_shard: int = 5_000  # the default of fleet.sites_per_shard
    core_hour: float = 0.04
    memory_month: float = 3.0  # a GB
    disk_month: float = 0.10  # a GB
    series_memory: float = 4.0  # kB of the store for a series that is being written


class Needs(NamedTuple):
    """What it takes."""

    lines: float  # a second
    workers: int
    relays: int
    broker_cores: int
    partitions: int
    sites_of_worker: float
    worker_memory: float  # GB, of all
    topic_day: float  # GB, one copy
    kafka_disk: float  # GB, all copies, the changelog's once compacted left out
    changelog_day: float  # GB written, one copy
    series: float
    samples_day: float
    prometheus: int  # servers, by the time that rules take
    store_disk: float  # GB
    store_memory: float  # GB
    cost: dict[str, float]  # dollars a month, by part

    @property
    def first(self) -> str:
        """The part that costs most."""
        return max(self.cost, key=lambda part: self.cost[part])


def needs(of: Measured, fleet: Assumed, counted: Counted) -> Needs:
    """Compute it. The last way is a plan: today a site's partition does not follow its region."""
    rate = fleet.sites * fleet.lines
    millions = rate / 1e6
    counting = millions * of.line_core + fleet.sites * of.site_core
    partitions = max(_whole(2 * counting / fleet.load), _whole(fleet.sites / fleet.sites_per_shard))
    series = _series(of, fleet, counted, partitions)
    workers = _whole((counting + series * of.series_core / fleet.scrape) / fleet.load)
    relays = _whole(millions * of.relay_core / fleet.load)
    brokers = max(_whole(millions * of.broker_core * fleet.copies / fleet.load), fleet.copies)
    topic_day = rate * of.line_bytes * DAY / 1e9
    samples = series * DAY / fleet.scrape
    kafka_disk = topic_day * fleet.retention * fleet.copies
    store_disk = samples * fleet.kept * fleet.sample_bytes / 1e9
    worker_memory = fleet.sites * of.site_memory / 1e6
    store_memory = series * fleet.series_memory / 1e6
    core_month = fleet.core_hour * MONTH_HOURS
    cost = {
        "workers": workers * core_month + worker_memory * fleet.memory_month,
        "relays": relays * core_month,
        "Kafka": brokers * core_month + kafka_disk * fleet.disk_month,
        "storage of samples": store_disk * fleet.disk_month + store_memory * fleet.memory_month,
    }
    return Needs(
        lines=rate,
        workers=workers,
        relays=relays,
        broker_cores=brokers,
        partitions=partitions,
        sites_of_worker=fleet.sites / workers,
        worker_memory=worker_memory,
        topic_day=topic_day,
        kafka_disk=kafka_disk,
        changelog_day=fleet.sites * of.changelog_bytes * DAY / 1e9,
        series=series,
        samples_day=samples,
        prometheus=_whole(2 * series * of.rules_core / fleet.rules),
        store_disk=store_disk,
        store_memory=store_memory,
        cost=cost,
    )


def _series(of: Measured, fleet: Assumed, counted: Counted, partitions: int) -> float:
    """How many there are: a region has its own in each partition that has a site of it."""
    if counted == "by site":
        return fleet.sites * of.site_series
    places = 1.0
    if counted == "by region":
        others = 1 - 1 / partitions
        places = partitions * (1 - others ** (fleet.sites / fleet.regions))
    together = fleet.sites / (fleet.regions * places)  # sites of a region in one partition
    of_each = min(of.region_series, together * of.site_series)
    return fleet.sites * of.subscriber_series + fleet.regions * places * of_each


def table(of: Measured, fleet: Assumed) -> Table:
    """Return all ways of counting, side by side."""
    ways = {counted: needs(of, fleet, counted) for counted in WAYS}
    found = list(ways.values())
    rows: list[tuple[str, ...]] = [
        ("lines a second", *(f"{n.lines:,.0f}" for n in found)),
        ("workers, of one core each", *(f"{n.workers:,}" for n in found)),
        ("sites of a worker", *(f"{n.sites_of_worker:,.0f}" for n in found)),
        ("memory of all workers, GB", *(f"{n.worker_memory:,.0f}" for n in found)),
        ("relays, of one core each", *(f"{n.relays:,}" for n in found)),
        ("cores of brokers", *(f"{n.broker_cores:,}" for n in found)),
        ("partitions", *(f"{n.partitions:,}" for n in found)),
        ("topic, GB a day and copy", *(f"{n.topic_day:,.0f}" for n in found)),
        ("Kafka's disks, GB", *(f"{n.kafka_disk:,.0f}" for n in found)),
        ("changelog, GB written a day and copy", *(f"{n.changelog_day:,.0f}" for n in found)),
        ("series, million", *(f"{n.series / 1e6:,.1f}" for n in found)),
        ("samples a day, million", *(f"{n.samples_day / 1e6:,.0f}" for n in found)),
        ("Prometheus servers, by the time of their rules", *(f"{n.prometheus:,}" for n in found)),
        ("store's disk, GB", *(f"{n.store_disk:,.0f}" for n in found)),
        ("store's memory, GB", *(f"{n.store_memory:,.0f}" for n in found)),
        *(
            (f"{part}, $ a month", *(f"{n.cost[part]:,.0f}" for n in found))
            for part in found[0].cost
        ),
        ("all of it, $ a month", *(f"{sum(n.cost.values()):,.0f}" for n in found)),
        ("$ a year for a site", *(f"{12 * sum(n.cost.values()) / fleet.sites:.2f}" for n in found)),
    ]
    title = f"{fleet.sites:,} sites, {fleet.lines:g} lines a second each, on paper"
    columns = ("", *(f"Counted {counted}" for counted in WAYS))
    return Table(title, columns, rows, _notes(of, fleet, ways))


def _notes(of: Measured, fleet: Assumed, ways: Mapping[Counted, Needs]) -> str:
    by_site, by_region, gathered = (ways[counted] for counted in WAYS)
    cheaper = of._replace(line_core=of.line_core * of.larger_records)
    fewer = needs(cheaper, fleet, WAYS[2])
    assumed = (
        f"Computed from the figures above: {of.line_core:.0f}, {of.relay_core:.0f} and"
        f" {of.broker_core:.0f} seconds of a core for a million lines in worker, relay and broker,"
        f" in a worker {of.site_core * 1e6:.1f} µs for a site and second and"
        f" {of.series_core * 1e6:.1f} µs for a series and scrape;"
        f" {of.line_bytes:.0f} bytes a line in the topic, {of.site_memory:.0f} kB and"
        f" {of.site_series:.0f} series a site, {of.region_series:,.0f} a region. Assumed:"
        f" {fleet.regions} regions, cores used to {fleet.load:.0%}, {fleet.copies} copies and"
        f" {fleet.retention:g} days in Kafka, a scrape each {fleet.scrape:g} s,"
        f" {fleet.sample_bytes:g} byte a sample and {fleet.kept:g} days in VictoriaMetrics,"
        f" {fleet.series_memory:g} kB of its memory a series; ${fleet.core_hour} a core and hour,"
        f" ${fleet.memory_month:g} a GB of memory and ${fleet.disk_month:g} a GB of disk a month."
        " Neither traffic between machines nor Prometheus itself is in it."
    )
    first = (
        f"What costs most: {by_site.first} where sites are counted by themselves,"
        f" {by_region.first} where they are counted by region. The first bottleneck is the number"
        f" of series: {by_site.series / 1e6:.0f} million by site, and by region still"
        f" {by_region.series / 1e6:.0f} million, since a region's sites are in nearly all"
        f" partitions, and each shard has series of its own. Rules over them take the time of"
        f" {by_site.prometheus:,} and {by_region.prometheus:,} Prometheus servers."
    )
    change = (
        "What we would change. First, let a site's partition follow from its region:"
        f" {gathered.series / 1e6:.1f} million series are left, and {gathered.prometheus:,} servers"
        f" for their rules. A region must then fit into one"
        " worker. Second, let relays gather until a record has 50 lines, five seconds instead of"
        f" one: a line then costs a worker {of.larger_records:.0%} of what it costs in records of"
        f" ten, and {fewer.workers:,} workers do instead of {gathered.workers:,}; decisions come"
        " seconds later."
    )
    return "\n\n".join((assumed, first, change))


def _whole(number: float) -> int:
    """The least whole number that is not below it, and 1 at least."""
    return max(-int(-number // 1), 1)
