"""The topic as a relay writes it: rows go in, and out comes what the brokers have, or never take.

Within one writer the brokers keep each row once and in order, however often it is sent, which is
without end (librdkafka's idempotent producer). When that cannot go on the writer is `broken`: the
next one begins at the oldest row without an answer, and the workers drop what they know by its
session and sequence.
"""

from functools import partial
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from exporter.config import ConfigError
from exporter.fleet.kafka import PARTITIONER, client, find_topic
from exporter.fleet.relay_keys import sign
from exporter.fleet.spool import Row
from exporter.settings import Kafka

_TOO_LARGE = {
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.RECORD_LIST_TOO_LARGE,
    KafkaError.INVALID_MSG_SIZE,
}
_SETTINGS = {
    "enable.idempotence": True,
    "acks": "all",
    "message.timeout.ms": 0,  # it never gives up
    "compression.type": "zstd",
    "partitioner": PARTITIONER,
    # What is sent together is refused together: it has to be less than any broker's limit.
    "batch.size": 64 * 1024,
    "linger.ms": 20,  # a report waits for its answer, lines have waited for each other before
    "message.max.bytes": 16 * 1024 * 1024,  # before it is compressed; what comes is bounded
    "reconnect.backoff.max.ms": 2000,  # the spool grows meanwhile
}


class Answer(NamedTuple):
    """What became of a row: acknowledged, or too large for ever."""

    number: int
    oversize: bool = False


class Writer:
    """One producer. All but the making and the end is done in the event loop, and never waits."""

    def __init__(self, kafka: Kafka, relay: str, secret: bytes | None) -> None:
        """Block until a broker has answered; without a `secret` nothing is signed.

        Raises ConfigError, TopicError, or TimeoutError.
        """
        find_topic(kafka)
        self.broken = ""  # why nothing more can be written
        self.rejected: set[int] = set()  # rows that the brokers surely do not have
        self._topic, self._relay, self._secret = kafka.topic, relay.encode(), secret
        self._answers: list[Answer] = []
        settings = client(kafka) | _SETTINGS
        settings["error_cb"] = self._failed
        try:
            self._producer = Producer(settings)
        except KafkaException as error:
            raise ConfigError(f"kafka: {error.args[0].str()}") from None

    def write(self, row: Row) -> bool:
        """Begin to send a row; false when the library has no room."""
        headers: list[tuple[str, str | bytes | None]] = [
            ("kind", row.kind.encode()),
            ("relay", self._relay),
        ]
        if self._secret is not None:
            headers.append(("signature", sign(self._secret, row.site, row.value)))
        try:
            self._producer.produce(
                self._topic,
                row.value,
                row.site.encode(),
                headers=headers,
                on_delivery=partial(self._answered, row.number),
            )
        except BufferError:
            return False
        except KafkaException as error:
            self._answered(row.number, error.args[0])
        return True

    def poll(self) -> list[Answer]:
        """Return what was answered since the last call."""
        self._producer.poll(0)
        answers, self._answers = self._answers, []
        return answers

    def close(self) -> None:
        """Give up what has no answer yet. Blocks for a moment."""
        self._producer.purge()
        self._producer.flush(1.0)

    def _answered(self, number: int, error: KafkaError | None, _: Message | None = None) -> None:
        if error is None:
            self._answers.append(Answer(number))
        elif error.code() in _TOO_LARGE:
            self._answers.append(Answer(number, oversize=True))
        else:
            self.broken = self.broken or error.str()
            if error.code() > 0 and not error.fatal():  # below 0 are the library's own
                self.rejected.add(number)

    def _failed(self, error: KafkaError) -> None:
        if error.fatal():
            self.broken = self.broken or error.str()
