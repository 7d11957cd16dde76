import msgspec
import pytest

from exporter import host_report
from exporter.host_report import Flow, Socket

RECORDS = [
    record
    for record in vars(host_report).values()
    if isinstance(record, type) and issubclass(record, msgspec.Struct)
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_records_cannot_be_changed_on_their_way(record):
    assert record.__struct_config__.frozen
    assert record.__doc__


def test_a_socket_says_only_what_the_system_told():
    said = {"transport": "udp", "local_ip": "0.0.0.0", "local_port": 0}
    assert msgspec.to_builtins(Socket(**said)) == said


def test_a_conversation_without_counters_has_no_bytes():
    flow = Flow(
        transport="udp",
        local_ip="192.168.1.23",
        local_port=51413,
        remote_ip="198.51.100.7",
        remote_port=3478,
    )
    assert "bytes" not in msgspec.to_builtins(flow)
