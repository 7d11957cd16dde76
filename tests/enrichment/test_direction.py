import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.enrichment import direction
from exporter.enrichment.asn import Registration, build
from exporter.enrichment.direction import NOT_CONFIGURED, Home, Interfaces, rejection
from exporter.enrichment.networks import Networks
from exporter.events import Event
from exporter.knowledge import load

NETWORKS = Networks(
    load().networks, build([(0x14000000, 0x14FFFFFF, Registration(64500, "FR", "Far"))], [])
)
INTERFACES = Interfaces(lan=frozenset({"br0"}), wan=frozenset({"eth0"}))
FAR = "20.0.0.1"
WAN = "203.0.113.9"


def packet(source, destination, **facts):
    return Event(kind="rejected", source_ip=source, destination_ip=destination, **facts)


def rejected(event, home=None, interfaces=NOT_CONFIGURED):
    return rejection(
        event,
        router="home",
        received=5.0,
        home=home or Home(),
        networks=NETWORKS,
        interfaces=interfaces,
    )


@pytest.mark.parametrize(
    ("source", "destination", "expected"),
    [
        (FAR, WAN, "inbound"),
        (FAR, "192.168.1.5", "inbound"),
        ("192.168.1.5", FAR, "outbound"),
        ("fe80::1", "2001:db8::1", "outbound"),
        ("192.168.1.5", "192.168.1.255", "local"),
        ("fd00::1", "fd00::2", "local"),
        (FAR, "224.0.0.1", "local"),
        (None, "ff02::fb", "local"),
        ("192.168.1.5", "255.255.255.255", "local"),
        ("0.0.0.0", WAN, "local"),
        ("127.0.0.1", WAN, "local"),
        ("100.64.0.1", WAN, "inbound"),
        # the outside address is the provider's, or that of another router's network
        (FAR, "100.72.0.10", "inbound"),
        ("100.64.0.1", "100.72.0.10", "inbound"),
        (FAR, "10.0.0.2", "inbound"),
        # hairpin: a device calls the home's own outside address
        ("192.168.1.5", WAN, "outbound"),
        ("192.168.1.5", "100.72.0.10", "outbound"),
        (WAN, WAN, "local"),
        ("192.0.2.1", WAN, "inbound"),
        ("192.168.1.5", "192.0.2.1", "outbound"),
        (None, WAN, "inbound"),
        (FAR, None, "inbound"),
        (None, None, "inbound"),
    ],
)
def test_the_direction_follows_from_the_addresses(source, destination, expected):
    assert Home().direction(packet(source, destination)) == expected


@pytest.mark.parametrize(
    ("source", "destination", "ingress", "expected"),
    [
        ("192.168.1.5", "192.168.2.1", "eth0", "inbound"),  # double NAT: the WAN side is private
        ("2001:db8::5", "2001:db8:ffff::1", "br0", "outbound"),
        ("2001:db8::5", "fd00::1", "br0", "local"),
        (None, None, "br0", "outbound"),
        (FAR, "224.0.0.1", "eth0", "local"),
        ("192.168.1.5", "192.168.2.1", "wlan9", "local"),
        (WAN, WAN, "eth0", "inbound"),  # forged
    ],
)
def test_configured_interfaces_override_the_addresses(source, destination, ingress, expected):
    event = packet(source, destination, ingress_interface=ingress)
    assert Home().direction(event, INTERFACES) == expected


def test_documentation_ranges_are_at_home_only_when_configured():
    assert not Home().is_lan("192.0.2.1")
    home = Home(["192.0.2.0/24", "2001:db8:1::/48"])
    assert home.is_lan("192.0.2.1")
    assert home.is_lan("2001:db8:1::7")
    assert home.is_lan("10.0.0.1")
    assert not home.is_lan("2001:db8:2::7")


def test_a_bad_home_prefix_is_named():
    with pytest.raises(ValueError, match=r"192.168.1.1/24"):
        Home(["192.168.1.1/24"])


