"""Names and machines; what a report may replace is also in test_hosts."""

import pytest

from exporter.host_report import Flow, HostReport, Link, Socket
from exporter.hosts import Hosts
from exporter.hosts.machines import Conflict, is_same
from exporter.inventory import Inventory

NOW = 1_790_000_000.0
MAC, OTHER, IP = "00:00:5e:00:53:23", "00:00:5e:00:53:24", "192.168.1.23"


def report(device="old", machine="m1", mac=MAC, ip=IP, port=51413, **changes):
    fields = {
        "version": 1,
        "device": device,
        "machine_id": machine,
        "agent": "test",
        "addresses": (ip,),
        "links": (Link(interface="eth0", mac=mac),) if mac else (),
        "sockets": (
            Socket(
                transport="udp",
                local_ip="0.0.0.0",
                local_port=port,
                process="p.exe",
                age_seconds=60.0,
            ),
        ),
    }
    return HostReport(**(fields | changes))


def reported(*steps, hosts=None):
    hosts = hosts or Hosts()
    for at, one in steps:
        hosts.report(one, NOW + at)
    return hosts


def names(hosts):
    return [device.name for device in hosts.devices()]


def on_port(hosts, at=1.0, port=51413):
    return [span.device for span in hosts.listeners.on_port("udp", port, NOW + at, 600)]


def test_a_machine_that_is_given_another_name_is_one_device_and_keeps_what_it_had():
    hosts = reported((0, report()), (15, report(port=6881)), (20, report("new", port=6881)))
    assert names(hosts) == ["new"]
    assert on_port(hosts, 20, 6881) == ["new"]
    assert on_port(hosts, 20) == ["new"]  # closed five seconds ago: a late reply still meets it
    assert hosts.inventory.owner(IP, NOW + 20) == hosts.inventory.owner(IP, NOW) == "new"
    assert hosts.inventory.of_station(MAC) == "new"
    assert hosts.devices is not None
    assert hosts.device("new").formerly == {"old": NOW + 20}


def test_a_router_that_told_of_the_machine_tells_of_the_new_name():
    flow = Flow(
        transport="udp", local_ip=IP, local_port=40000, remote_ip="198.51.100.7", remote_port=443
    )
    gate = report("gate", "m9", "00:00:5e:00:53:01", "192.168.1.1", 53, flows=(flow,))
    hosts = reported((0, report()), (1, gate), (20, report("new")))
    talked = hosts.listeners.talked_to("198.51.100.7", NOW + 20, 600)
    assert [span.device for span in talked] == ["new"]


def test_copies_of_a_virtual_machine_are_two_devices_though_their_id_is_one():
    copy = report("copy", mac=OTHER, ip="192.168.1.24")
    hosts = reported((0, report()), (7, copy), (15, report()), (22, copy))
    assert names(hosts) == ["old", "copy"]
    assert sorted(on_port(hosts, 22)) == ["copy", "old"]


def test_two_agents_with_two_names_on_one_machine_are_told_so():
    hosts = reported((0, report()), (5, report("new")))
    with pytest.raises(Conflict, match="this machine reports as new by now"):
        hosts.report(report(), NOW + 15)
    assert names(hosts) == ["new"]
    hosts.report(report("new"), NOW + 20)


def test_a_machine_may_be_named_back_once_the_other_name_is_silent():
    hosts = reported((0, report()), (5, report("new")), (60, report()))
    assert names(hosts) == ["old"]
    assert on_port(hosts, 60) == ["old"]


def test_what_was_kept_under_the_old_name_is_still_taken_in():
    late = report(port=7000, age_seconds=100.0)
    hosts = reported((0, report()), (120, report("new")), (121, late))
    assert names(hosts) == ["new"]
    assert on_port(hosts, 30, 7000) == ["new"]


def test_the_name_of_a_silent_machine_may_be_given_to_another():
    hosts = reported((0, report()), (0, report("lab", "m2", OTHER, "192.168.1.24", 9999)))
    with pytest.raises(Conflict, match="another machine"):
        hosts.report(report("lab"), NOW + 15)
    hosts.report(report("lab"), NOW + 60)
    assert names(hosts) == ["lab"]
    assert on_port(hosts, 60) == ["lab"]
    assert on_port(hosts, 60, 9999) == []


def test_configuration_keeps_two_names_of_one_machine_apart():
    """Two systems in namespaces of one machine, with one id and one station."""
    inventory = Inventory(excluded={"new": frozenset({MAC, IP})})
    new = report("new", ip="192.168.1.24")
    hosts = reported((0, report()), (5, new), (15, report()), hosts=Hosts(inventory=inventory))
    assert names(hosts) == ["old", "new"]
    assert hosts.inventory.of_station(MAC) == "old"


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"device": "new"}, True),
        ({"ip": "192.168.1.99"}, True),  # its lease is another one
        ({"mac": OTHER}, True),  # the radio made itself a new one, or the cable was plugged in
        ({"mac": OTHER, "ip": "192.168.1.99"}, False),
        ({"machine": "m2"}, False),
        ({"mac": None, "ip": "192.168.1.99"}, False),
    ],
)
def test_a_machine_is_known_by_its_id_together_with_where_it_is(changes, same):
    assert is_same(report(), report(**changes)) is same


def test_without_an_id_nothing_is_the_same():
    assert not is_same(report(machine=None), report(machine=None))


def test_nothing_is_changed_by_a_report_for_which_there_is_no_room(monkeypatch):
    monkeypatch.setattr("exporter.hosts.hosts.MAX_SPANS", 6)
    other = report("x", "m3", OTHER, "192.168.1.7", sockets=())
    hosts = reported((0, report()), (0, other), (1, other))
    many = tuple(report(port=port).sockets[0] for port in (1, 2, 3))
    with pytest.raises(Conflict, match="no more are taken in"):
        hosts.report(report("new", sockets=many), NOW + 5)
    assert names(hosts) == ["old", "x"]
