import pytest

from exporter.attribution import Attributor
from exporter.attribution import mappings as module
from exporter.attribution.mappings import KEPT, Forward, Mappings
from exporter.events import Event
from exporter.host_report import Link, MappedPort, Neighbour, PortTable
from tests.world import (
    NOW,
    STRANGER,
    WAN,
    attribute,
    flow,
    home,
    port_kind,
    rejection,
    report,
    socket,
)


def mapping(port=6881, ip="192.168.1.23", transport="udp"):
    return Event(kind="port_mapping", transport=transport, destination_port=port, ip=ip)


def asked(*events):
    mappings = Mappings()
    for at, event in enumerate(events):
        mappings.add("gw", event, NOW + at)
    return mappings


def gone(port=6881):
    return Event(kind="other", action="removed", transport="udp", destination_port=port)


def led(mappings, moment):
    mapping = mappings.at("gw", "udp", 6881, moment)
    return mapping and mapping.ip


def test_a_port_leads_to_who_asked_for_it_last():
    mappings = asked(mapping(), mapping(ip="192.168.1.24"))
    assert led(mappings, NOW + 1) == "192.168.1.24"
    assert mappings.at("gw", "tcp", 6881, NOW + 1) is None
    assert mappings.at("other", "udp", 6881, NOW + 1) is None


def test_a_port_led_nowhere_before_and_two_hours_later():
    mappings = asked(mapping())
    assert led(mappings, NOW - 1) is None
    assert led(mappings, NOW + KEPT) == "192.168.1.23"
    assert led(mappings, NOW + KEPT + 1) is None


@pytest.mark.parametrize("lacks", [mapping(port=None), mapping(ip=None), mapping(transport=None)])
def test_a_line_without_its_ends_says_nothing(lacks):
    assert asked(lacks).all() == []


def test_a_port_that_was_given_up_leads_nowhere_ten_minutes_later():
    mappings = asked(mapping(), gone(), gone())
    assert led(mappings, NOW + 601) == "192.168.1.23"  # peers go on calling
    assert led(mappings, NOW + 602) is None
    mappings.add("gw", mapping(ip="192.168.1.24"), NOW + 602)
    assert led(mappings, NOW + 602) == "192.168.1.24"


def test_a_configured_forward_is_of_its_router_or_of_all():
    one = Forward(router="gw", transport="udp", port=51820, device="NAS")
    every = Forward(router="", transport="udp", port=51820, device="SERVER")
    mappings = Mappings([one, every])
    assert mappings.forward("gw", "udp", 51820) == "NAS"
    assert mappings.forward("other", "udp", 51820) == "SERVER"
    assert mappings.forward("gw", "tcp", 51820) is None


def test_what_is_stored_is_known_again():
    again = Mappings()
    again.restore(asked(mapping()).all())
    assert led(again, NOW) == "192.168.1.23"


def test_the_least_recently_asked_for_is_forgotten(monkeypatch):
    monkeypatch.setattr(module, "MAX_MAPPINGS", 2)
    mappings = asked(mapping(1), mapping(2), mapping(1), mapping(3))
    assert sorted(one.port for one in mappings.all()) == [1, 3]


# --- the table itself -----------------------------------------------------------------------------


def table(*ports, ip="192.168.1.23", inside=6881):
    mapped = [MappedPort(transport="udp", port=p, ip=ip, inside_port=inside) for p in ports]
    return PortTable(gateway="192.168.1.1", mappings=tuple(mapped))


def read(*tables, every=60):
    mappings = Mappings()
    for at, one in enumerate(tables):
        mappings.read("gw", one, NOW + at * every)
    return mappings


def test_what_is_in_the_table_leads_where_it_says_from_then_on():
    mappings = read(table(6881), table(6881))
    assert led(mappings, NOW - 1) is None
    assert led(mappings, NOW + 1) == "192.168.1.23"  # before it was seen again, too
    assert led(mappings, NOW + 60 + KEPT) == "192.168.1.23"
    assert led(mappings, NOW + 61 + KEPT) is None
    assert mappings.at("gw", "udp", 6881, NOW).inside_port == 6881
    assert mappings.at("other", "udp", 6881, NOW) is None


