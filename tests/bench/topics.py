"""A fleet's topic and its changelog, as a bench needs them: filled once, read again and again."""

import time
from collections.abc import Iterable
from typing import NamedTuple

from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    Producer,
    TopicPartition,
)

from exporter.fleet.kafka import PARTITIONER, TOPIC_BYTES, changelog_of
from exporter.fleet.relay_keys import sign
from tests.bench.records import Written
from tests.system.parts.kafka import Kafka
from tests.system.parts.process import until

RELAY, SECRET = b"bench", b"s" * 32
SECONDS = 60.0
_AS_A_RELAY = {
    "enable.idempotence": True,
    "compression.type": "zstd",
    "partitioner": PARTITIONER,
    "linger.ms": 20,
}


class Filled(NamedTuple):
    """What was written to a topic."""

    records: int
    messages: int
    packets: int
    reports: int
    bytes: int  # of the values, before they are compressed
    stored: int  # of the topic's files


def fill(cluster: Kafka, topic: str, partitions: int, written: Iterable[Written]) -> Filled:
    """Make a topic as a worker makes it, and write records as relays do."""
    settings = {"message_timestamp_type": "LogAppendTime", "max_message_bytes": str(TOPIC_BYTES)}
    cluster.topic(topic, partitions=partitions, **settings)
    producer = Producer(cluster.client() | _AS_A_RELAY)
    failed: list[KafkaError] = []
    records = messages = packets = reports = size = 0

    def answered(error: KafkaError | None, _: object) -> None:
        if error is not None:
            failed.append(error)

    for one in written:
        signature = sign(SECRET, one.key.decode(), one.value)
        headers: list[tuple[str, str | bytes | None]] = [
            ("kind", one.kind.encode()),
            ("relay", RELAY),
            ("signature", signature),
        ]
        while True:
            try:
                producer.produce(topic, one.value, one.key, headers=headers, on_delivery=answered)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
        records, messages = records + 1, messages + one.messages
        packets, reports = packets + one.packets, reports + (one.kind == "report")
        size += len(one.value)
    if producer.flush(SECONDS) or failed:
        raise RuntimeError(f"{topic}: not everything was written: {failed[:1]}")
    return Filled(records, messages, packets, reports, size, stored(cluster, topic))


def stored(cluster: Kafka, topic: str) -> int:
    """Return the bytes of all files of a topic's records on the only node."""
    [node] = cluster.nodes.values()
    files = (node.folder / "data").glob(f"{topic}-[0-9]*/*.log")
    return sum(file.stat().st_size for file in files)


def forget(cluster: Kafka, topic: str) -> None:
    """Delete a topic's changelog, if there is one."""
    name = changelog_of(topic)
    if name in cluster.admin.list_topics(timeout=SECONDS).topics:
        cluster.admin.delete_topics([name])[name].result(SECONDS)
        until(lambda: name not in cluster.admin.list_topics(timeout=SECONDS).topics, "deletion")


class Progress:
    """How far a group has come with a topic, by what the brokers say."""

    def __init__(self, cluster: Kafka, topic: str, group: str) -> None:
        self._admin = cluster.admin
        self._topic = topic
        self._group = group
        settings = cluster.client() | {"group.id": "bench"}
        consumer = Consumer(settings)
        try:
            numbers = consumer.list_topics(topic, timeout=SECONDS).topics[topic].partitions
            self._ends = {
                number: consumer.get_watermark_offsets(TopicPartition(topic, number))[1]
                for number in numbers
            }
        finally:
            consumer.close()

    def left(self) -> int:
        """Return how many records of those that were there at first are not counted and stored."""
        wanted = [TopicPartition(self._topic, number) for number in self._ends]
        asked = [ConsumerGroupTopicPartitions(self._group, wanted)]
        [answer] = self._admin.list_consumer_group_offsets(asked).values()
        told = answer.result(SECONDS).topic_partitions or []
        at = {one.partition: max(one.offset, 0) for one in told}
        return sum(end - at.get(number, 0) for number, end in self._ends.items())

    def wait(self, seconds: float) -> float:
        """Wait until everything is counted and stored; return the moment."""
        until(lambda: self.left() == 0, f"the end of {self._topic}", seconds=seconds)
        return time.monotonic()
