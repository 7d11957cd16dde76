"""The laboratory's routers translate and refuse as their names say."""

import socket

import pytest

from tests.lab.internet import Internet
from tests.lab.truth import NOBODY
from tests.lab.world import CARRIER, MAP_E_BLOCKS, NAT_KINDS, WAN, refused, world
from tests.system.parts.needs import needs
from tests.system.parts.process import until

pytestmark = [pytest.mark.system, needs("namespaces")]

LOCAL = range(50100, 50110)


def outside(lab, internet):
    """Return the ports that the internet sees of ten conversations with one server."""
    server = internet.remote("198.51.100.7", 3478)
    seen = []
    for port in LOCAL:
        with lab.inside("pc"), socket.socket(type=socket.SOCK_DGRAM) as own:
            own.bind(("0.0.0.0", port))
            own.sendto(b"hello", server.place)
        seen.append(server.heard())
    return seen


@pytest.mark.parametrize("nat", NAT_KINDS)
def test_ports_are_kept_or_changed_as_the_nat_is_called(nat):
    with world(nat) as lab:
        internet = Internet(lab)
        try:
            seen = outside(lab, internet)
        finally:
            internet.close()
    if nat == "preserving":
        assert seen == list(LOCAL)
    else:
        assert not set(seen) & set(LOCAL)
    in_blocks = [any(low <= port <= high for low, high in MAP_E_BLOCKS) for port in seen]
    assert all(in_blocks) is (nat == "map_e")


def test_a_part_of_the_internet_is_reached_through_a_carrier_that_changes_ports_again():
    with world("preserving") as lab:
        internet = Internet(lab)
        try:
            server = internet.remote("203.0.113.200", 3478)
            seen = []
            for port in (50100, 50101):
                with lab.inside("pc"), socket.socket(type=socket.SOCK_DGRAM) as own:
                    own.bind(("0.0.0.0", port))
                    own.sendto(b"hello", server.place)
                seen.append(server.socket.recvfrom(2048)[1])
        finally:
            internet.close()
    assert {ip for ip, _ in seen} == {CARRIER}
    assert [port for _, port in seen] != [50100, 50101]


def test_a_call_of_our_own_outside_address_is_refused_with_the_callers_address():
    with world("preserving") as lab:
        with lab.inside("phone"), socket.socket(type=socket.SOCK_DGRAM) as own:
            own.sendto(b"hello", (WAN, 50970))
        until(lambda: refused(lab) == 1, "one refused packet")


def test_the_router_refuses_and_counts_what_nobody_asked_for():
    with world("preserving") as lab:
        internet = Internet(lab)
        try:
            stranger = internet.remote("192.0.2.9", 40000)
            internet.knock("none", stranger, 51413, NOBODY, at=WAN, times=3)
            internet.segment("none", "192.0.2.10", 443, 51413, NOBODY, flags=0x12)
        finally:
            internet.close()
        until(lambda: refused(lab) == 4, "four refused packets")
        assert [packet.transport for packet in internet.packets] == ["udp"] * 3 + ["tcp"]
