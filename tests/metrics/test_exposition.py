import subprocess
from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client import ProcessCollector
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from exporter.enrichment import Networks
from exporter.events import Network
from exporter.host_report import HostReport, Link, Socket
from exporter.hosts import Hosts
from exporter.knowledge import load
from exporter.metrics import ROUTER_EVENTS, Limits, Metrics, exposition, formats
from exporter.metrics.declared import FIRST_SEEN
from exporter.metrics.series import CREATED_BEFORE, IDLE, Series
from exporter.routers import RouterRule, Routers
from tests.rejections import NOW, decision, named, rejection
from tests.system.parts.prometheus import binary

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
NETWORKS = Networks(load().networks)
NASTY = [
    'quote " backslash \\ brace } newline \n end',
    "\\n is not a newline, \\\\ nor is \\",
    "tab\tbell\x07escape\x1b[31mdelete\x7fnext\x85line\u2028",
    "carriage\rreturn",
    '",device="forged"} 1 #',
    "家庭 ルーター 🦊",
    "x" * 10_000,
    " ",
]


def text(families: list[formats.Family]) -> str:
    body, content_type = formats.encode(families)
    assert content_type.startswith("text/plain; version=0.0.4")
    return body.decode()


def om(families: list[formats.Family]) -> str:
    body, content_type = formats.encode(families, OPENMETRICS)
    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    return body.decode()


def samples(body: str) -> list[Sample]:
    read = openmetrics if body.endswith("# EOF\n") else None
    parse = read.text_string_to_metric_families if read else text_string_to_metric_families
    return [sample for family in parse(body) for sample in family.samples]


def of(body: str, name: str) -> list[tuple[dict[str, str], float]]:
    return [(s.labels, s.value) for s in samples(body) if s.name == f"knockwatch_{name}"]


def played() -> Metrics:
    """Return the counters after three packets, one of them somebody's."""
    metrics = Metrics()
    for packets, who in (
        (rejection(), named()),
        (rejection(source=Network("private"), transport="icmp", destination_port=None), None),
        (rejection(remote_ip="198.51.100.8", our_port=23, transport="tcp"), None),
    ):
        metrics.message("gate", "connection", "event", NOW)
        metrics.rejected(packets, NOW)
        metrics.attributed(decision(packets, attribution=who), None, NOW)
    metrics.message("gate", None, "unrecognised", NOW)
    metrics.dropped("udp", "kernel_buffer", 2, NOW)
    metrics.router_event("gate", "boot", 1, NOW)
    return metrics


def report(device: str = "ANNA-PC", **facts: object) -> HostReport:
    known: dict[str, object] = {"os": "Windows 11", "agent": "knockwatch 1", "device": device}
    return HostReport(version=1, **known | facts)  # type: ignore[arg-type]


def state_of(
    hosts: Hosts | None = None,
    routers: Routers | None = None,
    now: float = NOW,
    metrics: Metrics | None = None,
) -> list[formats.Family]:
    routers, hosts = routers or Routers(), hosts or Hosts()
    return exposition.state(
        routers, hosts, 3, now, version="1.2.3", scrape_seconds=0.25, metrics=metrics
    )


def all_families() -> list[formats.Family]:
    hosts, routers = Hosts(), Routers([RouterRule(name="gate")])
    hosts.report(report(links=(Link(interface="eth0", received_bytes=5, sent_bytes=2**64 - 1),),
                        sockets=(Socket(transport="udp", local_ip="::", local_port=5353),)),
                 NOW)  # fmt: skip
    routers.heard("gate", "192.168.1.1", NOW, NOW - 3)
    return [*exposition.take(played(), NETWORKS), *state_of(hosts, routers)]


def test_both_formats_tell_the_same_counters():
    families = all_families()
    plain = {(s.name, *s.labels.items()): s.value for s in samples(text(families))}
    open_ = {(s.name, *s.labels.items()): s.value for s in samples(om(families))}
    created = {key for key in open_ if key[0].endswith("_created")}
    assert plain == {key: value for key, value in open_.items() if key not in created}
    assert plain
    assert len({key[0] for key in plain}) > 20


def test_openmetrics_has_the_created_time_of_every_counter_and_text_has_none():
    families = exposition.take(played(), NETWORKS)
    found = samples(om(families))
    totals = [s for s in found if s.name.endswith("_total")]
    created = {(s.name.removesuffix("_created"), *s.labels.items()): s.value for s in found
               if s.name.endswith("_created")}  # fmt: skip
    assert totals
    for sample in totals:
        born = created[sample.name.removesuffix("_total"), *sample.labels.items()]
        assert born == NOW - CREATED_BEFORE  # before the scrape that first shows it
    assert "_created" not in text(families)


