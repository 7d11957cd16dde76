"""The Kafka of these tests does what they rely on."""

from collections.abc import Iterator

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AclOperation, AdminClient, ResourceType

from tests.system.parts.kafka import Kafka
from tests.system.parts.kafka import kafka as started
from tests.system.parts.kafka_records import QUIET, read, write
from tests.system.parts.kafka_security import Passwords
from tests.system.parts.needs import needs
from tests.system.parts.process import until
from tests.transports.authority import Authority

pytestmark = needs("kafka")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory) -> Iterator[Kafka]:
    """One node that knows two users more."""
    folder = tmp_path_factory.mktemp("kafka-guarded")
    with started(folder, security=Passwords(folder, "writer", "stranger")) as cluster:
        yield cluster


def values(cluster: Kafka, topic: str, user: str = "admin") -> list[bytes | None]:
    return [message.value() for message in read(cluster, topic, user=user)]


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


def test_a_user_may_do_what_it_was_allowed_and_no_more(guarded):
    topic = guarded.topic("guarded")
    with pytest.raises(KafkaException) as refused:
        write(guarded, topic, (b"a", b"too early"), user="writer")
    assert refused.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    guarded.allow("writer", ResourceType.TOPIC, topic, AclOperation.WRITE)
    write(guarded, topic, (b"a", b"allowed"), user="writer")
    for user in ("writer", "stranger"):
        with pytest.raises(KafkaException, match=r"(?i)authoriz"):
            read(guarded, topic, user=user)
    assert values(guarded, topic) == [b"allowed"]


def test_who_shows_a_wrong_password_or_trusts_another_authority_has_no_connection(
    guarded, tmp_path
):
    right = guarded.client("stranger")
    wrong = (
        {"sasl.password": "guessed"},
        {"ssl.ca.location": str(Authority(tmp_path, "another").file)},
        {"security.protocol": "SASL_PLAINTEXT"},
    )
    for mechanism in ("PLAIN", "SCRAM-SHA-512"):
        brokers = AdminClient(right | {"sasl.mechanism": mechanism}).list_topics(timeout=20).brokers
        assert set(brokers) == {1}
    for settings in wrong:
        with pytest.raises(KafkaException):
            AdminClient(right | settings | QUIET).list_topics(timeout=2)