def test_what_has_left_the_table_has_ended():
    mappings = read(table(6881), table(), table())
    assert led(mappings, NOW + 660) == "192.168.1.23"  # peers go on calling
    assert led(mappings, NOW + 661) is None
    mappings.read("gw", table(6881, ip="192.168.1.24"), NOW + 700)
    assert (led(mappings, NOW + 660), led(mappings, NOW + 700)) == (None, "192.168.1.24")


def test_what_came_back_soon_was_there_all_the_time():
    mappings = read(table(6881), table(), table(6881))
    assert led(mappings, NOW + 30) == "192.168.1.23"
    assert led(mappings, NOW + 120 + KEPT) == "192.168.1.23"
    mappings = read(table(6881), table(), table(6881), every=700)
    assert led(mappings, NOW + 1399) is None


def test_the_table_of_another_router_ends_nothing():
    mappings = read(table(6881))
    mappings.read("other", table(), NOW + 60)
    assert led(mappings, NOW + 1000) == "192.168.1.23"


def test_an_older_table_changes_nothing():
    mappings = read(table(6881), table())
    mappings.read("gw", table(6881), NOW + 59)
    mappings.read("gw", table(6881, ip="192.168.1.24"), NOW + 59)
    assert led(mappings, NOW + 661) is None
    mappings = read(table(), table(6881))
    mappings.read("gw", table(), NOW + 59)
    assert led(mappings, NOW + 1000) == "192.168.1.23"


def test_the_log_and_the_table_speak_of_one_mapping():
    mappings = read(table(51413))
    mappings.add("gw", gone(51413), NOW + 10)
    mappings.read("gw", table(51413), NOW + 9)  # it was read before
    assert mappings.at("gw", "udp", 51413, NOW + 611) is None
    mappings.add("gw", mapping(51413), NOW + 20)
    mappings.read("gw", table(), NOW + 19)  # as this one
    assert mappings.at("gw", "udp", 51413, NOW + 700).inside_port == 6881  # as the table had it
    mappings.read("gw", table(), NOW + 60)
    assert mappings.at("gw", "udp", 51413, NOW + 661) is None
    assert len(mappings.all()) == 1


def test_what_the_log_alone_told_of_is_not_ended_by_a_table_that_shows_a_part():
    mappings = asked(mapping())
    mappings.read("gw", table(), NOW + 60)
    assert led(mappings, NOW + 700) == "192.168.1.23"
    mappings.read("gw", table(6881), NOW + 120)
    mappings.read("gw", table(), NOW + 180)
    assert led(mappings, NOW + 781) is None


def test_a_late_line_of_the_log_does_not_outdo_the_table():
    mappings = read(table(6881))
    mappings.add("gw", mapping(ip="192.168.1.24"), NOW - 30)
    assert led(mappings, NOW) == "192.168.1.23"


def test_a_table_that_is_stored_is_known_again():
    again = Mappings()
    again.restore(read(table(6881)).all())
    again.read("gw", table(), NOW + 60)
    assert led(again, NOW + 661) is None


# --- whose packet it was --------------------------------------------------------------------------


def codes(attribution):
    return [reason.code for reason in attribution.reasons]


def mapped(*forwards):
    mappings = Mappings(forwards)
    mappings.add("gw", mapping(51413), NOW - 60)
    return mappings


def test_a_mapping_of_the_router_names_the_device_at_once():
    hosts = home(report("ANNA-PC", addresses=("192.168.1.23",)), report("BEN-PC", socket()))
    finding = Attributor(hosts, port_kind, mappings=mapped()).attribute(rejection())
    assert (finding.attribution.device, finding.attribution.evidence) == ("ANNA-PC", "mapping")
    assert finding.settled
    assert codes(finding.attribution) == ["mapped"]


