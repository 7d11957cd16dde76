import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from exporter.fleet import exposition
from exporter.fleet.pseudonyms import Pseudonyms
from exporter.metrics import formats
from tests.fleet.topic import LIKE, NOW, Topic, line

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def shown(*topics: Topic) -> dict[str, list[tuple[dict[str, str], float]]]:
    families = exposition.take([topic.shard for topic in topics], LIKE.networks, NOW + 1)
    body, _ = formats.encode(families, OPENMETRICS)
    samples: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(body.decode()):
        for sample in family.samples:
            samples.setdefault(sample.name, []).append((sample.labels, sample.value))
    return samples


@pytest.fixture
def topic():
    topic = Topic()
    topic.report("kyoto", "PC", 51413)
    topic.lines("kyoto", line(), line())
    topic.lines("tokyo", line())
    topic.read()
    return topic


def test_each_counter_bears_its_site_and_shard(topic):
    rejected = shown(topic)["knockwatch_rejected_packets_total"]
    assert {(labels["site"], labels["shard"], number) for labels, number in rejected} == {
        ("kyoto", "3", 2),
        ("tokyo", "3", 1),
    }


def test_what_is_not_stored_is_not_shown(topic):
    before = shown(topic)["knockwatch_rejected_packets_total"]
    topic.lines("kyoto", line())
    topic.lines("osaka", line())
    topic.read(commit=False)
    assert shown(topic)["knockwatch_rejected_packets_total"] == before
    topic.read()
    assert len(shown(topic)["knockwatch_rejected_packets_total"]) == 3


def test_packets_are_decided_or_undecided_in_each_scrape(topic):
    """Whatever is decided between the commit and the scrape that shows it."""

    def number(name: str) -> float:
        return sum(value for _, value in shown(topic)[name])

    def held() -> None:
        waiting = number("knockwatch_undecided_packets")
        decided = number("knockwatch_attributed_packets_total")
        assert number("knockwatch_rejected_packets_total") == decided + waiting

    topic.report("kyoto", "PC", 6881, at=NOW + 1)  # alive: what comes now waits for its word
    topic.lines("kyoto", line(port=6000), at=NOW + 2)
    topic.read()
    assert number("knockwatch_undecided_packets") > 0
    held()
    topic.shard.tick(NOW + 600, caught_up=True)
    held()
    topic.read()
    assert number("knockwatch_undecided_packets") == 0
    held()
    topic.move()
    held()


def test_another_worker_shows_the_same(topic):
    before = shown(topic)
    topic.move()
    after = shown(topic)
    for name, samples in before.items():
        if name.endswith(("_total", "_created")) and "device_network" not in name:
            assert sorted(map(str, after[name])) == sorted(map(str, samples)), name


def test_no_series_is_shown_twice(topic):
    other = Topic()
    other.lines("osaka", line())
    other.read().partition = 4
    for name, samples in shown(topic, other).items():
        places = [tuple(sorted(labels.items())) for labels, _ in samples]
        assert len(places) == len(set(places)), name
    networks = shown(topic, other)["knockwatch_network_info"]
    assert all("site" not in labels for labels, _ in networks)


def test_routers_of_a_region_are_five_gauges_each_and_nothing_else_names_them():
    topic = Topic()
    stamped = b"<4>Sep 21 12:53:20 gate " + line()
    for home in ("home-1", "home-2"):
        topic.report(home, "PC", 51413, region="east")
        topic.lines(home, stamped, region="east")
    topic.read()
    naming = [
        name
        for name, samples in shown(topic).items()
        for labels, _ in samples
        if "home-1" in labels.values()
    ]
    assert 3 <= len(naming) <= 10
    assert all(name.startswith(("knockwatch_router_", "knockwatch_input_")) for name in naming)
    assert "knockwatch_device_info" not in shown(topic)


def test_no_device_is_shown_under_its_name_where_there_is_a_key():
    topic = Topic(pseudonyms=Pseudonyms(b"key"))
    topic.report("kyoto", "GRANDMA-PC", 51413)
    topic.lines("kyoto", line(), at=NOW + 1)
    topic.read()
    topic.shard.tick(NOW + 200, caught_up=True)
    topic.read()
    families = exposition.take([topic.shard], LIKE.networks, NOW + 1)
    body, _ = formats.encode(families)
    assert b"GRANDMA" not in body
    attributed = shown(topic)["knockwatch_attributed_packets_total"]
    names = {labels["device"] for labels, _ in shown(topic)["knockwatch_device_info"]}
    assert {labels["device"] for labels, _ in attributed} == names
