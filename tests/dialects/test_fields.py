import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import fields


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("TCP", "tcp"),
        ("17", "udp"),
        ("2", "igmp"),
        ("ICMPv6", "icmpv6"),
        ("ipv6-icmp", "icmpv6"),
        ("58", "icmpv6"),
        ("162", "162"),
        ("256", None),
        ("", None),
        ("<proto>", None),
        ("x" * 25, None),
    ],
)
def test_transports_have_one_name_each(text, name):
    assert fields.transport(text) == name


@given(st.integers(0, 65535))
def test_every_port_reads_back(number):
    assert fields.port(str(number)) == number


@pytest.mark.parametrize(
    "text", ["", "65536", "99999", "-1", "+1", "1_0", "٣", "²", "ssh", " 1", "1" * 9]
)
def test_what_is_no_port_is_none(text):
    assert fields.port(text) is None


@pytest.mark.parametrize(
    ("text", "mac"),
    [
        ("00:00:5E:00:53:01", "00:00:5e:00:53:01"),
        ("00-00-5e-00-53-01", "00:00:5e:00:53:01"),
        ("00:00-5e:00:53:01", None),
        ("00:00:00:00:00:00", None),
        ("00:00:5e:00:53:0g", None),
        ("00:00:5e:00:53", None),
    ],
)
def test_hardware_addresses_are_written_one_way(text, mac):
    assert fields.mac(text) == mac


@pytest.mark.parametrize("text", ["", "(none)", "(unknown 0)", "N/A"])
def test_no_interface_is_none(text):
    assert fields.interface(text) is None


@pytest.mark.parametrize("read", [fields.interface, fields.word])
def test_no_name_is_longer_than_256_characters(read):
    assert read("wan" * 20_000) == ("wan" * 86)[:256]
    assert read("wan0") == "wan0"


@pytest.mark.parametrize("text", ["", None])
def test_no_word_is_none(text):
    assert fields.word(text) is None


@pytest.mark.parametrize("text", ["a b c", "a  b\tc", " a\t\tb   c "])
def test_a_run_of_blanks_is_one_blank(text):
    assert fields.single_spaced(text) == "a b c"
