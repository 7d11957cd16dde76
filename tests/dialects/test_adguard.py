import base64
import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import Malformed, adguard
from exporter.events import Event
from exporter.syslog import header

A = (1, bytes((203, 0, 113, 9)))
AAAA = (28, bytes.fromhex("20010db8000000000000000000000009"))
CNAME = (5, b"\x04edge\xc0\x10")


def answer(*records: tuple[int, bytes]) -> str:
    message = struct.pack(">6H", 1, 0x8180, 1, len(records), 0, 0) + b"\x03www\x07example\x03com\0"
    message += struct.pack(">HH", 1, 1)
    for number, data in records:
        message += b"\xc0\x0c" + struct.pack(">HHIH", number, 1, 60, len(data)) + data
    return base64.b64encode(message).decode()


def parse(**keys: object) -> Event | None:
    entry = {
        "T": "2026-11-10T14:55:01Z",
        "QH": "www.example.com",
        "QT": "A",
        "IP": "fd00::33",
    } | keys
    message = header.read(msgspec.json.encode(entry), 0.0)
    return adguard.parse(message) if adguard.claims(message) else None


@pytest.mark.parametrize(
    ("records", "ip"),
    [
        ([A], "203.0.113.9"),
        ([AAAA], "2001:db8::9"),
        ([CNAME, A, AAAA], "203.0.113.9"),
        ([(1, bytes(4))], None),
        ([(1, b"\x01"), (16, b"text")], None),
        ([], None),
    ],
)
def test_the_first_address_of_the_answer_is_told(records, ip):
    event = parse(Answer=answer(*records))
    assert event == Event(kind="dns", source_ip="fd00::33", ip=ip, hostname="www.example.com")


def test_a_blocked_name_has_no_address():
    event = parse(Answer=answer(A), Result={"IsFiltered": True, "Reason": 3})
    assert event == Event(
        kind="dns", action="blocked", source_ip="fd00::33", hostname="www.example.com"
    )


@given(st.binary(max_size=200))
def test_any_answer_is_read_or_left_out(data):
    event = parse(Answer=base64.b64encode(data).decode())
    assert event is not None
    assert event.kind == "dns"


@pytest.mark.parametrize("size", [0, 20, 24, 30, 40, 50])
def test_a_cut_answer_is_left_out(size):
    event = parse(Answer=answer(CNAME, A)[:size])
    assert event is not None
    assert event.ip is None


@pytest.mark.parametrize("text", ['{"QH":"a","QT":"A"', '{"QH":"a","QT":"A","IP":7}', "[" * 9000])
def test_a_cut_entry_is_malformed(text):
    with pytest.raises(Malformed):
        adguard.parse(header.read(text.encode(), 0.0))
