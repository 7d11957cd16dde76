from typing import Any

import pytest

from exporter import build, wire
from exporter.fleet.records import Lines, RecordError, Report
from exporter.fleet.site import MAX_SESSIONS, Site, meta_of
from exporter.host_report import Flow, HostReport
from exporter.metrics import Limits, Metrics
from exporter.metrics.declared import REPORTS
from exporter.settings import Config

NOW = 1_790_000_000.0
CONFIG = Config()
LIKE = build.stages(CONFIG)


def site(region: str = "") -> Site:
    return Site("kyoto", region, build.of_another_site(LIKE, CONFIG, Metrics(Limits())))


def lines(*messages: bytes, **other: Any) -> Lines:
    fields: dict[str, Any] = {
        "session": "a1",
        "sequence": 1,
        "region": "",
        "received": NOW,
        "listener": "udp",
        "sender": "192.168.1.1",
        "messages": list(messages),
    }
    return Lines(**(fields | other))


def report(device: str = "PC", **other: Any) -> Report:
    body = wire.encode(HostReport(version=1, device=device, machine_id=other.pop("machine", None)))
    fields: dict[str, Any] = {
        "session": "a1",
        "sequence": 1,
        "region": "",
        "received": NOW,
        "body": body,
    }
    return Report(**(fields | other))


@pytest.mark.parametrize("take", [Site.process, Site.recall])
@pytest.mark.parametrize("of_itself", [True, False])
def test_a_report_that_may_not_tell_of_other_devices_tells_of_none(take, of_itself):
    kyoto = site()
    flow = Flow(
        transport="udp",
        local_ip="192.168.1.20",
        local_port=51413,
        remote_ip="192.0.2.7",
        remote_port=3478,
    )
    liar = HostReport(version=1, device="LIAR", addresses=("192.168.1.66",), flows=(flow,))
    take(kyoto, report(body=wire.encode(liar), of_itself=of_itself), NOW)
    [told] = kyoto.pipeline.stages.hosts.devices()
    assert told.report.flows == (() if of_itself else (flow,))


def test_a_record_is_news_once():
    kyoto = site()
    assert kyoto.is_news(lines())
    kyoto.process(lines(sequence=4), NOW)
    assert not kyoto.is_news(lines(sequence=4))
    assert not kyoto.is_news(lines(sequence=3))
    assert kyoto.is_news(lines(sequence=5))
    assert kyoto.is_news(lines(session="b2", sequence=1))


def test_sessions_are_bounded_and_the_one_that_spoke_longest_ago_goes_first():
    kyoto = site()
    kyoto.process(lines(session="spool", sequence=9), NOW)
    for number in range(MAX_SESSIONS - 1):
        kyoto.process(lines(session=f"s{number}"), NOW)
    kyoto.process(lines(session="spool", sequence=10), NOW)
    kyoto.process(lines(session="newest"), NOW)
    assert not kyoto.is_news(lines(session="spool", sequence=10))
    assert kyoto.is_news(lines(session="s0", sequence=1))


def test_its_time_is_that_of_its_last_record_while_its_relay_catches_up():
    kyoto = site()
    kyoto.process(lines(), NOW + 5)
    assert kyoto.now(NOW + 6) == NOW + 6
    kyoto.process(lines(sequence=2, received=NOW + 1), NOW + 3600)
    assert kyoto.now(NOW + 3601) == NOW + 1
    assert kyoto.now(NOW + 3600 + 121) == NOW + 3600 + 121
    kyoto.process(lines(sequence=3, received=NOW + 3700), NOW + 3701)
    assert kyoto.now(NOW + 3702) == NOW + 3702


def test_a_machine_of_a_name_that_another_has_is_refused_and_counted():
    kyoto = site()
    kyoto.process(report(machine="a" * 32), NOW)
    kyoto.process(report(machine="b" * 32, sequence=2), NOW)
    series = kyoto.pipeline.stages.metrics.store.series[REPORTS.name]
    assert {labels: one.value for labels, one in series.items()} == {
        ("accepted",): 1,
        ("refused",): 1,
    }


def test_a_report_that_cannot_be_read_raises():
    with pytest.raises(RecordError, match="cannot be read"):
        site().process(report(body=b'{"version": 9}'), NOW)


def test_recalled_reports_are_known_and_not_counted():
    kyoto = site()
    kyoto.recall(report(), NOW)
    kyoto.recall(report(body=b"nonsense"), NOW)
    assert [device.name for device in kyoto.pipeline.stages.hosts.devices()] == ["PC"]
    assert not kyoto.pipeline.stages.metrics.store.series[REPORTS.name]


def test_what_is_known_of_the_relays_is_part_of_what_is_stored():
    kyoto = site("east")
    kyoto.process(lines(sequence=8), NOW + 3)
    parts = kyoto.parts(NOW + 4)
    other = site("east")
    assert not other.restore(parts, meta_of(parts), NOW + 4)
    assert other.meta == kyoto.meta
    assert not other.is_news(lines(sequence=8))
