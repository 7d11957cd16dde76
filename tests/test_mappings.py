import pytest

from exporter import mappings as module
from exporter.attribution import Attributor
from exporter.events import Event
from exporter.mappings import KEPT, Forward, Mappings
from tests.world import NOW, home, port_kind, rejection, report, socket


def mapping(port=6881, ip="192.168.1.23", transport="udp"):
    return Event(kind="port_mapping", transport=transport, destination_port=port, ip=ip)


def asked(*events):
    mappings = Mappings()
    for at, event in enumerate(events):
        mappings.add("gw", event, NOW + at)
    return mappings


def test_a_port_leads_to_who_asked_for_it_last():
    mappings = asked(mapping(), mapping(ip="192.168.1.24"))
    assert mappings.inside("gw", "udp", 6881, NOW + 1) == "192.168.1.24"
    assert mappings.inside("gw", "tcp", 6881, NOW + 1) is None
    assert mappings.inside("other", "udp", 6881, NOW + 1) is None


def test_a_port_led_nowhere_before_and_a_day_later():
    mappings = asked(mapping())
    assert mappings.inside("gw", "udp", 6881, NOW - 1) is None
    assert mappings.inside("gw", "udp", 6881, NOW + KEPT) == "192.168.1.23"
    assert mappings.inside("gw", "udp", 6881, NOW + KEPT + 1) is None


@pytest.mark.parametrize("lacks", [mapping(port=None), mapping(ip=None), mapping(transport=None)])
def test_a_line_without_its_ends_says_nothing(lacks):
    assert asked(lacks).all() == []


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
    assert again.inside("gw", "udp", 6881, NOW) == "192.168.1.23"


def test_the_least_recently_asked_for_is_forgotten(monkeypatch):
    monkeypatch.setattr(module, "MAX_MAPPINGS", 2)
    mappings = asked(mapping(1), mapping(2), mapping(1), mapping(3))
    assert sorted(one.port for one in mappings.all()) == [1, 3]


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


def test_a_configured_forward_goes_before_what_a_program_asked_for():
    hosts = home(report("ANNA-PC", addresses=("192.168.1.23",)))
    forward = Forward(router="", transport="tcp", port=22, device="NAS")
    attributor = Attributor(hosts, port_kind, mappings=mapped(forward))
    found = attributor.attribute(rejection(22, transport="tcp")).attribution
    assert (found.device, found.evidence, codes(found)) == ("NAS", "mapping", ["forward"])
