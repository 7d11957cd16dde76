"""Whatever befalls a shard, and however full its counters are: each packet is counted once."""

import random

import pytest

from exporter.metrics import Limits
from exporter.metrics.declared import ATTRIBUTED, BY_COUNTRY, MESSAGES, REJECTED
from exporter.settings import Config, Fleet
from tests.fleet.topic import NOW, Topic, line, total

pytestmark = pytest.mark.thorough

CONFIG = Config(
    fleet=Fleet(
        series_per_shard=40,
        budgets=Limits(
            **dict.fromkeys(("router", "destination_port", "source_asn", "source_country"), 4),
            **dict.fromkeys(("device", "process"), 2),
            series_per_metric=6,
        ),
    )
)
NETWORKS = ("23.45.67", "8.8.8", "198.51.100", "45.33.32", "81.2.69", "133.11.0")
SITES = (("kyoto", ""), ("tokyo", ""), ("home-1", "east"), ("home-2", "east"))
PORTS = (51413, 6881, 53, *range(40_000, 40_010))
DEEDS = ("lines", "lines", "report", "wait", "tick", "tick", "read", "commit", "abort", "move")


class Course:
    """What happens to one partition, and what its counters should come to."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.topic = Topic(CONFIG)
        self.now = NOW
        self.packets: list[int] = []  # of each record

    def lines(self) -> None:
        dice = self.dice
        site, region = dice.choice(SITES)
        senders = [f"{net}.7" for net in dice.sample(NETWORKS, 3)]
        size = dice.choice((1, 2, 5, 80))
        packets = [line(dice.choice(senders), dice.choice(PORTS)) for _ in range(size)]
        self.topic.lines(site, *packets, region=region, at=self.now)
        self.packets.append(len(packets))

    def report(self) -> None:
        site, region = self.dice.choice(SITES)
        self.topic.report(site, "PC", self.dice.choice(PORTS), region=region, at=self.now)
        self.packets.append(0)

    def wait(self) -> None:
        self.now += self.dice.choice((1.0, 20.0, 61.0, 300.0))

    def tick(self) -> None:
        self.topic.shard.tick(self.now, caught_up=self.dice.random() < 0.5)

    def read(self) -> None:
        self.topic.read(commit=False)

    def commit(self) -> None:
        self.topic.changelog += self.topic.shard.changes(self.now)
        self.topic.shard.saved()

    def abort(self) -> None:
        self.topic.shard.changes(self.now)

    def move(self) -> None:
        self.topic.move()

    def holds(self) -> None:
        read = sum(self.packets[: self.topic.shard.position or 0])
        shard = self.topic.shard
        assert total(shard, MESSAGES) == total(shard, REJECTED) == total(shard, BY_COUNTRY) == read
        waiting = sum(site.pipeline.waiting.packets for site in shard.sites.values())
        assert total(shard, ATTRIBUTED) + waiting == read


@pytest.mark.parametrize("seed", range(30))
def test_what_was_read_is_counted_once_and_decided_once(seed):
    course = Course(seed)
    for _ in range(150):
        getattr(course, course.dice.choice(DEEDS))()
        course.holds()
    course.read()
    course.now += 600
    for _ in range(2):
        course.topic.shard.tick(course.now, caught_up=True)
    course.holds()
    assert total(course.topic.shard, ATTRIBUTED) == sum(course.packets)
    course.commit()
    course.move()
    course.holds()
