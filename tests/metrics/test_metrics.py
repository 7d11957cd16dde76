from hypothesis import given
from hypothesis import strategies as st

from exporter.events import Network
from exporter.knowledge import load
from exporter.metrics import (
    ATTRIBUTED,
    DROPPED,
    MESSAGES,
    REJECTED,
    REPORTS,
    ROUTER_EVENTS,
    STATE_ERRORS,
    Limits,
    Metrics,
)
from exporter.metrics.declared import (
    BY_COUNTRY,
    DECOYS,
    FIRST_SEEN,
    OVERFLOW,
)
from exporter.metrics.series import IDLE, Declaration
from tests.rejections import NOW, decision, named, rejection

SMALL = Limits(router=4, destination_port=4, source_asn=6, source_country=4, device=4, process=4)
NETWORKS = st.builds(
    Network,
    asn=st.sampled_from(["private", "reserved", "unknown"]) | st.integers(1, 40).map("AS{}".format),
    country=st.sampled_from(["", "JP", "NL", "DE", "US", "FR", "GB"]),
)
PACKETS = st.builds(
    rejection,
    router=st.integers(0, 9).map("router-{}".format),
    direction=st.sampled_from(["inbound", "outbound", "local"]),
    transport=st.sampled_from(["udp", "tcp", "icmp", "", "255"]),
    destination_port=st.none() | st.integers(0, 40),
    source=NETWORKS,
    count=st.integers(1, 1_000_000),
)
DECISIONS = st.lists(
    st.tuples(PACKETS, st.sampled_from(["", "a", "b", "c", "d", "e"]), st.integers(0, 7)),
    max_size=60,
)


def total(metrics: Metrics, metric: Declaration) -> float:
    return sum(series.value for series in metrics.store.series[metric.name].values())


def values(metrics: Metrics, metric: Declaration) -> dict[tuple[str, ...], float]:
    return {labels: one.value for labels, one in metrics.store.series[metric.name].items()}


@given(DECISIONS, st.sampled_from([1, 3, 10_000]))
def test_rejected_and_attributed_packets_are_conserved(decisions, cap):
    metrics = Metrics(Limits(**{f: getattr(SMALL, f) for f in SMALL.__struct_fields__[:-1]},
                             series_per_metric=cap))  # fmt: skip
    for packets, device, process in decisions:
        metrics.rejected(packets, NOW)
        attribution = named(device=device, process=f"p{process}" if device else "")
        metrics.attributed(decision(packets, attribution=attribution), None, NOW)
    packets = sum(packets.count for packets, *_ in decisions)
    assert total(metrics, REJECTED) == total(metrics, BY_COUNTRY) == packets
    assert total(metrics, ATTRIBUTED) == packets


@given(DECISIONS)
def test_within_the_budgets_every_label_is_what_the_packet_says(decisions):
    metrics = Metrics(Limits())
    for packets, device, _ in decisions:
        metrics.rejected(packets, NOW)
        metrics.attributed(decision(packets, attribution=named(device=device)), None, NOW)
    found = {(labels[0], labels[3], labels[4]) for labels in values(metrics, REJECTED)}
    assert found == {
        (
            packets.router,
            "" if packets.destination_port is None else str(packets.destination_port),
            packets.source.asn,
        )
        for packets, *_ in decisions
    }


def test_a_rejected_packet_is_counted_by_port_network_and_country():
    metrics = Metrics()
    metrics.rejected(rejection(count=3), NOW)
    assert values(metrics, REJECTED) == {("gate", "inbound", "udp", "51413", "AS20940"): 3}
    assert values(metrics, BY_COUNTRY) == {("gate", "udp", "NL"): 3}


def test_a_transport_without_ports_has_an_empty_port():
    metrics = Metrics()
    metrics.rejected(rejection(transport="icmp", destination_port=None), NOW)
    assert list(values(metrics, REJECTED)) == [("gate", "inbound", "icmp", "", "AS20940")]


def test_port_zero_is_a_port():
    metrics = Metrics()
    metrics.rejected(rejection(destination_port=0), NOW)
    assert list(values(metrics, REJECTED)) == [("gate", "inbound", "udp", "0", "AS20940")]


def test_a_decision_for_nobody_has_empty_labels():
    metrics = Metrics()
    metrics.rejected(rejection(count=2), NOW)
    metrics.attributed(decision(rejection(count=2)), None, NOW)
    key = ("gate", "inbound", "udp", "AS20940", "", "", "unknown", "none")
    assert values(metrics, ATTRIBUTED) == {key: 2}
    assert not values(metrics, FIRST_SEEN)


def test_a_named_program_is_counted_remembered_and_described():
    metrics, knowledge = Metrics(), load()
    application = knowledge.application("netsession_win.exe")
    assert application is not None
    metrics.attributed(decision(attribution=named()), application, NOW)
    metrics.attributed(decision(attribution=named()), application, NOW + 60)
    key = ("gate", "inbound", "udp", "AS20940", "ANNA-PC", "netsession_win.exe")
    assert values(metrics, ATTRIBUTED) == {(*key, "unknown", "socket"): 2}
    assert values(metrics, FIRST_SEEN) == {("ANNA-PC", "netsession_win.exe"): NOW}
    assert metrics.processes == {"netsession_win.exe": (application.name, application.verdict)}