def test_a_body_is_of_the_type_that_was_asked_for():
    families = exposition.take(played(), NETWORKS)
    assert formats.encode(families, "text/html, */*")[1].startswith("text/plain")
    both = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    assert formats.encode(families, both)[1].startswith("application/openmetrics-text")
    assert formats.encode(families, both)[0].endswith(b"# EOF\n")


def test_nobody_is_written_out_as_empty_labels():
    families = exposition.take(played(), NETWORKS)
    for body in (text(families), om(families)):
        found = [labels for labels, _ in of(body, "attributed_packets_total")]
        named_ = [(labels["device"], labels["process"]) for labels in found]
        assert sorted(named_) == [("", ""), ("", ""), ("ANNA-PC", "netsession_win.exe")]
        ports = [labels["destination_port"] for labels, _ in of(body, "rejected_packets_total")]
        assert sorted(ports) == ["", "23", "51413"]


@pytest.mark.parametrize("name", NASTY, ids=lambda name: ascii(name[:12]))
def test_any_name_survives_both_formats(name):
    metrics, hosts, routers = Metrics(), Hosts(), Routers()
    metrics.message(name, None, "event", NOW)
    hosts.report(report(name, links=(Link(interface=name),)), NOW)
    routers.heard(name, "192.0.2.1", NOW, None)
    families = [*exposition.take(metrics, NETWORKS), *state_of(hosts, routers)]
    for body in (text(families), om(families)):
        [(labels, value)] = of(body, "messages_total")
        assert (labels["router"], value) == (name, 1)
        assert of(body, "device_info")[0][0]["device"] == name
        assert of(body, "router_last_message_timestamp_seconds") == [({"router": name}, NOW)]


@given(st.text(st.characters(), min_size=1))
@example("\udce3\udc81 half a character")
@example("\ud83d")
def test_no_name_can_break_a_scrape(name):
    metrics = Metrics()
    metrics.message(name, None, "event", NOW)
    metrics.message("another", None, "event", NOW)
    hosts = Hosts()
    hosts.report(report(name), NOW)
    families = [*exposition.take(metrics, NETWORKS), *state_of(hosts)]
    assert exposition.text(families)
    for body in (text(families), om(families)):
        assert sorted(value for _, value in of(body, "messages_total")) == [1, 1]
        assert len(of(body, "device_info")) == 1


def test_different_names_stay_different():
    metrics = Metrics()
    for name in ("\udc80", "\udc81", "?"):
        metrics.message(name, None, "event", NOW)
    labels = [labels["router"] for labels, _ in of(text(exposition.take(metrics, NETWORKS)),
                                                   "messages_total")]  # fmt: skip
    assert len(set(labels)) == 3


def values(families: Iterable[formats.Family], name: str) -> list[float]:
    return [v for f in families if f.declaration.name == name for _, v, _ in f.samples]


def test_a_new_series_is_shown_at_zero_exactly_once():
    metrics = Metrics()
    shown = []
    for _ in range(3):
        metrics.router_event("gate", "boot", 5, NOW)
        families = exposition.take(metrics, NETWORKS, newborn_at_zero=True)
        shown += values(families, ROUTER_EVENTS.name)
    assert shown == [0, 10, 15]


def test_without_being_asked_no_series_is_shown_at_zero():
    metrics = Metrics()
    metrics.router_event("gate", "boot", 5, NOW)
    assert values(exposition.take(metrics, NETWORKS), ROUTER_EVENTS.name) == [5]


def test_a_restored_series_is_never_shown_below_what_was_seen():
    metrics = Metrics()
    metrics.store.restore(
        ROUTER_EVENTS.name, ("gate", "boot"), Series(41.0, NOW - 60, NOW - 60, saved=41.0)
    )
    families = exposition.take(metrics, NETWORKS, newborn_at_zero=True)
    assert values(families, ROUTER_EVENTS.name) == [41]


def test_a_first_seen_time_is_no_counter_and_never_zero():
    metrics = Metrics()
    metrics.attributed(decision(attribution=named()), None, NOW)
    families = exposition.take(metrics, NETWORKS, newborn_at_zero=True)
    assert values(families, FIRST_SEEN.name) == [NOW]


