import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

if sys.platform != "linux":
    pytest.skip("connection tracking is Linux's", allow_module_level=True)

from exporter.agent import conntrack
from exporter.agent.conntrack import Tuple

NEW, DESTROYED = 256, 258

# What a router's kernel said, of version 6.18: a device's packet, its port translated …
OUTBOUND = bytes.fromhex(
    "02000000340001801400018008000100c0a8010a08000200c63364071c000280050001001100000006000200c3cb"
    "0000060003000d960000340002801400018008000100c633640708000200cb00710a1c0002800500010011000000"
    "060002000d96000006000300ee48000008000c00c7e825740800030000000198080007000000001e"
)
# … a device's packet by IPv6, from the table of a kernel that counts …
COUNTED_V6 = bytes.fromhex(
    "0a0000004c0001802c0001801400030020010db80001000000000000000000101400040020010db800ff00000000"
    "0000000000011c0002800500010011000000060002009c41000006000300003500004c0002802c00018014000300"
    "20010db800ff000000000000000000011400040020010db80001000000000000000000101c000280050001001100"
    "00000600020000350000060003009c4100000800030000000008080008000000000008000c00df0a333f08000b00"
    "00000002080007000000001d1c0009800c00010000000000000000010c00020000000000000000311c000a800c00"
    "010000000000000000000c0002000000000000000000"
)
# … a stranger's packet that was led to a device, once that ended; and an echo request.
FORWARDED = bytes.fromhex(
    "02000000340001801400018008000100c633640908000200cb00710a1c0002800500010011000000060002000fa0"
    "0000060003001f900000340002801400018008000100c0a8010a08000200c63364091c0002800500010011000000"
    "0600020000500000060003000fa0000008000c00d3843aa508000300000003aa080007000000001d1c0009800c00"
    "010000000000000000010c000200000000000000001e1c000a800c00010000000000000000010c00020000000000"
    "00000021"
)
ECHO = bytes.fromhex(
    "020000003c0001801400018008000100c0a8010a08000200cb007101240002800500010001000000060004000001"
    "0000050005000800000005000600000000003c0002801400018008000100cb00710108000200c0a8010a24000280"
    "0500010001000000060004000001000005000500000000000500060000000000"
)


def test_a_translated_connection_tells_the_port_outside():
    entry = conntrack.read(NEW, OUTBOUND)
    assert entry is not None
    assert entry.transport == "udp"
    assert entry.original == Tuple("192.168.1.10", 50123, "198.51.100.7", 3478)
    assert entry.reply == Tuple("198.51.100.7", 3478, "203.0.113.10", 61000)
    assert (entry.bytes, entry.ended) == (None, False)


def test_a_connection_of_the_table_tells_its_bytes():
    entry = conntrack.read(NEW, COUNTED_V6)
    assert entry is not None
    assert entry.original == Tuple("2001:db8:1::10", 40001, "2001:db8:ff::1", 53)
    assert entry.bytes == 49  # 8 of UDP, 40 of IPv6


def test_a_connection_that_ended_tells_the_bytes_of_both_directions():
    entry = conntrack.read(DESTROYED, FORWARDED)
    assert entry is not None
    assert entry.reply == Tuple("192.168.1.10", 80, "198.51.100.9", 4000)
    assert (entry.bytes, entry.ended) == (30 + 33, True)


def test_what_has_no_ports_is_none_of_ours():
    assert conntrack.read(NEW, ECHO) is None


@given(st.sampled_from([OUTBOUND, COUNTED_V6, FORWARDED, ECHO]), st.data())
def test_no_bytes_are_too_odd(body: bytes, data: st.DataObject):
    at = data.draw(st.integers(0, len(body)))
    odd = body[:at] + data.draw(st.binary(max_size=9)) + body[at + data.draw(st.integers(0, 9)) :]
    entry = conntrack.read(NEW, odd)
    assert entry is None or entry.transport in ("tcp", "udp")


def test_where_connections_are_not_tracked_nobody_is_asked(tmp_path: Path):
    assert conntrack.connections(tmp_path / "none") is None
    (tmp_path / "count").write_text("17\n")
    assert conntrack.connections(tmp_path / "count") == 17


def test_whether_bytes_are_counted_is_known(tmp_path: Path):
    file = tmp_path / "acct"
    assert not conntrack.counts_bytes(file)
    for text, counts in (("0\n", False), ("1\n", True)):
        file.write_text(text)
        assert conntrack.counts_bytes(file) is counts