def test_a_mapping_looks_for_the_program_on_its_device_only():
    anna = report("ANNA-PC", socket(process="a.exe"), addresses=("192.168.1.23",))
    hosts = home(anna, report("BEN-PC", socket(process="b.exe")))
    found = Attributor(hosts, port_kind, mappings=mapped()).attribute(rejection()).attribution
    assert (found.device, found.process) == ("ANNA-PC", "a.exe")


def test_a_mapping_to_an_address_of_nobody_leaves_the_rest_of_the_evidence():
    hosts = home(report("BEN-PC", socket()))
    found = Attributor(hosts, port_kind, mappings=mapped()).attribute(rejection()).attribution
    assert (found.device, found.evidence) == ("BEN-PC", "socket")


def test_a_port_that_another_device_opened_since_is_no_longer_where_it_led():
    pc = report("PC", socket(age_seconds=30.0))
    hosts = home(report("ANNA-PC", addresses=("192.168.1.23",)), pc)
    mappings = mapped()
    mappings.add("gw", gone(51413), NOW - 45)
    found = Attributor(hosts, port_kind, mappings=mappings).attribute(rejection()).attribution
    assert (found.device, found.evidence) == ("PC", "socket")


def test_a_configured_forward_goes_before_what_a_program_asked_for():
    hosts = home(report("ANNA-PC", addresses=("192.168.1.23",)))
    forward = Forward(router="", transport="tcp", port=22, device="NAS")
    attributor = Attributor(hosts, port_kind, mappings=mapped(forward))
    found = attributor.attribute(rejection(22, transport="tcp")).attribution
    assert (found.device, found.evidence, codes(found)) == ("NAS", "mapping", ["forward"])


def listed(*ports, hosts, **changes):
    attributor = Attributor(hosts, port_kind, mappings=Mappings())
    for seen in (NOW - 600, NOW - 60):
        attributor.mappings.read("gw", table(*ports, inside=51413), seen)
    finding = attributor.attribute(rejection(61413, **changes))
    found = finding.attribution
    return finding.settled, found.device, found.process, found.evidence, codes(found)


def test_another_port_inside_names_the_program_that_is_there():
    anna = report("ANNA-PC", socket(), socket(61413, "b.exe"), addresses=("192.168.1.23",))
    ben = report("BEN-PC", socket(61413, "c.exe"))
    named = (True, "ANNA-PC", "netsession_win.exe", "mapping", ["mapped"])
    assert listed(61413, hosts=home(anna, ben)) == named
    assert listed(61413, hosts=home(anna, ben), remote_ip="198.51.100.99") == named
    assert listed(61414, hosts=home(anna)) == (True, "ANNA-PC", "b.exe", "socket", ["port_open"])


def test_of_two_programs_at_the_port_inside_none_is_named():
    both = report("ANNA-PC", socket(), socket(process="b.exe"), addresses=("192.168.1.23",))
    assert listed(61413, hosts=home(both))[1:4] == ("ANNA-PC", "", "mapping")


def test_the_table_outdoes_a_socket_that_was_opened_before_it_was_read():
    anna = report("ANNA-PC", addresses=("192.168.1.23",))
    ben = report("BEN-PC", socket(61413, "b.exe", age_seconds=90.0), addresses=("192.168.1.24",))
    assert listed(61413, hosts=home(anna, ben))[1] == "ANNA-PC"
    ben = report("BEN-PC", socket(61413, "b.exe", age_seconds=30.0), addresses=("192.168.1.24",))
    assert listed(61413, hosts=home(anna, ben))[1] == "BEN-PC"


# --- a router that reports its connection table --------------------------------------------------

NAT_PORT = 61001


def router(*flows, **changes):
    return report("ROUTER", flows=flows, addresses=("192.168.1.1", WAN), **changes)


def routed(remote=STRANGER, **changes):
    """A conversation of 192.168.1.23, port 51413 inside, which NAT gave another port outside."""
    return flow(51413, remote, nat_port=NAT_PORT, age_seconds=5.0, **changes)


def named(hosts, port=NAT_PORT, **changes):
    found = attribute(hosts, rejection(port, **changes)).attribution
    return found.device, found.process, found.evidence


ANNA = report("ANNA-PC", socket(process="a.exe"), addresses=("192.168.1.23",))


