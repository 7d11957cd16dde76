"""Write to a Kafka, and read a topic to its end, as any client may."""

from collections.abc import Iterator
from contextlib import closing

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
)
from confluent_kafka import TopicPartition as Partition

from tests.system.parts.kafka import Kafka
from tests.system.parts.kafka_security import ADMIN

SECONDS = 30.0
QUIET = {"log_level": "0"}  # what is refused is raised; it need not be on standard error too


def write(
    cluster: Kafka,
    topic: str,
    *records: tuple[bytes | None, bytes | None],
    headers: dict[str, bytes] | None = None,
    user: str = ADMIN,
) -> None:
    """Write records (key, value), and return when the cluster has them.

    Raises KafkaException with what the cluster answers instead.
    """
    answers: list[KafkaError | None] = []
    patience = {"message.timeout.ms": str(round(SECONDS * 1000)), "linger.ms": "0"}
    producer = Producer(cluster.client(user) | QUIET | patience)
    for key, value in records:
        producer.produce(
            topic,
            value,
            key,
            headers=dict(headers or {}),
            on_delivery=lambda error, _: answers.append(error),
        )
    producer.flush(SECONDS + 5)
    for error in filter(None, answers):
        raise KafkaException(error)
    if len(answers) != len(records):
        raise TimeoutError(f"{topic}: {len(answers)} of {len(records)} records were answered")


def read(cluster: Kafka, topic: str, *, user: str = ADMIN) -> list[Message]:
    """Return what is committed in a topic, partition by partition.

    Raises KafkaException with what the cluster answers instead.
    """
    settings = {"group.id": "reader", "enable.partition.eof": "true", "enable.auto.commit": "false"}
    with closing(Consumer(cluster.client(user) | QUIET | settings)) as consumer:
        known = consumer.list_topics(topic, timeout=SECONDS).topics[topic]
        if known.error:
            raise KafkaException(known.error)
        return [
            message
            for number in sorted(known.partitions)
            for message in partition(consumer, Partition(topic, number, OFFSET_BEGINNING))
        ]


def partition(consumer: Consumer, wanted: Partition) -> Iterator[Message]:
    """Yield the records of a partition until its end."""
    consumer.assign([wanted])
    while (message := consumer.poll(SECONDS)) is not None:
        error = message.error()
        if error is None:
            yield message
        elif error.code() == KafkaError._PARTITION_EOF:
            return
        else:
            raise KafkaException(error)
    raise TimeoutError(f"nothing more of {wanted.topic}, and no end, for {SECONDS:g} s")
