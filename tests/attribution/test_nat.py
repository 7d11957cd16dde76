import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.attribution import Attributor
from exporter.attribution import nat as module
from exporter.attribution.nat import Nats
from tests.world import flow, home, port_kind, rejection, report, socket

PSID = 0x5A


def port_set(psid=PSID):
    return [block << 12 | psid << 4 | low for block in range(1, 16) for low in range(16)]


def seen(ports, **changes):
    nats = Nats()
    for port in ports:
        nats.add(rejection(port, **changes))
    return nats


@given(st.integers(0, 255), st.integers(1, 20))
def test_the_ports_of_one_set_tell_that_the_address_is_shared(psid, step):
    assert seen(port_set(psid)[::step]).is_shared("gw")


def test_few_ports_or_one_block_tell_nothing():
    assert not seen(port_set()[:: 240 // 11][:11]).is_shared("gw")
    assert not seen(port_set()[:32]).is_shared("gw")  # two blocks
    assert not Nats().is_shared("gw")


@pytest.mark.parametrize("other", [22, 40000, 5060])
def test_a_port_of_another_set_tells_that_it_is_not(other):
    assert not seen([*port_set()[::5], other]).is_shared("gw")


@pytest.mark.parametrize("changes", [{"direction": "outbound"}, {"inside": True}])
def test_packets_that_are_not_for_the_routers_address_tell_nothing(changes):
    assert not seen(port_set(), **changes).is_shared("gw")


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MAX_ROUTERS", 2)
    nats = Nats()
    for router in ("a", "b", "c"):
        for port in port_set():
            nats.add(rejection(port, router=router))
    assert [nats.is_shared(router) for router in ("a", "b", "c")] == [False, True, True]
    nats.add(rejection(40000, router="c"))
    assert not nats.is_shared("c")
    for port in port_set():
        nats.add(rejection(port, router="c"))
    assert nats.is_shared("c")  # the foreign port was seen long ago


def test_where_the_address_is_shared_a_socket_of_that_number_names_nobody():
    port = port_set()[7]
    attributor = Attributor(home(report("ANNA-PC", socket(port))), port_kind)
    assert attributor.attribute(rejection(port)).attribution.device == "ANNA-PC"
    attributor.nats = seen(port_set())
    found = attributor.attribute(rejection(port)).attribution
    assert (found.device, found.evidence) == ("", "none")
    assert found.reasons[0].code == "untellable_shared_address"
    assert [candidate.device for candidate in found.candidates] == ["ANNA-PC"]


# --- routers that keep ports ---------------------------------------------------------------------


def keeping(*ports):
    nats = Nats()
    for port in ports:
        nats.kept(rejection(port))
    return nats


def test_two_ports_that_were_kept_tell_that_ports_are_kept():
    assert not keeping(50001, 50001).keeps_ports("gw")
    assert keeping(50001, 50002).keeps_ports("gw")
    assert not keeping(50001, 50002).keeps_ports("other")


def test_a_packet_for_a_device_itself_tells_nothing_of_nat():
    nats = Nats()
    for port in (50001, 50002):
        nats.kept(rejection(port, inside=True))
    assert not nats.keeps_ports("gw")


def test_where_ports_are_kept_another_port_is_no_explanation():
    anna = report("ANNA-PC", flows=(flow(40000),))
    attributor = Attributor(home(anna, report("BEN-PC")), port_kind)
    assert attributor.attribute(rejection()).attribution.evidence == "remote"
    attributor.nats = keeping(50001, 50002)
    assert attributor.attribute(rejection()).attribution.evidence == "none"


def test_a_port_that_two_devices_chose_was_given_to_one_of_them_only():
    anna = report("ANNA-PC", flows=(flow(40000),))
    attributor = Attributor(home(anna, report("BEN-PC", socket(40000, "b"))), port_kind)
    attributor.nats = keeping(50001, 50002)
    found = attributor.attribute(rejection()).attribution
    assert (found.device, found.evidence) == ("ANNA-PC", "remote")


def test_a_shared_address_says_nothing_of_devices_with_their_own():
    port = port_set()[7]
    nas = report("NAS", socket(port, "nas", local_ip="::"), addresses=("2001:db8::5",))
    attributor = Attributor(home(nas), port_kind)
    attributor.nats = seen(port_set())
    packet = rejection(port, our_ip="2001:db8::5", remote_ip="2001:db8:f::1", inside=True)
    assert attributor.attribute(packet).attribution.process == "nas"