def test_a_snapshot_does_not_change_with_what_comes_after_it():
    metrics = played()
    families = exposition.take(metrics, NETWORKS)
    before = text(families)
    metrics.rejected(rejection(count=99), NOW)
    metrics.store.retire(NOW + IDLE * 2)
    assert text(families) == before


def test_a_silent_device_disappears():
    hosts = Hosts()
    hosts.report(report(interval_seconds=15), NOW)
    named_ = ("device_info", "device_report_interval_seconds", "device_listening_sockets")
    for name in named_:
        assert of(text(state_of(hosts, now=NOW + 45)), name)
        assert not of(text(state_of(hosts, now=NOW + 46)), name)
    last = of(text(state_of(hosts, now=NOW + 46)), "device_last_report_timestamp_seconds")
    assert last == [({"device": "ANNA-PC"}, NOW)]


def test_a_paste_has_no_interval():
    hosts = Hosts()
    hosts.report(report(agent="paste"), NOW)
    body = text(state_of(hosts))
    assert of(body, "device_info")
    assert not of(body, "device_report_interval_seconds")


def test_listening_sockets_are_udp_and_listening_tcp():
    sockets = (
        Socket(transport="udp", local_ip="::", local_port=5353),
        Socket(transport="tcp", local_ip="::", local_port=22, state="listen"),
        Socket(transport="tcp", local_ip="::", local_port=22, state="established"),
    )
    hosts = Hosts()
    hosts.report(report(sockets=sockets), NOW)
    assert of(text(state_of(hosts)), "device_listening_sockets") == [({"device": "ANNA-PC"}, 2)]


def test_two_interfaces_of_one_name_are_one_sample():
    hosts = Hosts()
    links = (Link(interface="eth0", received_bytes=1), Link(interface="eth0", received_bytes=7))
    hosts.report(report(links=links), NOW)
    found = of(text(state_of(hosts)), "device_network_bytes_total")
    assert len(found) == len({tuple(labels.items()) for labels, _ in found}) == 2


def omitted(body: str) -> dict[str, float]:
    return {labels["label"]: value for labels, value in of(body, "omitted")}


@pytest.mark.thorough
def test_reports_of_many_interfaces_cannot_fill_a_scrape():
    hosts = Hosts()
    for number in range(100):
        links = tuple(Link(interface=f"if{n}", received_bytes=n) for n in range(512))
        hosts.report(report(f"device-{number}", links=links), NOW)
    families = state_of(hosts)
    assert all(len(family.samples) <= 10_000 for family in families)
    body = text(families)
    found = of(body, "device_network_bytes_total")
    assert len(found) == 100 * exposition.MAX_INTERFACES * 2
    interfaces = {labels["interface"] for labels, _ in found}
    assert interfaces == {f"if{n}" for n in range(512 - exposition.MAX_INTERFACES, 512)}
    assert omitted(body) == {
        "router": 0, "device": 0, "interface": 100 * (512 - exposition.MAX_INTERFACES)
    }  # fmt: skip


def test_devices_with_a_place_come_first_then_the_most_recently_heard():
    metrics, hosts = Metrics(Limits(device=3)), Hosts()
    metrics.attributed(decision(attribution=named(device="device-1")), None, NOW)
    for number in range(6):
        links = (Link(interface="eth0"),)
        hosts.report(report(f"device-{number}", links=links), NOW + number)
    families = state_of(hosts, now=NOW + 6, metrics=metrics)
    names = {f.declaration.name: {v[0] for v, *_ in f.samples} for f in families
             if f.samples and "device" in f.declaration.labels}  # fmt: skip
    assert len(names) == 5
    assert set(map(frozenset, names.values())) == {frozenset({"device-1", "device-4", "device-5"})}
    assert omitted(text(families)) == {"router": 0, "device": 3, "interface": 0}


def test_configured_routers_come_first_then_those_with_a_place_then_the_most_recently_heard():
    metrics, routers = Metrics(Limits(router=3)), Routers([RouterRule(name="gate")])
    metrics.message("attic", None, "event", NOW)
    for number, name in enumerate(("gate", "attic", "forged-1", "forged-2", "forged-3")):
        routers.heard(name, "192.168.1.1", NOW + number, NOW)
    families = state_of(routers=routers, metrics=metrics)
    heard = {f.declaration.name: {v[0] for v, *_ in f.samples} for f in families
             if "router" in f.declaration.labels}  # fmt: skip
    assert heard.pop("knockwatch_router_expected") == {"gate"}
    assert len(heard) == 5
    assert set(map(frozenset, heard.values())) == {frozenset({"gate", "attic", "forged-3"})}
    assert omitted(text(families)) == {"router": 2, "device": 0, "interface": 0}


