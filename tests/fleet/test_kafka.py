import importlib
import sys

import pytest
from confluent_kafka import KafkaError, KafkaException

from exporter.config import ConfigError
from exporter.fleet import kafka
from exporter.settings import Kafka


@pytest.fixture
def secret(tmp_path):
    file = tmp_path / "password"
    file.write_text("open sesame\n")
    return str(file)


def test_a_client_without_security_is_told_the_brokers_alone():
    told = kafka.client(Kafka(servers=("kafka1:9092", "kafka2:9092")))
    del told["logger"]
    assert told == {
        "bootstrap.servers": "kafka1:9092,kafka2:9092",
        "client.id": "knockwatch",
        "security.protocol": "PLAINTEXT",
    }


def test_a_client_logs_in_with_the_password_of_a_file_and_trusts_the_configured_ca(
    tmp_path, secret
):
    ca, own, key = tmp_path / "ca.pem", tmp_path / "own.pem", tmp_path / "own.key"
    for file in (ca, own, key):
        file.write_text("PEM")
    told = kafka.client(
        Kafka(
            servers=("kafka:9093",),
            security="sasl_ssl",
            ca=str(ca),
            certificate=str(own),
            key=str(key),
            user="relay",
            password_file=secret,
        )
    )
    del told["logger"]
    assert told == {
        "bootstrap.servers": "kafka:9093",
        "client.id": "knockwatch",
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": str(ca),
        "ssl.certificate.location": str(own),
        "ssl.key.location": str(key),
        "sasl.mechanisms": "SCRAM-SHA-512",
        "sasl.username": "relay",
        "sasl.password": "open sesame",
    }


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"servers": ()}, "kafka.servers: names no broker, such as kafka-1:9092"),
        ({"ca": "/x.pem"}, 'kafka.ca: is for TLS, but kafka.security is "plaintext"'),
        ({"security": "ssl", "ca": "/none/x.pem"}, "kafka.ca: cannot be read"),
        ({"user": "relay"}, 'kafka.user: kafka.security = "plaintext" asks for none'),
        ({"security": "sasl_ssl"}, 'kafka.user: kafka.security = "sasl_ssl" asks for one'),
        (
            {"security": "sasl_ssl", "user": "relay"},
            'kafka.password_file: kafka.security = "sasl_ssl" asks for one',
        ),
        (
            {"security": "sasl_ssl", "user": "relay", "password_file": "/none/password"},
            "kafka.password_file: cannot be read",
        ),
    ],
)
def test_an_error_names_its_key(wrong, said):
    with pytest.raises(ConfigError, match=f"^{said}"):
        kafka.client(Kafka(**({"servers": ("kafka:9092",)} | wrong)))


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    monkeypatch.delitem(sys.modules, "exporter.fleet.kafka")
    with pytest.raises(ConfigError, match=r"pip install '\.\[kafka\]'"):
        importlib.import_module("exporter.fleet.kafka")


def test_a_broker_that_is_away_is_no_error_of_the_topics(monkeypatch):
    monkeypatch.setattr(kafka, "_SECONDS", 0.2)
    with pytest.raises(TimeoutError, match="no broker of 127"):
        kafka.make_topics(Kafka(servers=("127.0.0.1:9",)))
    with pytest.raises(TimeoutError, match="no broker of 127"):
        kafka.find_topic(Kafka(servers=("127.0.0.1:9",)))


def test_a_topic_of_which_not_every_broker_knows_yet_is_asked_for_again(monkeypatch):
    brokers = kafka._Brokers(Kafka(servers=("127.0.0.1:9",)))
    unknown = KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
    answers = iter([unknown, unknown, "compact"])

    def setting(name, key):
        answer = next(answers)
        if isinstance(answer, KafkaException):
            raise answer
        return answer

    monkeypatch.setattr(brokers, "_setting", setting)
    brokers.check("new", "cleanup.policy", "compact")
    assert list(answers) == []
    monkeypatch.setattr(kafka, "_SECONDS", 0.0)
    answers = iter([unknown, unknown, unknown])
    with pytest.raises(kafka.TopicError, match="topic new cannot be looked at"):
        brokers.check("new", "cleanup.policy", "compact")
