"""A router's table of ports, from the agent that read it to the packet that it explains."""

import msgspec
import pytest
from msgspec.structs import replace

from exporter import build, wire
from exporter.agent.heartbeat import Heartbeat
from exporter.config import parse
from exporter.events import Batch
from exporter.host_report import HostReport, MappedPort, PortTable
from exporter.pipeline import Pipeline
from exporter.storage import remembered
from tests.world import NOW, report, socket

LINE = b"UDP connection rejected from 198.51.100.7:3478 to 203.0.113.9:61413"
MAPPED = MappedPort(transport="udp", port=61413, ip="192.168.1.23", inside_port=51413)
ANNA = report("ANNA-PC", socket(), addresses=("192.168.1.23",), interval_seconds=3600.0)


def box(*mapped, gateway="192.168.1.1", age=2.0):
    """A report of the host that reads the table."""
    table = PortTable(gateway=gateway, age_seconds=age, mappings=mapped)
    return report("BOX", addresses=("192.168.1.2",), port_table=table)


def pipeline(config=""):
    one = Pipeline(build.stages(parse(config)))
    one.report(ANNA, NOW - 100)
    return one


def named(one, at=NOW, line=LINE, sender="192.168.1.1"):
    """Return device, process and evidence of a packet that is refused at that time."""
    before = dict(counts(one))
    one.process(Batch(received=at, sender=sender, listener="udp", messages=[line]))
    one.finish(at)
    [labels] = [labels for labels, count in counts(one).items() if count > before.get(labels, 0)]
    return labels[4:6] + labels[7:]


def counts(one):
    series = one.stages.metrics.store.series["knockwatch_attributed_packets_total"]
    return {labels: of_series.value for labels, of_series in series.items()}


FOUND = ("ANNA-PC", "netsession_win.exe", "mapping")
NOBODY = ("", "", "none")


def test_a_packet_to_a_mapped_port_is_of_the_device_and_program_behind_it():
    one = pipeline()
    assert named(one, NOW - 90) == NOBODY
    one.report(box(MAPPED), NOW - 60)
    assert named(one) == FOUND


def test_a_mapping_that_left_the_table_has_ended():
    one = pipeline()
    one.report(box(MAPPED), NOW - 60)
    one.report(box(), NOW)
    assert named(one, NOW + 590) == FOUND
    assert named(one, NOW + 600) == NOBODY


def test_a_table_that_cannot_be_read_ends_nothing():
    one = pipeline()
    one.report(box(MAPPED), NOW - 60)
    one.report(report("BOX", addresses=("192.168.1.2",)), NOW)
    assert named(one, NOW + 700) == FOUND


def test_heartbeats_say_that_the_table_is_what_it_was():
    heartbeat, one, first = Heartbeat(), pipeline(), box(MAPPED)
    one.report(heartbeat.shorten(first, [], 0.0), NOW - 60)
    later = heartbeat.shorten(box(MAPPED, age=50.0), [], 48.0)
    assert later.unchanged_since == 48.0
    assert later.port_table is None
    device = one.report(later, NOW - 12)
    assert device.report.port_table == replace(first.port_table, age_seconds=50.0)
    assert named(one) == FOUND


@pytest.mark.parametrize(
    "changed",
    [
        box(),
        box(MAPPED, replace(MAPPED, port=61414)),
        box(replace(MAPPED, ip="192.168.1.24")),
        box(MAPPED, gateway="192.168.2.1"),
        report("BOX", addresses=("192.168.1.2",)),
    ],
)
def test_another_table_is_told_at_once(changed: HostReport):
    heartbeat = Heartbeat()
    heartbeat.shorten(box(MAPPED), [], 0.0)
    assert heartbeat.shorten(changed, [], 15.0) is changed


def test_the_order_of_a_table_says_nothing():
    heartbeat, other = Heartbeat(), replace(MAPPED, port=61414)
    heartbeat.shorten(box(MAPPED, other), [], 0.0)
    assert heartbeat.shorten(box(other, MAPPED), [], 15.0).unchanged_since == 15.0


def test_the_table_is_that_of_the_router_that_speaks_from_the_gateways_address():
    one = pipeline('[[router]]\nname = "gate"\naddresses = ["192.168.1.1", "203.0.113.9"]')
    one.report(box(MAPPED), NOW - 60)
    assert named(one) == FOUND
    one = pipeline()
    one.report(box(MAPPED), NOW - 60)
    assert named(one, sender="192.168.1.254") == NOBODY


def test_a_router_whose_name_is_learned_later_has_its_table_with_the_next_report():
    one = pipeline()
    routers = one.stages.routers
    one.report(box(MAPPED), NOW - 60)
    routers.heard("gate", "192.168.1.1", NOW - 50, None)
    one.report(box(MAPPED), NOW - 45)
    assert one.stages.attributor.mappings.at("gate", "udp", 61413, NOW).ip == "192.168.1.23"


def test_who_speaks_for_several_routers_has_no_table():
    one = pipeline()
    for name in ("gate", "attic"):
        one.stages.routers.heard(name, "192.168.1.1", NOW - 70, None)
    one.report(box(MAPPED), NOW - 60)
    assert one.stages.attributor.mappings.all() == []


def test_it_outlives_a_restart_and_ends_when_it_is_gone_then():
    before, after = pipeline(), pipeline()
    before.report(box(MAPPED), NOW - 60)
    assert remembered.restore(after, remembered.parts(before, NOW), NOW) == {}
    assert named(after) == FOUND
    after.report(box(), NOW + 5)
    assert named(after, NOW + 610) == NOBODY


def test_a_state_file_from_before_tables_is_read():
    row = {"router": "gw", "transport": "udp", "port": 6881, "ip": "192.168.1.40", "asked": NOW}
    one = pipeline()
    stored = {"mappings": msgspec.msgpack.encode([row | {"ended": None}])}
    assert remembered.restore(one, stored, NOW) == {}
    assert one.stages.attributor.mappings.at("gw", "udp", 6881, NOW).ip == "192.168.1.40"


def test_a_full_table_costs_little():
    assert len(wire.encode(box(*[MAPPED] * wire.MAX_MAPPINGS))) < 50_000