def test_an_inbound_packet_accuses_its_source():
    found = rejected(packet(FAR, WAN, source_port=3478, destination_port=51413, transport="udp"))
    assert (found.remote_ip, found.remote_port) == (FAR, 3478)
    assert (found.our_ip, found.our_port, found.destination_port) == (WAN, 51413, 51413)
    assert found.source.asn == found.remote.asn == "AS64500"
    assert (found.router, found.received, found.transport, found.count) == ("home", 5.0, "udp", 1)


def test_an_outbound_packet_accuses_nobody_outside():
    found = rejected(packet("192.168.1.5", FAR, source_port=50000, destination_port=443, count=7))
    assert found.direction == "outbound"
    assert (found.our_ip, found.our_port) == ("192.168.1.5", 50000)
    assert (found.remote_ip, found.remote_port, found.destination_port) == (FAR, 443, 443)
    assert (found.source.asn, found.remote.asn) == ("private", "AS64500")
    assert found.inside
    assert found.count == 7


@pytest.mark.parametrize(
    ("source", "destination", "egress", "inside"),
    [
        (FAR, WAN, None, False),
        (FAR, WAN, "br0", False),
        (FAR, "192.168.1.5", "br0", True),  # forwarded: the address after NAT
        (FAR, "192.168.1.5", None, False),  # the router's own address behind another router
        (FAR, "100.72.0.10", None, False),
        (FAR, "100.72.0.10", "br0", False),
        (WAN, WAN, None, False),  # hairpin: who sent it is behind the NAT
        (WAN, "192.168.1.5", "br0", True),
        ("192.168.1.5", "192.168.1.5", None, True),
        ("2001:db8::1", "2001:db8:1::5", None, True),
        ("2001:db8::1", "fe80::5", None, False),
        ("192.168.1.5", FAR, None, True),
        ("192.168.1.5", "192.168.1.255", None, True),
        (FAR, None, None, False),
    ],
)
def test_the_destination_is_the_device_only_behind_the_nat(source, destination, egress, inside):
    assert rejected(packet(source, destination, egress_interface=egress)).inside == inside


def test_unreadable_facts_stay_empty():
    found = rejected(Event(kind="rejected"))
    assert (found.remote_ip, found.our_ip, found.transport) == ("", "", "")
    assert (found.remote_port, found.our_port, found.destination_port) == (None, None, None)
    assert found.source.asn == found.remote.asn == "unknown"


ADDRESS = st.none() | st.ip_addresses().map(str) | st.sampled_from([FAR, WAN, "192.168.1.5"])
NAME = st.none() | st.sampled_from(["br0", "eth0", "x"])


@given(ADDRESS, ADDRESS, NAME, NAME, st.none() | st.integers(0, 65535))
def test_no_address_is_lost_or_invented(source, destination, ingress, egress, port):
    event = packet(source, destination, ingress_interface=ingress, egress_interface=egress)
    found = rejected(event, interfaces=INTERFACES)
    assert {found.remote_ip, found.our_ip} == {source or "", destination or ""}
    assert found.source == NETWORKS.look_up(source or "")
    assert found.remote == NETWORKS.look_up(found.remote_ip)


def test_a_private_address_that_came_in_as_strangers_do_is_none_of_ours():
    event = packet("10.1.2.3", "100.72.0.10", ingress_interface="ppp0")
    assert Home().direction(event) == "outbound"
    assert Home().direction(event, outside=True) == "inbound"
    assert Home().direction(packet("10.1.2.3", "224.0.0.1"), outside=True) == "local"


def test_what_a_device_forged_does_not_turn_a_configured_interface_round():
    event = packet("10.1.2.3", "100.72.0.10", ingress_interface="br0")
    assert Home().direction(event, INTERFACES, outside=True) == "outbound"


def test_strangers_are_known_again_and_only_so_many(monkeypatch):
    monkeypatch.setattr(direction, "CACHED", 50)
    home = Home(["20.0.0.0/24"])
    for first in range(1, 200, 20):
        some = {f"21.0.0.{n}" for n in range(first, first + 30)}
        assert not home.no_strangers(some)
        for other in (FAR, "", "192.168.1.7", "21.0.0.01"):
            assert home.no_strangers(some | {other}) == {other}
        assert len(home._strangers) <= 50 + 30
