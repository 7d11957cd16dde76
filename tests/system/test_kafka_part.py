"""The Kafka of these tests does what they rely on."""

from tests.system.parts.kafka import Kafka
from tests.system.parts.kafka_records import read, write
from tests.system.parts.needs import needs
from tests.system.parts.process import until

pytestmark = needs("kafka")


def values(cluster: Kafka, topic: str) -> list[bytes | None]:
    return [message.value() for message in read(cluster, topic)]


def test_what_is_written_is_read(kafka):
    topic = kafka.topic("round-trip", partitions=3)
    write(kafka, topic, *((b"%d" % n, b"%d" % n) for n in range(100)), headers={"kind": b"lines"})
    records = read(kafka, topic)
    assert {record.value() for record in records} == {b"%d" % n for n in range(100)}
    assert len(records) == 100
    assert {record.partition() for record in records} == {0, 1, 2}
    assert all(record.headers() == [("kind", b"lines")] for record in records)


def test_compaction_leaves_of_each_key_the_last_record(kafka):
    topic = kafka.topic(
        "compacted",
        cleanup_policy="compact",
        segment_ms="100",
        min_cleanable_dirty_ratio="0.01",
        delete_retention_ms="0",
    )

    def left() -> set[bytes | None]:
        write(kafka, topic, (b"clock", b"turns the segment"))
        return {record.key() for record in read(kafka, topic)}

    write(kafka, topic, (b"site", b"old"), (b"gone", b"value"))
    write(kafka, topic, (b"site", b"new"), (b"gone", None))
    until(lambda: left() == {b"site", b"clock"}, "compaction", seconds=40)
    assert [r.value() for r in read(kafka, topic) if r.key() == b"site"] == [b"new"]


def test_two_nodes_of_three_go_on_without_the_one_that_was_killed(kafka_cluster):
    topic = kafka_cluster.topic("survives", partitions=3)
    assert set(kafka_cluster.leaders(topic).values()) == {1, 2, 3}
    write(kafka_cluster, topic, (b"a", b"before"))
    kafka_cluster.kill(2)
    write(kafka_cluster, topic, *((b"%d" % n, b"without") for n in range(20)))
    until(lambda: set(kafka_cluster.leaders(topic).values()) == {1, 3}, "two leaders")
    assert sorted(values(kafka_cluster, topic)) == [b"before", *[b"without"] * 20]
    kafka_cluster.start(2)
    write(kafka_cluster, topic, (b"a", b"again"))
    assert len(values(kafka_cluster, topic)) == 22
