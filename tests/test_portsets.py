import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter import portsets as module
from exporter.attribution import Attributor
from exporter.portsets import PortSets
from tests.world import home, port_kind, rejection, report, socket

PSID = 0x5A


def port_set(psid=PSID):
    return [block << 12 | psid << 4 | low for block in range(1, 16) for low in range(16)]


def seen(ports, **changes):
    portsets = PortSets()
    for port in ports:
        portsets.add(rejection(port, **changes))
    return portsets


@given(st.integers(0, 255), st.integers(1, 20))
def test_the_ports_of_one_set_tell_that_the_address_is_shared(psid, step):
    assert seen(port_set(psid)[::step]).is_shared("gw")


def test_few_ports_or_one_block_tell_nothing():
    assert not seen(port_set()[:: 240 // 11][:11]).is_shared("gw")
    assert not seen(port_set()[:32]).is_shared("gw")  # two blocks
    assert not PortSets().is_shared("gw")


@pytest.mark.parametrize("other", [22, 40000, 5060])
def test_a_port_of_another_set_tells_that_it_is_not(other):
    assert not seen([*port_set()[::5], other]).is_shared("gw")


@pytest.mark.parametrize("changes", [{"direction": "outbound"}, {"inside": True}])
def test_packets_that_are_not_for_the_routers_address_tell_nothing(changes):
    assert not seen(port_set(), **changes).is_shared("gw")


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MAX_ROUTERS", 2)
    portsets = PortSets()
    for router in ("a", "b", "c"):
        for port in port_set():
            portsets.add(rejection(port, router=router))
    assert [portsets.is_shared(router) for router in ("a", "b", "c")] == [False, True, True]
    portsets.add(rejection(40000, router="c"))
    assert not portsets.is_shared("c")
    for port in port_set():
        portsets.add(rejection(port, router="c"))
    assert portsets.is_shared("c")  # the foreign port was seen long ago


def test_where_the_address_is_shared_a_socket_of_that_number_names_nobody():
    port = port_set()[7]
    attributor = Attributor(home(report("ANNA-PC", socket(port))), port_kind)
    assert attributor.attribute(rejection(port)).attribution.device == "ANNA-PC"
    attributor.portsets = seen(port_set())
    found = attributor.attribute(rejection(port)).attribution
    assert (found.device, found.evidence) == ("", "none")
    assert found.reasons[0].code == "untellable_shared_address"
    assert [candidate.device for candidate in found.candidates] == ["ANNA-PC"]
