import pytest

from exporter.attribution.traces import Traces, Windows, same_port
from tests.world import NOW, STRANGER, flow, home, rejection, report, socket

ANNA = "192.168.1.23"


def traces(*reports):
    return Traces(home(*reports), Windows())


def devices(spans):
    return [span.device for span in spans]


def test_who_talked_by_another_transport_says_nothing():
    of_tcp = traces(report("A", flows=(flow(40000, transport="tcp"),)))
    assert of_tcp.talked(rejection(), None) == []
    assert devices(of_tcp.talked(rejection(transport="tcp"), None)) == ["A"]
    assert devices(of_tcp.talked(rejection(transport="icmp"), None)) == ["A"]


def test_a_packet_without_a_readable_sender_was_talked_to_by_nobody():
    assert traces(report("A", flows=(flow(),))).talked(rejection(remote_ip=""), None) == []


@pytest.mark.parametrize(("remote", "heard"), [(None, ["A"]), (STRANGER, ["A"]), ("192.0.2.9", [])])
def test_a_connected_socket_hears_its_peer_alone(remote, heard):
    connected = socket(remote_ip=remote, remote_port=3478 if remote else None)
    assert devices(traces(report("A", connected)).bound(rejection(), None)) == heard


def test_the_owner_of_an_inside_address_is_asked_when_the_packet_is():
    hosts = home(report("ROUTER", flows=(flow(nat_port=61001),), addresses=("192.168.1.1",)))
    looking = Traces(hosts, Windows())
    assert devices(looking.talked(rejection(61001), None)) == [""]
    hosts.report(report("ANNA-PC", addresses=(ANNA,)), NOW - 0.5)  # pasted after the router's
    assert devices(looking.talked(rejection(61001), None)) == ["ANNA-PC"]


def test_a_port_that_two_devices_chose_is_contended():
    def contended(*reports):
        looking = traces(*reports)
        [span] = looking.talked(rejection(), None)
        return looking.is_contended(span, rejection())

    one = report("A", flows=(flow(40000),))
    assert not contended(one)
    assert contended(one, report("B", socket(40000)))


def test_the_packets_own_port_is_the_one_that_the_outside_sees():
    [span] = traces(report("A", flows=(flow(50123, nat_port=51413),))).talked(rejection(), None)
    assert same_port(span, rejection())
    assert not same_port(span, rejection(50123))
    assert not same_port(span, rejection(transport="tcp"))
