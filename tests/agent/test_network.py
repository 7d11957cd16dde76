import sys
from collections.abc import Iterator

import pytest

if sys.platform != "linux":
    pytest.skip("rtnetlink is Linux's", allow_module_level=True)

from exporter.agent import network
from exporter.agent.network import Network
from exporter.host_report import Gateway
from tests.system.parts.lab import Lab, home, run
from tests.system.parts.needs import needs

pytestmark = [pytest.mark.system, needs("namespaces")]

GATEWAY_MAC = "00:00:5e:00:53:01"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with home() as built:
        yield built


def seen(lab: Lab, node: str) -> Network:
    with lab.inside(node):
        return network.read()


def ip(lab: Lab, node: str, *command: str) -> None:
    run("ip", "-n", lab.name(node), *command)


def test_the_way_out_is_told_with_its_station(lab: Lab):
    mac = ("lladdr", GATEWAY_MAC, "dev", "eth0", "nud", "permanent")
    ip(lab, "pc", "neigh", "replace", "192.168.1.1", *mac)
    assert seen(lab, "pc").gateways == [
        Gateway(ip="192.168.1.1", mac=GATEWAY_MAC, interface="eth0")
    ]


def test_a_gateway_that_has_not_answered_is_told_without_its_station(lab: Lab):
    ip(lab, "box", "neigh", "flush", "all")
    assert seen(lab, "box").gateways == [Gateway(ip="192.168.1.1", interface="eth0")]


def test_all_ways_out_are_told_and_dead_ends_are_not(lab: Lab):
    node = "internet"
    for address in ("2001:db8:5::2/64", "192.168.9.2/24"):
        ip(lab, node, "addr", "add", address, "dev", "core", "nodad")
    hops = ("nexthop", "via", "203.0.113.10", "dev", "core", "nexthop", "via", "192.168.9.1")
    ip(lab, node, "route", "add", "default", *hops, "dev", "core")
    via = ("via", "inet6", "2001:db8:5::7", "dev", "core", "metric", "50")
    ip(lab, node, "route", "add", "default", *via)
    ip(lab, node, "-6", "route", "add", "default", "via", "2001:db8:5::1")
    ip(lab, node, "route", "add", "unreachable", "default", "metric", "4096")
    gateways = {gateway.ip for gateway in seen(lab, node).gateways}
    assert gateways == {"203.0.113.10", "192.168.9.1", "2001:db8:5::7", "2001:db8:5::1"}


def test_a_host_without_a_way_out_has_no_gateway(lab: Lab):
    assert seen(lab, "switch").gateways == []


def test_a_router_knows_which_side_is_ours(lab: Lab):
    for port, address in (("lan", "2001:db8:1::1/64"), ("wan", "2001:db8:ff::2/64")):
        ip(lab, "router", "addr", "add", address, "dev", port, "nodad")
    ip(lab, "router", "route", "add", "default", "via", "2001:db8:ff::1")
    ours = seen(lab, "router").home
    assert ours.holds("2001:db8:1::77")
    assert ours.holds("203.0.113.10")
    assert not ours.holds("2001:db8:ff::1")
    assert not ours.holds("203.0.113.1")


@pytest.mark.parametrize("name", ["docker0", "br-0123456789ab", "podman1", "virbr0", "cni-podman0"])
def test_bridges_of_containers_are_known_by_their_names(lab: Lab, name: str):
    ip(lab, "pc", "link", "add", name, "type", "bridge")
    ip(lab, "pc", "addr", "add", "172.30.0.1/16", "dev", name)
    try:
        ours = seen(lab, "pc").home
    finally:
        ip(lab, "pc", "link", "del", name)
    assert ours.contains("172.30.0.2")
    assert not ours.contains("192.168.1.20")


def test_a_routers_own_bridge_holds_no_containers(lab: Lab):
    ip(lab, "pc", "link", "add", "br-lan", "type", "bridge")
    ip(lab, "pc", "addr", "add", "172.30.0.1/16", "dev", "br-lan")
    try:
        assert not seen(lab, "pc").home.contains("172.30.0.2")
    finally:
        ip(lab, "pc", "link", "del", "br-lan")
