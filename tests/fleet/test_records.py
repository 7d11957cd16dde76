import msgspec
import pytest

from exporter.fleet import records
from exporter.fleet.records import Lines, RecordError, Report

LINES = Lines(
    session="a1",
    sequence=7,
    region="",
    received=1_790_000_000.5,
    listener="udp",
    sender="192.0.2.1",
    messages=[b"one", b"two \xff"],
)
REPORT = Report(session="a1", sequence=8, region="east", received=1_790_000_001.0, body=b"{}")


@pytest.mark.parametrize("record", [LINES, REPORT])
def test_a_record_comes_back_as_it_was(record):
    assert records.decode(records.encode(record)) == record


def test_a_later_version_may_have_more_fields():
    longer = [*msgspec.msgpack.decode(records.encode(LINES)), "of a later version"]
    assert records.decode(msgspec.msgpack.encode(longer)) == LINES


@pytest.mark.parametrize(
    "value", [None, b"", b"\xff", b"knock", records.encode(LINES)[:-1], b"\x91" * 100_000, b"\x90"]
)
def test_what_no_relay_wrote_is_refused(value):
    with pytest.raises(RecordError):
        records.decode(value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"session": ""},
        {"session": "x" * 65},
        {"sequence": 0},
        {"sequence": -1},
        {"received": float("nan")},
        {"received": -1.0},
        {"received": float("inf")},
        {"region": "a\nb"},
        {"region": " east"},
        {"region": "x" * 65},
    ],
)
@pytest.mark.parametrize("record", [LINES, REPORT])
def test_a_record_that_says_nothing_sensible_is_refused(record, wrong):
    value = records.encode(msgspec.structs.replace(record, **wrong))
    with pytest.raises(RecordError):
        records.decode(value)


@pytest.mark.parametrize("site", ["kyoto-3", "Ōsaka 1", "a", "x" * 64])
def test_a_key_names_a_site(site):
    assert records.site_of(site.encode()) == site


@pytest.mark.parametrize(
    "key", [None, b"", b" a", b"a ", b"a\nb", b"\xff", b"a@b", "\u202eb".encode(), b"x" * 65]
)
def test_a_key_that_names_no_site_is_refused(key):
    with pytest.raises(RecordError):
        records.site_of(key)
