"""Kafka as a configuration names it: what a client is told, and the topics that must be there.

The topic holds what relays write. Its changelog holds the workers' state, in as many partitions,
the newest record of each key. The library is librdkafka's; see its CONFIGURATION.md for the words.
"""

import logging
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from loguru import logger

from exporter.config import ConfigError
from exporter.settings import Kafka
from exporter.transports import OncePerMinute

try:
    from confluent_kafka import KafkaError, KafkaException
    from confluent_kafka.admin import (
        AdminClient,
        ClusterMetadata,
        ConfigResource,
        NewTopic,
        ResourceType,
    )
except ImportError as missing:  # an extra, which few need
    text = f"kafka: needs knockwatch's extra: pip install '.[kafka]' ({missing})"
    raise ConfigError(text) from None

PARTITIONER = "murmur2_random"  # as Java's clients place keys; all relays must do alike
TOPIC_BYTES = 4 * 1024 * 1024  # of a record, compressed
CHANGELOG_BYTES = 16 * 1024 * 1024
_SECONDS = 5.0  # in which a broker answers, or is away; whoever stops has to wait for that

_TOPIC = {"message.timestamp.type": "LogAppendTime", "max.message.bytes": str(TOPIC_BYTES)}
_CHANGELOG = {"cleanup.policy": "compact", "max.message.bytes": str(CHANGELOG_BYTES)}


class TopicError(ValueError):
    """The brokers refuse us, or the topics as they are cannot be used; the text says why."""


def changelog_of(topic: str) -> str:
    """Return the name of a topic's changelog."""
    return f"{topic}-changelog"


def client(kafka: Kafka) -> dict[str, Any]:
    """Return librdkafka's settings for reaching the brokers; whoever needs more adds it.

    Raises ConfigError naming the key.
    """
    if not kafka.servers:
        raise ConfigError("kafka.servers: names no broker, such as kafka-1:9092")
    return {
        "bootstrap.servers": ",".join(kafka.servers),
        "client.id": "knockwatch",
        "security.protocol": kafka.security.upper(),
        "logger": _LOG,
        **_tls(kafka),
        **_login(kafka),
    }


def find_topic(kafka: Kafka) -> None:
    """Block until a broker has answered that the topic is there: a relay may write to it only.

    Raises ConfigError, TopicError, and TimeoutError when no broker answers.
    """
    if kafka.topic not in _Brokers(kafka).partitions():
        raise TopicError(f"topic {kafka.topic} is not there: the first worker makes it")


def make_topics(kafka: Kafka) -> None:
    """Create what is missing; block until it is there. What is there is looked at, and left.

    Raises ConfigError, TopicError, and TimeoutError when no broker answers.
    """
    brokers = _Brokers(kafka)
    topic, changelog = kafka.topic, changelog_of(kafka.topic)
    known = brokers.partitions()
    for name, settings in ((topic, _TOPIC), (changelog, _CHANGELOG)):
        if name not in known:
            brokers.create(name, known.get(topic, kafka.partitions), settings)
            known = brokers.partitions(awaited=name)
    if known[changelog] != known[topic]:
        raise TopicError(
            f"topic {topic} has {known[topic]} partitions, but its changelog {changelog}"
            f" has {known[changelog]}: both need as many"
        )
    brokers.check(topic, "message.timestamp.type", "LogAppendTime")
    brokers.check(changelog, "cleanup.policy", "compact")


def _tls(kafka: Kafka) -> dict[str, str]:
    files = {
        "ca": "ssl.ca.location",
        "certificate": "ssl.certificate.location",
        "key": "ssl.key.location",
    }
    given = {key: str(getattr(kafka, key)) for key in files if getattr(kafka, key)}
    for key, file in given.items():
        if "ssl" not in kafka.security:
            raise ConfigError(f'kafka.{key}: is for TLS, but kafka.security is "{kafka.security}"')
        _read(key, file)
    return {files[key]: file for key, file in given.items()}


def _login(kafka: Kafka) -> dict[str, str]:
    with_login = kafka.security.startswith("sasl_")
    for key in ("user", "password_file"):
        if bool(getattr(kafka, key)) != with_login:
            lacks = "asks for one" if with_login else "asks for none"
            raise ConfigError(f'kafka.{key}: kafka.security = "{kafka.security}" {lacks}')
    if not with_login:
        return {}
    return {
        "sasl.mechanisms": kafka.mechanism,
        "sasl.username": kafka.user,
        "sasl.password": _read("password_file", kafka.password_file).strip(),
    }


