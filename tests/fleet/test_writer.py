"""What a writer makes of the library's answers; with a real broker: `tests/system/test_relay`."""

import pytest
from confluent_kafka import KafkaError

from exporter.config import ConfigError
from exporter.fleet import writer as module
from exporter.fleet.writer import Answer, Writer
from exporter.settings import Kafka
from tests.fleet.outgoing import row

NOBODY = Kafka(servers=("127.0.0.1:9",))


@pytest.fixture
def writer(monkeypatch):
    """Return one whose broker is away, which it does not find out."""
    monkeypatch.setattr(module, "find_topic", lambda kafka: None)
    writer = Writer(NOBODY, "r1", None)
    yield writer
    writer.close()


def test_it_is_not_made_before_the_topic_is_there(monkeypatch):
    monkeypatch.setattr("exporter.fleet.kafka._SECONDS", 0.2)
    with pytest.raises(TimeoutError):
        Writer(NOBODY, "r1", None)


def test_what_the_library_cannot_use_is_an_error_of_the_configuration(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "find_topic", lambda kafka: None)
    ca = tmp_path / "ca.pem"
    ca.write_text("no certificate")
    with pytest.raises(ConfigError, match="kafka: "):
        Writer(Kafka(servers=NOBODY.servers, security="ssl", ca=str(ca)), "r1", None)


def test_a_row_larger_than_any_broker_takes_is_answered_at_once(writer):
    assert writer.write(row(1, size=17 * 1024 * 1024))
    assert writer.poll() == [Answer(1, oversize=True)]
    assert not writer.broken


def test_a_full_library_is_no_error(writer, monkeypatch):
    class Full:
        def produce(self, *_, **__):
            raise BufferError

        def purge(self): ...

        def flush(self, _): ...

    monkeypatch.setattr(writer, "_producer", Full())
    assert not writer.write(row(1))
    assert not writer.broken


@pytest.mark.parametrize(
    ("code", "rejected"),
    [
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, {1}),
        (KafkaError._INCONSISTENT, set()),  # it may be there
    ],
)
def test_a_row_that_fails_for_good_breaks_the_writer(writer, code, rejected):
    writer._answered(1, KafkaError(code))
    writer._answered(2, None)
    assert writer.broken == KafkaError(code).str()
    assert writer.rejected == rejected
    assert writer.poll() == [Answer(2)]


def test_a_fatal_error_breaks_it_and_others_do_not(writer):
    writer._failed(KafkaError(KafkaError._ALL_BROKERS_DOWN))
    assert not writer.broken
    writer._failed(KafkaError(KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER, "why", True))
    assert writer.broken == "why"