def test_the_routers_own_table_names_device_and_program_whatever_nat_did_to_the_port():
    hosts = home(ANNA, router(routed()))
    assert named(hosts) == ("ANNA-PC", "a.exe", "mapping")
    assert attribute(hosts, rejection(NAT_PORT)).settled


def test_a_stranger_at_a_port_of_the_routers_table_meets_who_uses_it():
    hosts = home(ANNA, router(routed()))
    assert named(hosts, remote_ip="198.51.100.99") == ("ANNA-PC", "a.exe", "socket")
    assert named(hosts, transport="tcp", remote_ip="198.51.100.99") == ("", "", "none")


def test_a_socket_of_the_same_number_elsewhere_is_chance_where_the_router_tells():
    ben = report("BEN-PC", socket(NAT_PORT, "b.exe"), addresses=("192.168.1.24",))
    assert named(home(ANNA, ben, router(routed())), remote_ip="198.51.100.99")[0] == "ANNA-PC"


def test_a_flow_of_an_address_that_nobody_knows_names_nobody_and_says_the_address():
    hosts = home(router(routed()))
    found = attribute(hosts, rejection(NAT_PORT)).attribution
    assert (found.device, found.evidence) == ("", "none")
    [reason] = found.reasons
    assert (reason.code, reason.values["address"]) == ("inside_address_unknown", "192.168.1.23")


def test_an_address_that_becomes_known_later_is_known_for_the_flow_too():
    hosts = home(router(routed()))
    hosts.report(ANNA, NOW - 0.8)
    hosts.report(router(routed()), NOW - 0.5)
    assert named(hosts)[0] == "ANNA-PC"


def test_the_routers_own_conversations_are_its_own():
    hosts = home(router(flow(40000, local_ip=WAN, age_seconds=1.0)))
    assert named(hosts, 40000) == ("ROUTER", "", "flow")


@pytest.mark.parametrize(
    ("bridge", "device"),
    [("docker0", "ROUTER"), ("br-0123456789ab", "ROUTER"), ("br-lan", ""), ("eth0", "")],
)
def test_a_container_behind_its_host_is_its_host_and_a_guest_of_the_home_is_not(bridge, device):
    near = Neighbour(ip="172.17.0.2", mac="00:00:5e:00:53:99", interface=bridge)
    inside = routed(local_ip="172.17.0.2")
    assert named(home(router(inside, neighbours=(near,))))[0] == device
    assert named(home(router(inside)))[0] == ""


@pytest.mark.parametrize(("station", "device"), [("0a", "VM"), ("0b", "ROUTER")])
def test_a_guest_of_another_host_may_have_the_same_address(station, device):
    link = Link(interface="eth0", mac="00:00:5e:00:53:0a")
    guest = report("VM", addresses=("192.168.122.10",), links=(link,))
    mac = f"00:00:5e:00:53:{station}"
    near = Neighbour(ip="192.168.122.10", mac=mac, interface="virbr0")
    inside = routed(local_ip="192.168.122.10")
    assert named(home(guest, router(inside, neighbours=(near,))))[0] == device


def test_two_devices_in_the_table_at_one_port_name_neither():
    ben = report("BEN-PC", addresses=("192.168.1.24",))
    both = router(routed(), routed("198.51.100.8", local_ip="192.168.1.24"))
    assert named(home(ANNA, ben, both), remote_ip="198.51.100.99")[2] == "ambiguous"
    assert named(home(ANNA, ben, both))[0] == "ANNA-PC"  # whose remote end it is, tells


def test_a_conversation_from_an_address_of_its_own_that_it_gave_up_is_the_hosts():
    old = flow(51413, local_ip="192.168.1.50", age_seconds=30.0)
    hosts = home(report("LAPTOP", addresses=("192.168.1.50",)), at=NOW - 60)
    hosts.report(report("LAPTOP", flows=(old,), addresses=("192.168.1.51",)), NOW - 20)
    hosts.report(report("NAS", addresses=("192.168.1.50",)), NOW - 10)
    assert named(hosts, 51413)[0] == "LAPTOP"