def test_a_device_without_a_program_has_no_first_seen():
    metrics = Metrics()
    metrics.attributed(decision(attribution=named(process="")), None, NOW)
    assert not values(metrics, FIRST_SEEN)
    assert not metrics.processes


def test_programs_that_lost_their_place_are_forgotten():
    metrics = Metrics(SMALL)
    for week in range(30):
        for number in range(6):
            attribution = named(process=f"program-{week}-{number}")
            now = NOW + 2 * week * IDLE
            metrics.attributed(decision(attribution=attribution), None, now)
        for hours in range(0, int(2 * IDLE / 3600), 20):
            metrics.store.retire(now + hours * 3600)
    metrics.attributed(decision(attribution=named(process="newest")), None, now + 2 * IDLE)
    assert "newest" in metrics.processes
    assert len(metrics.processes) <= SMALL.process


def hostile(metrics: Metrics, ports: int, now: float) -> None:
    """Use up what of the budget of ports is for packets that nobody is named for."""
    for port in [*range(ports)] * 20:
        packets = rejection(destination_port=port, count=50)
        metrics.rejected(packets, now)


def test_the_port_of_a_named_program_has_a_series_under_pressure():
    metrics = Metrics(Limits(destination_port=100))
    hostile(metrics, 200, NOW)
    metrics.rejected(rejection(), NOW)
    metrics.attributed(decision(attribution=named()), None, NOW)
    metrics.rejected(rejection(count=4), NOW)
    assert values(metrics, REJECTED)["gate", "inbound", "udp", "51413", "AS20940"] == 4
    assert total(metrics, REJECTED) == 200_005


def test_a_port_that_was_named_once_gives_its_reserved_place_back_after_a_week():
    metrics = Metrics(Limits(destination_port=100))
    hostile(metrics, 200, NOW)
    for port in range(50_000, 50_010):
        metrics.attributed(decision(rejection(our_port=port), attribution=named()), None, NOW)
    later = NOW + IDLE + 1
    hostile(metrics, 90, later)
    metrics.store.retire(later)
    metrics.attributed(decision(rejection(our_port=51413), attribution=named()), None, later)
    assert metrics.store.placed("destination_port", "51413")
    assert not metrics.store.placed("destination_port", "50000")


def test_a_device_beyond_the_budget_is_counted_as_other():
    metrics = Metrics(SMALL)
    for number in range(6):
        attribution = named(device=f"device-{number}", process=f"program-{number}")
        metrics.attributed(decision(attribution=attribution), None, NOW)
    found = values(metrics, ATTRIBUTED)
    assert {labels[4] for labels in found} == {*(f"device-{n}" for n in range(4)), "other"}
    assert sum(found.values()) == 6
    assert values(metrics, OVERFLOW)[ATTRIBUTED.name, "device"] == 2
    assert len(values(metrics, FIRST_SEEN)) == 4


def test_a_transport_that_is_none_is_counted_as_other():
    metrics = Metrics()
    metrics.rejected(rejection(transport="qwerty"), NOW)
    assert values(metrics, REJECTED) == {("gate", "inbound", "other", "51413", "AS20940"): 1}
    assert values(metrics, OVERFLOW)[REJECTED.name, "transport"] == 1


def test_special_networks_have_their_place_whatever_comes_first():
    metrics = Metrics(Limits(source_asn=4))
    for number in range(50):
        source = Network(f"AS{number}")
        metrics.rejected(rejection(source=source, count=100), NOW)
    for asn in ("private", "reserved", "unknown"):
        metrics.rejected(rejection(source=Network(asn)), NOW)
    assert {labels[4] for labels in values(metrics, REJECTED)} >= {"private", "reserved", "unknown"}


def test_the_other_counters_count():
    metrics = Metrics()
    metrics.message("gate", "connection", "event", NOW)
    metrics.message("gate", None, "unrecognised", NOW)
    metrics.dropped("udp", "queue_full", 7, NOW)
    metrics.router_event("gate", "dhcp_lease", 2, NOW)
    metrics.report("accepted", NOW)
    metrics.state_error("state", NOW)
    metrics.decoy("none", 9, NOW)
    assert values(metrics, MESSAGES) == {
        ("gate", "connection", "event"): 1,
        ("gate", "", "unrecognised"): 1,
    }
    assert values(metrics, DROPPED) == {("udp", "queue_full"): 7}
    assert values(metrics, ROUTER_EVENTS) == {("gate", "dhcp_lease"): 2}
    assert values(metrics, REPORTS) == {("accepted",): 1}
    assert values(metrics, STATE_ERRORS) == {("state",): 1}
    assert values(metrics, DECOYS) == {("none",): 9}


def test_only_programs_that_were_named_are_counted_in_bytes():
    metrics = Metrics()
    metrics.process_bytes("ANNA-PC", "a.exe", 100, NOW)
    assert metrics.store.series["knockwatch_process_network_bytes_total"] == {}
    metrics.attributed(decision(attribution=named(device="ANNA-PC", process="a.exe")), None, NOW)
    metrics.process_bytes("ANNA-PC", "a.exe", 100, NOW)
    metrics.process_bytes("BEN-PC", "a.exe", 100, NOW)
    [(labels, series)] = metrics.store.series["knockwatch_process_network_bytes_total"].items()
    assert (labels, series.value) == (("ANNA-PC", "a.exe"), 100)