@pytest.mark.parametrize("cap", [1, 5, 64])
def test_no_gauge_has_more_series_than_a_metric_may_have(cap):
    hosts, routers = Hosts(), Routers()
    for number in range(80):
        hosts.report(report(f"d{number}", links=(Link(interface="a"), Link(interface="b"))), NOW)
        routers.heard(f"r{number}", "192.168.1.1", NOW, NOW)
    families = state_of(hosts, routers, metrics=Metrics(Limits(series_per_metric=cap)))
    limited = [f for f in families if {"router", "device"} & set(f.declaration.labels)]
    assert all(len(family.samples) <= cap for family in limited)
    assert omitted(text(families))["device"] == 80 - cap
    assert omitted(text(families))["interface"] == 2 * min(cap, 80) - cap // 2


def test_what_a_host_says_of_itself_is_short_and_without_control_characters():
    hosts = Hosts()
    nasty = "Win\x1b[31m\n\x9bdows" + "x" * 500
    links = (Link(interface=nasty, sent_bytes=1), Link(interface=nasty + "y", sent_bytes=2))
    hosts.report(report(os=nasty, agent="イーサネット 2", links=links), NOW)
    body = text(state_of(hosts))
    [(info, _)] = of(body, "device_info")
    assert info["os"] == "Win [31m  dows" + "x" * 50
    assert info["agent"] == "イーサネット 2"
    sent = [(labels["interface"], value) for labels, value in of(body, "device_network_bytes_total")
            if labels["direction"] == "sent"]  # fmt: skip
    assert sent == [(info["os"], 2)]


def test_expected_routers_are_those_that_are_configured():
    routers = Routers([RouterRule(name="gate"), RouterRule(name="attic")], masks=["172.17.0.1"])
    routers.heard("gate", "172.17.0.1", NOW, NOW - 3)
    routers.heard("stranger", "192.0.2.7", NOW, None)
    body = text(state_of(routers=routers))
    assert of(body, "router_expected") == [({"router": "gate"}, 1), ({"router": "attic"}, 1)]
    assert of(body, "router_clock_offset_seconds") == [({"router": "gate"}, -3)]
    masked = {labels["router"]: value for labels, value in of(body, "router_source_masked")}
    assert masked == {"gate": 1, "stranger": 0}


def test_a_scrape_tells_what_waits_how_long_it_took_and_what_runs():
    body = text(state_of())
    assert of(body, "undecided_packets") == [({}, 3)]
    assert of(body, "scrape_duration_seconds") == [({}, 0.25)]
    assert of(body, "build_info")[0][0]["version"] == "1.2.3"


def test_networks_and_programs_are_described_once():
    metrics = played()
    body = text(exposition.take(metrics, NETWORKS))
    networks = [labels["source_asn"] for labels, _ in of(body, "network_info")]
    assert sorted(networks) == ["AS20940", "private", "reserved", "unknown"]
    assert [labels["process"] for labels, _ in of(body, "process_info")] == ["netsession_win.exe"]


def test_a_program_without_a_place_is_not_described():
    metrics = played()
    metrics.processes["gone"] = ("", "")
    body = text(exposition.take(metrics, NETWORKS))
    assert [labels["process"] for labels, _ in of(body, "process_info")] == ["netsession_win.exe"]


def test_other_collectors_are_added():
    body, _ = formats.encode([], extra=[ProcessCollector(registry=None)])
    assert b"process_cpu_seconds_total" in body


def test_the_text_of_a_replay_has_an_order_and_no_trace_of_when_it_was_made():
    one, other = Metrics(), Metrics()
    for number in range(20):
        one.message(f"router-{number}", None, "event", NOW)
        other.message(f"router-{19 - number}", None, "event", NOW + 60)
    bodies = [exposition.text(exposition.take(m, NETWORKS)) for m in (one, other)]
    assert bodies[0] == bodies[1]
    assert b"_created" not in bodies[0]
    assert b"build_info" not in bodies[0]
    assert b"python" not in bodies[0]


@pytest.mark.skipif(binary("promtool") is None, reason="promtool is not on this machine")
def test_promtool_finds_nothing_wrong():
    argv = [str(binary("promtool")), "check", "metrics"]
    body = text(all_families())
    done = subprocess.run(argv, input=body, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