def _read(key: str, file: str) -> str:
    try:
        return Path(file).read_text("utf-8")
    except (OSError, ValueError) as error:
        raise ConfigError(f"kafka.{key}: cannot be read: {error}") from None


class _Brokers:
    """What is asked of the brokers; each answer is waited for."""

    def __init__(self, kafka: Kafka) -> None:
        self._replicas = kafka.replicas or -1  # -1: as the brokers are configured
        self._servers = ", ".join(kafka.servers)
        self._refused = ""
        settings = client(kafka)
        settings["error_cb"] = self._failed
        self._admin = AdminClient(settings)

    def partitions(self, awaited: str = "") -> dict[str, int]:
        """Return how many partitions each topic has; `awaited` was just created."""
        until = time.monotonic() + _SECONDS
        while True:
            found = {
                name: len(topic.partitions)
                for name, topic in self._metadata().topics.items()
                if topic.error is None and topic.partitions
            }
            if not awaited or awaited in found:
                return found
            if time.monotonic() > until:
                raise TimeoutError(f"topic {awaited} is created, but not there yet")
            time.sleep(0.1)

    def create(self, name: str, partitions: int, settings: dict[str, str]) -> None:
        """Create a topic; that another client has just done so is fine."""
        new = NewTopic(name, partitions, self._replicas, config=settings)
        try:
            self._answer(self._admin.create_topics([new], request_timeout=_SECONDS)[name])
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                why = error.args[0].str()
                raise TopicError(f"topic {name} is missing and cannot be made: {why}") from None
        else:
            logger.info("topic {} made, with {} partitions", name, partitions)

    def check(self, name: str, key: str, wanted: str) -> None:
        """Raise TopicError unless a setting of a topic has that value."""
        found, until = None, time.monotonic() + _SECONDS
        while found is None:
            try:
                found = self._setting(name, key)
            except KafkaException as error:
                why = error.args[0]
                # Of a topic that was just made not every broker knows.
                if why.code() != KafkaError.UNKNOWN_TOPIC_OR_PART or time.monotonic() > until:
                    raise TopicError(f"topic {name} cannot be looked at: {why.str()}") from None
                time.sleep(0.1)
        if found != wanted:
            raise TopicError(f"topic {name} has {key} = {found}; it has to be {wanted}")

    def _setting(self, name: str, key: str) -> str:
        asked = ConfigResource(ResourceType.TOPIC, name)
        [answer] = self._admin.describe_configs([asked], request_timeout=_SECONDS).values()
        return str(self._answer(answer)[key].value)

    def _metadata(self) -> ClusterMetadata:
        try:
            return self._admin.list_topics(timeout=_SECONDS)
        except KafkaException as error:
            self._admin.poll(0)
            if self._refused:
                raise TopicError(f"the brokers refuse us: {self._refused}") from None
            raise TimeoutError(f"no broker of {self._servers}: {error.args[0].str()}") from None

    def _answer(self, answer: Future[Any]) -> Any:
        """Return what is answered; raises KafkaException, and TimeoutError when nothing is."""
        try:
            return answer.result(_SECONDS + 1)
        except KafkaException as error:
            if error.args[0].code() in (KafkaError._TIMED_OUT, KafkaError._TRANSPORT):
                raise TimeoutError(f"no broker of {self._servers}: {error.args[0].str()}") from None
            raise

    def _failed(self, error: KafkaError) -> None:
        if error.code() in (error._AUTHENTICATION, error._SSL):
            self._refused = error.str()


class _ToOurs(logging.Handler):
    """Passes on what the library logs, each kind of it once a minute."""

    def __init__(self) -> None:
        super().__init__()
        self._due = OncePerMinute()

    def emit(self, record: logging.LogRecord) -> None:
        """Log it as ours."""
        text = record.getMessage()
        kind = text.partition(" ")[0]  # as FAIL; all else of it varies
        if self._due(record.created, record.levelname, kind):
            logger.log(record.levelname, "kafka: {}", text)


_LOG = logging.Logger("kafka")  # of no tree: what others configure is not for it
_LOG.addHandler(_ToOurs())
