import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.addresses import (
    MAX_TEXT,
    Prefixes,
    canonical,
    is_loopback,
    is_private,
    neighbour,
    packed,
    scope,
)

ADDRESSES = st.ip_addresses()
PREFIXES = st.builds(
    lambda ip, bits: str(ipaddress.ip_network((ip, bits % (ip.max_prefixlen + 1)), strict=False)),
    ADDRESSES,
    st.integers(0, 128),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::FFFF:C000:0207", "192.0.2.7"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25]", "fe80::1"),
        ("::", "::"),
    ],
)
def test_every_way_to_write_an_address_has_one_canonical_text(text, expected):
    assert canonical(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "010.1.2.3",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.1%eth0",
        "[192.0.2.1",
        "192.0.2.1:80",
        "2001:db8::1::2",
        " ::1",
        "router",
        "\0",
        "\ud800",
        "１.2.3.4",
        "192.0.2.1" * 99,
    ],
)
def test_what_is_not_an_address_is_none(text):
    assert canonical(text) is None
    with pytest.raises(ValueError, match="not an IP address"):
        packed(text)


@given(st.text(max_size=MAX_TEXT + 5) | ADDRESSES.map(str))
def test_any_text_is_no_address_or_a_canonical_one(text):
    found = canonical(text)
    assert found is None or (canonical(found) == found and len(packed(text)) in (4, 16))


@given(ADDRESSES)
def test_canonical_text_names_the_same_address(address):
    unwrapped = getattr(address, "ipv4_mapped", None) or address
    found = canonical(str(address))
    assert found is not None
    assert ipaddress.ip_network(found) == ipaddress.ip_network(unwrapped)
    assert packed(address.exploded) == unwrapped.packed


@pytest.mark.parametrize(
    ("ip", "expected"),
    [
        ("10.1.2.3", "private"),
        ("172.31.255.255", "private"),
        ("172.32.0.0", "global"),
        ("192.168.1.255", "private"),
        ("169.254.1.1", "private"),
        ("fd00::1", "private"),
        ("fe80::1", "private"),
        ("127.0.0.53", "loopback"),
        ("::1", "loopback"),
        ("239.255.255.250", "multicast"),
        ("ff02::fb", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("100.64.0.1", "global"),
        ("203.0.113.9", "global"),
        ("2001:db8::1", "global"),
        ("not an address", "global"),
    ],
)
def test_the_scope_of_an_address_is_that_of_its_range(ip, expected):
    assert scope(ip) == expected
    assert is_private(ip) == (expected == "private")
    assert is_loopback(ip) == (expected == "loopback")


@given(st.lists(st.tuples(PREFIXES, st.integers()), max_size=12), ADDRESSES)
def test_the_longest_prefix_wins(prefixes, address):
    address = getattr(address, "ipv4_mapped", None) or address
    networks = {ipaddress.ip_network(text): value for text, value in prefixes}
    holding = [network for network in networks if address in network]
    longest = max(holding, key=lambda network: network.prefixlen, default=None)
    expected = None if longest is None else networks[longest]
    assert Prefixes(prefixes).look_up(str(address)) == expected


def test_the_edges_of_nested_prefixes_belong_to_them():
    table = Prefixes([("10.0.0.0/8", "outer"), ("10.1.0.0/16", "inner"), ("0.0.0.0/0", "all")])
    asked = ["9.255.255.255", "10.0.0.0", "10.1.0.0", "10.1.255.255", "10.2.0.0", "11.0.0.0"]
    assert [table.look_up(ip) for ip in asked] == ["all", "outer", "inner", "inner", "outer", "all"]
    assert table.look_up("2001:db8::1") is None
    assert table.look_up("") is None


@pytest.mark.parametrize("prefix", ["10.0.0.1/8", "10.0.0.0/33", "home", "", "2001:db8::/129"])
def test_a_bad_prefix_is_named(prefix):
    with pytest.raises(ValueError, match="not a CIDR prefix") as error:
        Prefixes([("192.0.2.0/24", 1), (prefix, 2)])
    assert repr(prefix) in str(error.value)


@pytest.mark.parametrize(
    ("ip", "distance", "other"),
    [
        ("192.0.2.7", 1, "192.0.2.8"),
        ("198.51.100.255", 1, "198.51.101.0"),
        ("198.51.255.255", 1, "198.51.0.0"),
        ("2001:db8::7", 65535, "2001:db8::6"),
        ("nobody", 1, "nobody"),
    ],
)
def test_a_neighbour_is_another_address_nearby(ip, distance, other):
    assert neighbour(ip, distance) == other
