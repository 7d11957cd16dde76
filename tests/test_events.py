import msgspec
import pytest

from exporter import events

RECORDS = [
    record
    for record in vars(events).values()
    if isinstance(record, type) and issubclass(record, msgspec.Struct)
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_records_cannot_be_changed_on_their_way(record):
    assert record.__struct_config__.frozen
    assert record.__doc__


def test_a_line_stands_for_one_packet_unless_it_says_how_many():
    assert events.Event(kind="rejected").packets == 1
    assert events.Event(kind="rejected", count=0).packets == 0
    assert events.Event(kind="rejected", count=7).packets == 7


def test_an_event_says_only_what_its_line_said():
    event = events.Event(kind="rejected", source_port=0, transport="udp")
    assert msgspec.to_builtins(event) == {
        "kind": "rejected",
        "source_port": 0,
        "transport": "udp",
    }
