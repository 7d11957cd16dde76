"""A worker's Kafka transactions: what changed goes into the changelog together with the offsets.

Records and offsets go in, and are all stored, or none of them. Who may store is decided by the
consumer group: offsets are sent with the group's generation, and the brokers refuse those of a
member that the group has given up, however late they come (KIP-447). A transaction is open only
while it is committed, so that one that hangs holds up a partition's next owner for seconds at most.
Source: librdkafka's INTRODUCTION.md, "Transactional producer".
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from exporter.fleet.kafka import CHANGELOG_BYTES

SECONDS = 30  # after which the brokers abort a transaction that its worker did not end
_STEP = 2.0  # seconds for which one call waits, before we look whether we shall go on
_EXPELLED = {
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.FENCED_INSTANCE_ID,
    KafkaError.REBALANCE_IN_PROGRESS,
}


class Aborted(Exception):
    """Nothing of the transaction is stored; the same may be tried again."""

    def __init__(self, error: KafkaError) -> None:
        super().__init__(error.str())
        self.expelled = error.code() in _EXPELLED  # the group knows another generation than ours


class Broken(Exception):
    """The producer can do no more; whether its last transaction is stored, is not known."""


class Stored(NamedTuple):
    """What one transaction stores."""

    records: Iterable[tuple[int, bytes, bytes | None]]  # partition, key, value; None removes
    offsets: Mapping[int, int]  # by partition; the next one to be read
    generation: Any  # of the consumer group, as of the moment in which the others were taken


def producer(settings: Mapping[str, Any], name: str) -> Producer:
    """Return a producer of transactions; `name` is that of one process, and of all its producers.

    So a new one ends what an older one of the same process has left open.
    """
    return Producer(
        {
            **settings,
            "transactional.id": name,
            "transaction.timeout.ms": SECONDS * 1000,
            "message.max.bytes": CHANGELOG_BYTES,
            "compression.type": "lz4",
            "linger.ms": 5,
        }
    )


class Transactions:
    """Stores what changed. Its methods block; one thread at a time may call them."""

    def __init__(self, client: Producer, topic: str, changelog: str) -> None:
        """`topic` is what is consumed, `changelog` takes the records."""
        self._client = client
        self._topic = topic
        self._changelog = changelog
        self._given_up = False

    def open(self) -> bool:
        """End what a producer of the same name has left open; false while no broker answers.

        Raises Broken.
        """
        try:
            self._client.init_transactions(_STEP)
        except KafkaException as error:
            if not error.args[0].retriable():
                raise Broken(error.args[0].str()) from error
            return False
        return True

    def commit(self, stored: Stored) -> None:
        """Store all of it, or nothing; return when that is certain, however long it takes.

        Raises Aborted and Broken.
        """
        try:
            self._client.begin_transaction()
            for partition, key, value in stored.records:
                self._produce(partition, key, value)
            offsets = [TopicPartition(self._topic, p, at) for p, at in stored.offsets.items()]
            self._wait(self._client.send_offsets_to_transaction, offsets, stored.generation)
            self._wait(self._client.commit_transaction)
        except KafkaException as error:
            self._abort(error.args[0])
            raise Aborted(error.args[0]) from None

    def give_up(self) -> None:
        """Let what waits for brokers end soon, with Broken; any thread may call this."""
        self._given_up = True

    def _abort(self, why: KafkaError) -> None:
        """End the transaction. Raises Broken when that cannot be done."""
        if why.fatal():
            raise Broken(why.str())
        try:
            self._wait(self._client.abort_transaction)
        except KafkaException as error:
            raise Broken(f"{why.str()}; {error.args[0].str()}") from None

    def _produce(self, partition: int, key: bytes, value: bytes | None) -> None:
        while True:
            try:
                self._client.produce(self._changelog, value, key, partition)
            except BufferError:  # the library holds as much as it may
                self._look()
                self._client.poll(0.1)
            else:
                return

    def _wait(self, call: Callable[..., None], *arguments: object) -> None:
        """Call until it is done. Raises Broken, and KafkaException for what waiting cannot mend."""
        while True:
            try:
                call(*arguments, _STEP)
            except KafkaException as error:
                if not error.args[0].retriable():
                    raise
                self._look()
            else:
                return

    def _look(self) -> None:
        if self._given_up:
            raise Broken("given up while no broker answered")
