"""A worker against real brokers: what it counts, restores, gives away and refuses."""

import pytest
from confluent_kafka import Consumer, TopicPartition

from exporter.fleet import restoring
from exporter.fleet.kafka import changelog_of
from exporter.fleet.restoring import GivenUp, Restoring, Unrestorable
from exporter.settings import Kafka as Settings
from tests.system.parts import exposition, fleet
from tests.system.parts.fleet import Relay, counted, ready, shards, worker
from tests.system.parts.kafka import Kafka
from tests.system.parts.needs import needs
from tests.system.parts.process import until

pytestmark = needs("kafka")


def topics(cluster: Kafka, name: str, partitions: int = 4) -> str:
    """Make a topic and its changelog, as a worker would."""
    cluster.topic(name, partitions=partitions, message_timestamp_type="LogAppendTime")
    cluster.topic(changelog_of(name), partitions=partitions, cleanup_policy="compact")
    return name


def restorer(cluster: Kafka, topic: str, **how) -> Restoring:
    settings = Settings(servers=(cluster.bootstrap,), topic=topic, group=topic)
    return Restoring(cluster.client(), settings, 0, how.get("wanted", lambda: True))


def test_what_a_worker_counted_the_next_one_goes_on_from(kafka, tmp_path):
    topic = "restarts"
    with worker(tmp_path, kafka, topic) as first:
        ready(first)  # it has made the topics
        relay = Relay(kafka, topic)
        for site in range(10):
            relay.lines(f"site-{site}", 5)
        relay.flush()
        until(lambda: counted(first) == relay.sent, "all counted")
        shown = exposition.counters(fleet.scraped(first))
        assert first.process.stop() == 0
    relay.lines("site-0", 7)
    relay.flush()
    with worker(tmp_path, kafka, topic) as second:
        until(lambda: counted(second) == relay.sent, "all counted", seconds=40)
        again = exposition.counters(fleet.scraped(second))
    of_shards = {key for key in shown if "shard" in dict(key[1])}
    assert of_shards <= again.keys()
    fallen = {key for key in of_shards if again[key] < shown[key] and key[0].endswith("_total")}
    moved = {key for key in of_shards if again[key] != shown[key] and key[0].endswith("_created")}
    assert not fallen
    assert not moved


def test_partitions_move_to_a_worker_that_comes_and_back_when_it_goes(kafka, tmp_path):
    topic = topics(kafka, "moves")
    relay = Relay(kafka, topic)
    with worker(tmp_path, kafka, topic) as first:
        until(lambda: len(shards(first)) == 4, "four shards")
        with worker(tmp_path, kafka, topic) as second:
            for site in range(20):
                relay.lines(f"site-{site}", 3)
            until(lambda: len(shards(second)) == 2, "two shards moved", seconds=40)
            until(lambda: len(shards(first)) == 2, "two shards left")
            for site in range(20):
                relay.lines(f"site-{site}", 3)
            relay.flush()
            until(lambda: counted(first, second) == relay.sent, "all counted")
            assert not shards(first) & shards(second)
            assert second.process.stop() == 0
        relay.lines("site-0", 3)
        relay.flush()
        until(lambda: counted(first) == relay.sent, "all back", seconds=40)
        assert shards(first) == {"0", "1", "2", "3"}


def test_what_is_sent_twice_or_is_nonsense_is_dropped_and_the_rest_goes_on(kafka, tmp_path):
    topic = topics(kafka, "poison", 1)
    relay = Relay(kafka, topic)
    relay.lines("home", 5)
    relay.again()
    relay.raw(b"home", b"\xc1 no record")
    relay.raw(b"\xff", b"")
    relay.lines("home", 5)
    relay.flush()
    with worker(tmp_path, kafka, topic, partitions=1) as server:
        until(lambda: counted(server) == relay.sent, "all counted", seconds=40)
        text = fleet.scraped(server)
    dropped = "knockwatch_dropped_messages_total"
    assert exposition.total(text, dropped, reason="duplicate") == 5
    assert exposition.total(text, dropped, reason="bad_record") == 2


def test_brokers_that_were_away_are_gone_on_with_and_scrapes_are_answered_meanwhile(
    kafka, tmp_path
):
    topic = topics(kafka, "away", 1)
    relay = Relay(kafka, topic)
    with worker(tmp_path, kafka, topic, partitions=1) as server:
        relay.lines("home", 5)
        until(lambda: counted(server) == relay.sent, "all counted", seconds=40)
        kafka.kill(1)
        relay.lines("home", 5)
        assert counted(server) == 5
        kafka.start(1)
        until(lambda: counted(server) == relay.sent, "all counted", seconds=90)
        assert server.process.stop() == 0


def test_who_asks_for_the_group_that_is_wrongly_configured_is_told(kafka, tmp_path):
    kafka.topic("uneven", partitions=2, message_timestamp_type="LogAppendTime")
    kafka.topic(changelog_of("uneven"), partitions=1, cleanup_policy="compact")
    with worker(tmp_path, kafka, "uneven") as server:
        assert server.process.popen.wait(30) == 1
        assert "has 2 partitions" in server.process.output()


def test_a_changelog_behind_the_groups_offsets_is_refused(kafka, monkeypatch):
    topic = topics(kafka, "behind", 1)
    relay = Relay(kafka, topic)
    for _ in range(3):
        relay.lines("home", 1)
    relay.flush()
    member = Consumer(kafka.client() | {"group.id": topic})
    member.commit(offsets=[TopicPartition(topic, 0, 2)], asynchronous=False)
    member.close()
    ours = restorer(kafka, topic)
    try:
        assert ours.committed() == 2
        assert ours.changelog() == {}
        assert ours.more(None, 2) == {}
        monkeypatch.setattr(restoring, "MARKER_SECONDS", -1.0)
        ours.changelog()
        with pytest.raises(Unrestorable, match=r"partition 0 of behind.* committed 2"):
            ours.more(None, 2)
        with pytest.raises(Unrestorable, match="ends at 3, but is counted up to 4"):
            ours.start(4)
        assert ours.start(3) == 3
        assert ours.start(None) == 0
    finally:
        ours.close()


def test_what_is_not_ours_any_more_is_not_read_to_its_end(kafka):
    ours = restorer(kafka, topics(kafka, "given-up", 1), wanted=lambda: False)
    try:
        with pytest.raises(GivenUp):
            ours.changelog()
    finally:
        ours.close()
