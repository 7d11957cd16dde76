"""The topics as workers make them, and what they say to those that are there."""

import pytest
from confluent_kafka.admin import ConfigResource
from confluent_kafka.admin import ResourceType as Kind

from exporter.fleet.kafka import TopicError, changelog_of, find_topic, make_topics
from exporter.settings import Kafka as Table
from tests.system.parts.kafka import Kafka
from tests.system.parts.needs import needs

pytestmark = needs("kafka")


def table(kafka: Kafka, topic: str, **more) -> Table:
    return Table(servers=(kafka.bootstrap,), topic=topic, **more)


def settings(kafka: Kafka, topic: str) -> dict[str, str]:
    asked = ConfigResource(Kind.TOPIC, topic)
    [answer] = kafka.admin.describe_configs([asked]).values()
    return {key: str(entry.value) for key, entry in answer.result(20).items()}


def test_what_is_missing_is_made_once(kafka):
    ours = table(kafka, "made", partitions=3)
    with pytest.raises(TopicError, match="topic made is not there: the first worker makes it"):
        find_topic(ours)
    for _ in range(2):
        make_topics(ours)
    make_topics(table(kafka, "made", partitions=5))  # what is there is left
    find_topic(ours)
    assert len(kafka.leaders("made")) == len(kafka.leaders("made-changelog")) == 3
    made, changelog = settings(kafka, "made"), settings(kafka, "made-changelog")
    assert made["message.timestamp.type"] == "LogAppendTime"
    assert made["max.message.bytes"] == "4194304"
    assert made["cleanup.policy"] == "delete"
    assert changelog["cleanup.policy"] == "compact"
    assert changelog["max.message.bytes"] == "16777216"


def test_a_changelog_is_made_with_as_many_partitions_as_its_topic_has(kafka):
    kafka.topic("older", partitions=2, message_timestamp_type="LogAppendTime")
    make_topics(table(kafka, "older", partitions=7))
    assert len(kafka.leaders("older-changelog")) == 2


@pytest.mark.parametrize(
    ("topic", "of_topic", "of_changelog", "said"),
    [
        ("counted", 2, {"cleanup_policy": "compact"}, "has 2 partitions, but its changelog"),
        ("kept", 1, {"cleanup_policy": "delete"}, "cleanup.policy = delete; it has to be compact"),
        (
            "both",
            1,
            {"cleanup_policy": "compact,delete"},
            "cleanup.policy = compact,delete; it has",
        ),
    ],
)
def test_a_changelog_that_would_lose_counts_is_an_error(kafka, topic, of_topic, of_changelog, said):
    kafka.topic(topic, partitions=of_topic, message_timestamp_type="LogAppendTime")
    kafka.topic(changelog_of(topic), **of_changelog)
    with pytest.raises(TopicError, match=said):
        make_topics(table(kafka, topic))


def test_a_topic_without_the_brokers_own_times_is_an_error(kafka):
    kafka.topic("dated")
    with pytest.raises(TopicError, match="type = CreateTime"):
        make_topics(table(kafka, "dated"))
