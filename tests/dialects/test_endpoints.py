import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects.endpoints import endpoint, first_address, station


@given(st.ip_addresses(v=4).map(str), st.integers(0, 65535))
def test_ipv4_has_a_colon_before_its_port(address, port):
    assert endpoint(f"{address}:{port}") == (address, port)
    assert endpoint(address) == (address, None)


@given(st.ip_addresses(v=6), st.integers(0, 65535))
def test_ipv6_has_brackets_or_a_dot(address, port):
    canonical, _ = endpoint(str(address))
    assert canonical is not None
    assert endpoint(f"[{address}]:{port}") == (canonical, port)
    assert endpoint(f"{address}.{port}") == (canonical, port)
    assert endpoint(f"[{address}]") == (canonical, None)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("xxx.xxx.xxx.xxx:443", (None, 443)),
        ("198.51.*.*:443", (None, 443)),
        ("198.51.100.7:https", ("198.51.100.7", None)),
        ("198.51.100.7:65536", ("198.51.100.7", None)),
        ("2001:db8::xxxx.443", (None, None)),
        ("<v6>.443", (None, None)),
        ("[", (None, None)),
        ("", (None, None)),
    ],
)
def test_of_a_mask_only_what_is_certain_is_read(text, read):
    assert endpoint(text) == read


@pytest.mark.parametrize(
    ("text", "mac"),
    [
        ("station 00-00-5E-00-53-05 left", "00:00:5e:00:53:05"),
        ("(00:00:5e:00:53:05)", "00:00:5e:00:53:05"),
        ("00:00:5e:00:53:05.", "00:00:5e:00:53:05"),
        ("00:00:5e:00:53", None),
        ("00:00:5e:00:53:05:06", None),
        ("00:00:00:00:00:00", None),
        ("x" * 600 + " 00:00:5e:00:53:05", None),
    ],
)
def test_a_station_is_found_in_a_text(text, mac):
    assert station(text) == mac


def test_the_first_address_of_a_text_is_found():
    assert first_address("from 12:04 by 198.51.100.7:5. or 192.0.2.1") == ("198.51.100.7", 5)
    assert first_address("nobody") == (None, None)
