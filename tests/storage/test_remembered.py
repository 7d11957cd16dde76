import msgspec

from exporter import build
from exporter.attribution.waiting import Group
from exporter.events import Event
from exporter.pipeline import Pipeline
from exporter.settings import Config
from exporter.storage import remembered
from tests.world import NOW, flow, rejection, report, socket


def pipeline():
    return Pipeline(build.stages(Config()), lambda _decision: None)


def full():
    one = pipeline()
    stages = one.stages
    one.waiting.add(Group(rejection=rejection(), packets=1, last=NOW))
    stages.routers.heard("gw", "192.168.1.1", NOW, NOW - 7)
    stages.hosts.report(report("ANNA-PC", flows=(flow(),), interval_seconds=30), NOW)
    lease = Event(kind="dhcp_lease", ip="192.168.1.40", mac="00:00:5e:00:53:40", hostname="tv")
    stages.hosts.inventory.leases.add("gw", lease, NOW)
    join = Event(kind="wifi_join", mac="00:00:5e:00:53:40")
    stages.hosts.inventory.associations.add("attic", join, NOW)
    one.bisection.told("attic", join, NOW)
    mapping = Event(kind="port_mapping", transport="udp", destination_port=6881, ip="192.168.1.40")
    stages.attributor.mappings.add("gw", mapping, NOW)
    stages.metrics.processes["a.exe"] = ("A", "benign")
    return one


def test_what_is_stored_is_remembered():
    stored = remembered.parts(full(), NOW)
    again = pipeline()
    assert remembered.restore(again, stored, NOW) == {}
    assert again.stages.hosts.inventory.owner("192.168.1.40", NOW) == "tv"
    assert again.stages.attributor.mappings.at("gw", "udp", 6881, NOW).ip == "192.168.1.40"
    assert not again.stages.attributor.patience.ripe(NOW + 44.9)(rejection().received)
    assert again.stages.attributor.patience.ripe(NOW + 45)(rejection().received)
    assert again.stages.hosts.inventory.whereabouts.places(NOW) == {"tv": "attic"}
    assert [last.place for last in again.bisection.attendance.known(NOW).values()] == ["attic"]
    for name in ("waiting", "offsets", "leases", "associations", "mappings", "processes"):
        assert remembered.parts(again, NOW)[name] == stored[name], name


def test_nothing_stored_is_nothing_remembered():
    fresh = pipeline()
    assert remembered.restore(fresh, {}, NOW) == {}
    assert fresh.stages.attributor.patience.ripe(NOW)(rejection().received)
    assert fresh.waiting.groups() == []


def test_a_part_that_cannot_be_read_costs_no_other():
    stored = remembered.parts(full(), NOW)
    for broken in (b"", b"\xc1", msgspec.msgpack.encode([7])):
        again = pipeline()
        assert list(remembered.restore(again, stored | {"waiting": broken}, NOW)) == ["waiting"]
        assert again.waiting.groups() == []
        assert again.stages.hosts.inventory.owner("192.168.1.40", NOW) == "tv"


def test_after_a_restart_the_agents_that_were_alive_are_waited_for():
    one = pipeline()
    both = [report(name, socket(), interval_seconds=20.0) for name in ("A", "B")]
    for each in both:
        one.stages.hosts.report(each, NOW - 5)
    one.waiting.add(Group(rejection=rejection(received=NOW - 1), packets=1, last=NOW))
    again = pipeline()
    remembered.restore(again, remembered.parts(one, NOW), NOW)
    attributor = again.stages.attributor
    again.stages.hosts.report(both[0], NOW + 2)
    early = rejection(received=NOW + 3)
    assert not attributor.attribute(early).settled
    for packets in (early, again.waiting.groups()[0].rejection):
        assert not attributor.patience.ripe(NOW + 29)(packets.received)
    for each in both:
        again.stages.hosts.report(each, NOW + 25)
    assert attributor.patience.ripe(NOW + 25)(early.received)
    assert attributor.attribute(early).attribution.evidence == "ambiguous"
    assert attributor.patience.ripe(NOW - 3000)(early.received)  # the clock was set back
