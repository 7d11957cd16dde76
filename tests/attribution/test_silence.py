import pytest

from exporter.attribution import Attributor
from exporter.attribution.lookups import Lookups
from exporter.attribution.mappings import Forward, Mappings
from exporter.attribution.silence import Silence
from exporter.events import Event
from exporter.hosts.listeners import Listeners
from tests.world import NOW, STRANGER, flow, home, port_kind, report, socket

SOURCES = [STRANGER, "198.51.100.8", "198.51.100.9"]
PORTS = [51413, 51414, 51415]


def lookups():
    found = Lookups()
    found.add("gw", Event(kind="dns", source_ip="192.168.1.7", ip=STRANGER, hostname="x"), NOW)
    return found


def mappings():
    found = Mappings([Forward(router="", transport="udp", port=51415, device="NAS")])
    event = Event(kind="port_mapping", transport="udp", destination_port=51414, ip="192.168.1.7")
    found.add("gw", event, NOW)
    return found


@pytest.mark.parametrize(
    ("silence", "known"),
    [
        (Silence(Listeners(), Lookups(), Mappings()), []),
        (Silence(home(report("A", socket(51414))).listeners, Lookups(), Mappings()), [1]),
        (Silence(home(report("A", flows=(flow(5),))).listeners, Lookups(), Mappings()), [0]),
        (Silence(Listeners(), lookups(), Mappings()), [0]),
        (Silence(Listeners(), Lookups(), mappings()), [1, 2]),
        (Silence(home(report("A", socket(51414))).listeners, lookups(), mappings()), [0, 1, 2]),
        (Silence(home(report("A", socket(9))).listeners, Lookups(), Mappings()), []),
    ],
)
def test_silence_is_broken_by_whatever_could_name_a_device(silence, known):
    assert silence.broken("gw", "udp", SOURCES, PORTS) == known
    assert silence.about_source(STRANGER) == (0 not in known)


def test_another_transport_or_router_is_silent():
    silence = Silence(home(report("A", socket(51414))).listeners, Lookups(), mappings())
    assert silence.broken("gw", "tcp", SOURCES, PORTS) == []
    assert silence.broken("attic", "udp", SOURCES, PORTS) == [1, 2]


def test_it_is_complete_where_nothing_reports():
    hosts = home(report("A"))
    attributor = Attributor(hosts, port_kind)
    assert attributor.silence.is_complete
    hosts.report(report("A", socket()), NOW)
    assert not attributor.silence.is_complete
