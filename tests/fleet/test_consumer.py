"""What the library gives becomes plain values; membership itself is shown in tests/system."""

from typing import cast

from confluent_kafka import Consumer, KafkaError

from exporter.fleet.consumer import Consumed, read
from tests.fleet.reading import Library, Record


def test_records_are_plain_values_and_what_else_is_told_comes_apart():
    away = KafkaError(KafkaError._ALL_BROKERS_DOWN)
    library = Library({})
    library.waiting = [Record(3), Record(0, wrong=away), Record(4, named=None, holds=None)]
    records, errors = read(cast("Consumer", library), 10, 1.0)
    at = 1_790_000_000.003
    assert records[0] == Consumed(0, 3, at, b"home", b"value", {"kind": b"report"})
    assert (records[1].offset, records[1].key, records[1].value) == (4, None, None)
    assert errors == [away]


def test_no_more_is_read_than_is_asked_for_and_nothing_is_nothing():
    library = Library({})
    assert read(cast("Consumer", library), 10, 0.0) == ([], [])
    library.waiting = [Record(at) for at in range(5)]
    records, _ = read(cast("Consumer", library), 2, 1.0)
    assert [record.offset for record in records] == [0, 1]
