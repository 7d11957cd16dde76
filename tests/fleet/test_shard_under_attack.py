import pytest

from exporter.fleet.records import Report
from exporter.fleet.relay_keys import RelayKeys
from exporter.fleet.shard import IDLE, NOBODYS
from exporter.metrics import Limits
from exporter.metrics.declared import DROPPED, REJECTED
from exporter.settings import Config, Fleet
from tests.fleet.topic import NOW, SECRET, Topic, line, state, total, values


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"kyoto", b"\xff"),
        (b"kyoto", None),
        (None, b"\x90"),
        (b"kyoto", b"\x81" * 100),
    ],
)
def test_a_poisoned_record_is_counted_and_the_next_goes_on(key, value):
    topic = Topic()
    topic.raw(key, value)
    topic.lines("kyoto", line())
    shard = topic.read()
    assert values(shard, NOBODYS, DROPPED) == {("kafka", "bad_record"): 1}
    assert total(shard, REJECTED) == 1


def test_a_report_that_cannot_be_read_is_a_bad_record():
    topic = Topic()
    topic.write("kyoto", Report(session="a", sequence=1, region="", received=NOW, body=b"{]"), NOW)
    assert values(topic.read(), NOBODYS, DROPPED) == {("kafka", "bad_record"): 1}


@pytest.fixture
def keys(tmp_path):
    file = tmp_path / "relays"
    file.write_text(f"kyoto {SECRET} kyoto\neast {SECRET} *@east\n")
    return RelayKeys(file)


def test_a_forged_record_is_counted_and_names_nobody(keys):
    topic = Topic(keys=keys)
    topic.lines("tokyo", line(), relay="kyoto")
    topic.lines("tokyo", line())
    topic.lines("kyoto", line(), relay="kyoto", region="east")
    topic.lines("kyoto", line(), relay="kyoto")
    shard = topic.read()
    assert values(shard, NOBODYS, DROPPED) == {("kafka", "forged"): 3}
    assert set(shard.sites) == {"kyoto"}
    assert total(shard, REJECTED) == 1


def test_there_is_a_bound_of_sites():
    topic = Topic(Config(fleet=Fleet(sites_per_shard=2)))
    for site in ("a", "b", "c", "a"):
        topic.lines(site, line())
    shard = topic.read()
    assert set(shard.sites) == {"a", "b"}
    assert values(shard, NOBODYS, DROPPED) == {("kafka", "site_limit"): 1}


def test_sites_that_were_idle_for_long_give_way():
    topic = Topic(Config(fleet=Fleet(sites_per_shard=2)))
    topic.lines("a", line())
    topic.lines("b", line())
    topic.read()
    later = NOW + IDLE + 60
    topic.lines("b", line(), at=later)
    topic.read()
    topic.shard.tick(later + 60, caught_up=True)
    topic.lines("c", line(), at=later + 61)
    shard = topic.read()
    assert set(shard.sites) == {"b", "c"}
    assert "a" not in shard.metrics
    assert state(topic.move()) == state(shard)


def test_a_hostile_site_leaves_the_others_their_share():
    budgets = Limits(destination_port=1000, source_asn=50, series_per_metric=1000)
    topic = Topic(Config(fleet=Fleet(series_per_shard=60, budgets=budgets)))
    for port in range(2000, 2400):
        topic.lines("hostile", line(port=port))
    topic.read()
    topic.shard.tick(NOW + 20, caught_up=True)
    for port in range(3000, 3010):
        topic.lines("kyoto", line(port=port))
    for port in range(4000, 4100):
        topic.lines("hostile", line(port=port))
    shard = topic.read()
    ports = {labels[3] for labels in values(shard, "kyoto", REJECTED)}
    assert ports == {str(port) for port in range(3000, 3010)}
    assert not {labels[3] for labels in values(shard, "hostile", REJECTED)} & {"4050", "4099"}
    assert sum(values(shard, "hostile", REJECTED).values()) == 500
