"""What a worker's shards show: the metrics of a home, with the labels `site` and `shard` added.

Shards go in, families of samples come out. Counters are as they were last stored, so that no other
worker ever begins below them. Of sites that are counted under a region only what their routers are
is shown by itself, under the site's name: five gauges each.
"""

from collections.abc import Iterable, Iterator

from exporter.enrichment.networks import Networks
from exporter.fleet.shard import Shard
from exporter.metrics import declared as m
from exporter.metrics import exposition
from exporter.metrics.formats import Family, Sample
from exporter.metrics.series import Declaration

OF_SITE = ("site", "shard")  # the labels that are added
SITES = Declaration(
    "knockwatch_shard_sites", "gauge", "Sites of which the shard holds a state.", ("shard",)
)
APPENDED = Declaration(
    "knockwatch_shard_append_timestamp_seconds",
    "gauge",
    "When the broker took the newest record that the shard has counted.",
    ("shard",),
)
DECLARED = (SITES, APPENDED)
_EVERYWHERE = frozenset({m.NETWORK_INFO.name, m.PROCESS_INFO.name})  # the same at all sites


def take(shards: Iterable[Shard], networks: Networks, now: float) -> list[Family]:
    """Copy all that the shards show."""
    families: dict[str, Family] = {}

    def add(declaration: Declaration, samples: Iterable[Sample]) -> None:
        families.setdefault(declaration.name, Family(declaration, [])).samples.extend(samples)

    everywhere: dict[tuple[str, str], tuple[Declaration, Sample]] = {}
    for shard in shards:
        partition = str(shard.partition)
        add(SITES, [((partition,), float(len(shard.sites)), None)])
        add(APPENDED, [((partition,), shard.appended, None)])
        for label, family in _families(shard, networks, now):
            declaration, samples = family
            if declaration.name in _EVERYWHERE:
                for sample in samples:
                    everywhere[declaration.name, sample[0][0]] = declaration, sample
                continue
            wider = declaration._replace(labels=declaration.labels + OF_SITE)
            place = (label, partition)
            add(wider, [((*values, *place), number, since) for values, number, since in samples])
    for declaration, sample in everywhere.values():
        add(declaration, [sample])
    return list(families.values())


def _families(shard: Shard, networks: Networks, now: float) -> Iterator[tuple[str, Family]]:
    """The families of the shard's sites, and under which name each is counted."""
    for label, metrics in shard.metrics.items():
        for family in exposition.take(metrics, networks, stored=True):
            yield label, family
    for site in shard.sites.values():
        stages = site.pipeline.stages
        now_there = site.now(now)
        for family in exposition.of_site(
            stages.routers, stages.hosts, 0, now_there, stages.metrics
        ):
            if family.declaration.name == m.WAITING_PACKETS.name:
                continue
            if not site.region:
                yield site.label, _under_pseudonyms(shard, site.name, family)
            elif "router" in family.declaration.labels:
                yield site.label, _named(site.name, family)
    for label, packets in shard.undecided.items():
        yield label, Family(m.WAITING_PACKETS, [((), float(packets), None)])


def _under_pseudonyms(shard: Shard, site: str, family: Family) -> Family:
    declaration, samples = family
    if "device" not in declaration.labels:
        return family
    at, shown = declaration.labels.index("device"), shard.pseudonyms.of
    renamed = [
        ((*values[:at], shown(site, values[at]), *values[at + 1 :]), number, since)
        for values, number, since in samples
    ]
    return Family(declaration, renamed)


def _named(site: str, family: Family) -> Family:
    """The gauges of the one router of a site that is counted under a region."""
    return Family(
        family.declaration, [((site,), number, since) for _, number, since in family.samples]
    )
