from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter import build
from exporter.attribution import Attributor, waiting
from exporter.build import port_kind
from exporter.config import parse
from exporter.events import Batch
from exporter.hosts import Hosts
from exporter.metrics import Metrics
from exporter.pipeline import Pipeline
from exporter.routers import Routers
from exporter.settings import Config
from tests.world import NOW, report, socket

FOUNDING = b"UDP connection rejected from 23.45.67.89:3478 to 203.0.113.9:51413"
STAGES = build.stages(Config())  # what does not change is read once


def pipeline(decided=None, config="", **options):
    fresh = build.stages(parse(config)) if config else _fresh()
    return Pipeline(fresh, decided, **options)


def _fresh():
    hosts = Hosts()
    return STAGES._replace(
        routers=Routers(),
        hosts=hosts,
        attributor=Attributor(hosts, port_kind(STAGES.knowledge)),
        metrics=Metrics(),
    )


def send(line_pipe, *messages, at=NOW, sender="192.168.1.1", listener="udp"):
    batch = Batch(received=at, sender=sender, listener=listener, messages=list(messages))
    return line_pipe.read(batch)


def total(line_pipe, metric):
    series = line_pipe.stages.metrics.store.series[f"knockwatch_{metric}"]
    return sum(one.value for one in series.values())


def rows(line_pipe, metric):
    series = line_pipe.stages.metrics.store.series[f"knockwatch_{metric}"]
    return {labels: one.value for labels, one in series.items()}


def test_the_founding_case_from_line_to_metric():
    line_pipe = pipeline()
    line_pipe.report(report("ANNA-PC", socket()), NOW - 5)
    send(line_pipe, FOUNDING)
    assert rows(line_pipe, "rejected_packets_total") == {
        ("192.168.1.1", "inbound", "udp", "51413", "AS20940"): 1
    }
    [(labels, count)] = rows(line_pipe, "attributed_packets_total").items()
    assert count == 1
    assert labels == (
        *("192.168.1.1", "inbound", "udp", "AS20940"),
        *("ANNA-PC", "netsession_win.exe", "p2p", "socket"),
    )
    assert rows(line_pipe, "first_seen_timestamp_seconds") == {
        ("ANNA-PC", "netsession_win.exe"): NOW
    }


def test_nobody_is_written_out():
    line_pipe = pipeline()
    send(line_pipe, FOUNDING)
    [labels] = rows(line_pipe, "attributed_packets_total")
    assert labels[4:6] == ("", "")


def test_a_young_socket_waits_for_the_other_hosts():
    decided = []
    line_pipe = pipeline(decided.append)
    line_pipe.report(report("A", socket(age_seconds=3.0)), NOW - 1)
    line_pipe.report(report("B"), NOW - 1)
    send(line_pipe, FOUNDING, FOUNDING)
    assert decided == []
    assert total(line_pipe, "rejected_packets_total") == 2
    line_pipe.report(report("B", socket(process="rival", age_seconds=5.0)), NOW + 3)
    assert decided == []
    line_pipe.report(report("A", socket(age_seconds=20.0)), NOW + 4)
    [decision] = decided
    assert (decision.attribution.evidence, decision.rejection.count) == ("ambiguous", 2)
    assert total(line_pipe, "attributed_packets_total") == 2


def test_the_clock_decides_what_nobody_reports_about():
    line_pipe = pipeline()
    line_pipe.report(report("A"), NOW - 1)
    send(line_pipe, FOUNDING)
    line_pipe.tick(NOW + 22.4)
    assert total(line_pipe, "attributed_packets_total") == 0
    line_pipe.tick(NOW + 22.5)
    assert total(line_pipe, "attributed_packets_total") == 1


def test_the_end_decides_everything():
    line_pipe = pipeline()
    line_pipe.report(report("A"), NOW - 1)
    send(line_pipe, FOUNDING)
    line_pipe.finish(NOW + 1)
    assert total(line_pipe, "attributed_packets_total") == 1
    assert len(line_pipe.waiting) == 0


def test_when_too_much_waits_newcomers_are_decided_at_once(monkeypatch):
    monkeypatch.setattr(waiting, "MAX_GROUPS", 2)
    line_pipe = pipeline()
    line_pipe.report(report("A"), NOW - 1)
    send(line_pipe, *(FOUNDING.replace(b"51413", b"5000%d" % port) for port in range(5)))
    assert len(line_pipe.waiting) == 2
    assert total(line_pipe, "attributed_packets_total") == 3


@pytest.mark.parametrize(
    ("messages", "packets"),
    [
        ([FOUNDING, b"last message repeated 4 times"], 5),
        ([FOUNDING, b"last message repeated 4 times", b"last message repeated 2 times"], 7),
        ([b"message repeated 7 times: [ " + FOUNDING + b"]"], 7),
        ([b"message repeated 7 times: [ " + FOUNDING + b"]", b"last message repeated 2 times"], 9),
        ([FOUNDING, b"something else", b"last message repeated 4 times"], 1),
        ([FOUNDING, b"last message repeated 1000001 times"], 1),
        ([FOUNDING, b"last message repeated 0 times"], 1),
    ],
)
def test_repeats_are_expanded(messages, packets):
    line_pipe = pipeline()
    send(line_pipe, *messages)
    assert total(line_pipe, "rejected_packets_total") == packets
    assert total(line_pipe, "attributed_packets_total") == packets
    assert total(line_pipe, "messages_total") == len(messages)


def test_a_repeat_belongs_to_its_own_sender():
    line_pipe = pipeline()
    send(line_pipe, FOUNDING, sender="192.168.1.1")
    [reading] = send(line_pipe, b"last message repeated 4 times", sender="192.168.1.2")
    assert reading.event.kind == "repeat"
    assert reading.event.count == 4
    assert total(line_pipe, "rejected_packets_total") == 1


def test_a_repeat_beyond_belief_is_malformed_and_forgets_its_predecessor():
    line_pipe = pipeline()
    first, second = send(line_pipe, FOUNDING, b"last message repeated 99999999 times")
    assert (first.outcome, second.outcome) == ("event", "malformed")
    assert "99999999" in second.error


STAMPED = b"<5>Nov 23 12:00:00 %s FIREWALL: " + FOUNDING


@pytest.mark.parametrize(
    "again", [b"last message repeated 5 times", STAMPED[:19] + b"gw last message repeated 5 times"]
)
def test_a_repeat_finds_its_message_whether_or_not_it_names_the_host(again):
    line_pipe = pipeline()
    first = STAMPED % b"gw" if again[:1] == b"l" else FOUNDING
    send(line_pipe, first, again, sender="127.0.0.1")
    assert total(line_pipe, "rejected_packets_total") == 6
    assert len(rows(line_pipe, "rejected_packets_total")) == 1


def test_a_repeat_without_a_host_is_of_the_newest_message_of_its_relay():
    line_pipe = pipeline()
    lines = (FOUNDING, STAMPED % b"one", STAMPED % b"two", b"last message repeated 5 times")
    send(line_pipe, *lines, sender="127.0.0.1")
    by_router = {labels[0]: n for labels, n in rows(line_pipe, "rejected_packets_total").items()}
    assert by_router == {"127.0.0.1": 1, "one": 1, "two": 6}


def test_a_repeat_with_a_host_is_of_that_host():
    line_pipe = pipeline()
    again = STAMPED[:19] + b"one last message repeated 5 times"
    send(line_pipe, STAMPED % b"one", STAMPED % b"two", again, sender="127.0.0.1")
    by_router = {labels[0]: n for labels, n in rows(line_pipe, "rejected_packets_total").items()}
    assert by_router == {"one": 6, "two": 1}


def test_accepted_and_unclear_packets_are_not_rejected():
    line_pipe = pipeline()
    packet = b"IN=eth0 OUT= SRC=198.51.100.7 DST=203.0.113.9 LEN=40 PROTO=UDP SPT=1 DPT=2 LEN=20"
    send(line_pipe, b"ACCEPT " + packet, b"note " + packet, b"DROP " + packet)
    assert total(line_pipe, "rejected_packets_total") == 1
    assert rows(line_pipe, "router_events_total") == {
        ("192.168.1.1", "accepted"): 1,
        ("192.168.1.1", "no_verdict"): 1,
    }


def test_an_outbound_rejection_accuses_nobody_outside():
    decided = []
    line_pipe = pipeline(decided.append)
    line_pipe.report(report("A", socket(123, "ntpd"), addresses=("192.168.1.5",)), NOW - 5)
    send(line_pipe, b"UDP connection rejected from 192.168.1.5:123 to 23.45.67.89:123")
    [decision] = decided
    assert decision.rejection.direction == "outbound"
    assert decision.rejection.source.asn == "private"
    assert (decision.attribution.device, decision.attribution.process) == ("A", "ntpd")
    assert decision.cause.name == "misconfiguration"


def test_chatter_within_the_home_is_named_by_who_sent_it():
    decided = []
    line_pipe = pipeline(decided.append)
    line_pipe.report(report("TV", addresses=("192.168.1.40",)), NOW - 20)
    send(line_pipe, b"UDP connection rejected from 192.168.1.40:5353 to 224.0.0.251:5353")
    line_pipe.finish(NOW)
    [decision] = decided
    assert decision.rejection.direction == "local"
    assert (decision.attribution.device, decision.attribution.evidence) == ("TV", "mapping")
    assert decision.cause.name == "local_chatter"


def test_an_unreadable_address_is_still_counted():
    line_pipe = pipeline()
    send(line_pipe, b"UDP connection rejected from aaa.aaa.aaa.aaa:1 to bbb.bbb.bbb.bbb:2")
    [labels] = rows(line_pipe, "rejected_packets_total")
    assert labels == ("192.168.1.1", "inbound", "udp", "2", "unknown")
    assert total(line_pipe, "attributed_packets_total") == 1


def test_a_masked_source_is_named_by_its_header():
    line_pipe = Pipeline(build.stages(Config(), gateways=["172.18.0.1"], masks=["172.18.0.1"]))
    stamped = b"<5>Nov 23 12:00:00 home-router FIREWALL: " + FOUNDING
    [masked] = send(line_pipe, stamped, sender="172.18.0.1")
    [direct] = send(line_pipe, stamped, sender="192.168.1.1")
    assert (masked.router, direct.router) == ("home-router", "192.168.1.1")
    flags = {router.name: router.masked for router in line_pipe.stages.routers.known()}
    assert flags == {"home-router": True, "192.168.1.1": False}


def test_interfaces_of_the_configuration_tell_the_direction():
    config = '[[router]]\nname = "gw"\naddresses = ["192.168.1.1"]\nlan_interfaces = ["br0"]\n'
    decided = []
    line_pipe = pipeline(decided.append, config=config)
    send(line_pipe, b"DROP IN=br0 OUT=eth0 SRC=198.51.100.9 DST=192.0.2.1 PROTO=UDP SPT=1 DPT=2")
    assert [(d.rejection.router, d.rejection.direction) for d in decided] == [("gw", "outbound")]


def test_a_dialect_is_guessed_from_the_sender_and_never_wrong():
    line_pipe = pipeline()
    netfilter = b"DROP IN=eth0 OUT= SRC=198.51.100.7 DST=203.0.113.9 PROTO=UDP SPT=1 DPT=2"
    readings = send(line_pipe, FOUNDING, netfilter, FOUNDING, netfilter)
    assert [r.dialect for r in readings] == ["connection", "netfilter"] * 2


def test_the_lines_clock_never_goes_backwards():
    decided = []
    line_pipe = pipeline(decided.append, line_clock=0.0)
    stamps = ("Nov 23 12:00:00", "Nov 23 11:00:00", "Nov 23 12:00:01")
    send(line_pipe, *(f"<5>{stamp} gw FIREWALL: ".encode() + FOUNDING for stamp in stamps))
    times = [decision.rejection.received for decision in decided]
    assert times == sorted(times)
    assert line_pipe.line_clock > 0


def test_what_waits_survives_a_restart():
    before, decided = pipeline(), []
    before.report(report("A"), NOW - 1)
    send(before, FOUNDING, FOUNDING)
    stored = msgspec.msgpack.encode(before.waiting.groups())
    after = pipeline(decided.append)
    after.waiting.restore(msgspec.msgpack.decode(stored, type=list[waiting.Group]))
    after.tick(NOW + 1)
    assert [decision.rejection.count for decision in decided] == [2]


LEASE = b"dnsmasq-dhcp[1]: DHCPACK(br-lan) 192.168.1.40 00:00:5e:00:53:40 tv"
MAPPING = b"miniupnpd[1]: redirecting port 51413 to 192.168.1.40:51413 protocol UDP for: game"
OUTBOUND = b"DROP IN=br0 OUT=eth0 SRC=192.168.1.40 DST=198.51.100.9 PROTO=TCP SPT=1 DPT=2"


def test_leases_and_mappings_in_the_log_name_devices_without_an_agent():
    line_pipe = pipeline((decided := []).append)
    send(line_pipe, OUTBOUND, FOUNDING, LEASE, MAPPING, OUTBOUND, FOUNDING)
    named = {(d.rejection.direction, d.attribution.device): d.attribution.evidence for d in decided}
    assert named == {("outbound", "tv"): "mapping", ("inbound", "tv"): "mapping"}
    send(line_pipe, OUTBOUND, FOUNDING, sender="192.168.2.1")
    assert [d.attribution.device for d in decided[-2:]] == ["tv", ""]  # a mapping is its router's
    send(line_pipe, b"miniupnpd[1]: removing redirect rule port 51413 UDP")
    send(line_pipe, FOUNDING, at=NOW + 601)
    assert decided[-1].attribution.device == ""


# --- what comes late -----------------------------------------------------------------------------


def stamped(time, line=FOUNDING):
    return datetime.fromtimestamp(time, UTC).isoformat().encode() + b" gw kernel: " + line


def test_a_line_of_a_file_is_judged_by_its_own_time():
    decided = []
    line_pipe = pipeline(decided.append)
    line_pipe.report(report("THEN", socket(age_seconds=7200.0)), NOW - 4000)
    line_pipe.report(report("THEN"), NOW - 2000)
    line_pipe.report(report("NOW", socket(age_seconds=1000.0)), NOW - 5)
    send(line_pipe, stamped(NOW - 4000), stamped(NOW - 5), sender="/log", listener="file")
    line_pipe.finish(NOW + 1)
    assert [(d.attribution.device, d.rejection.received) for d in decided] == [
        ("THEN", NOW - 4000),
        ("NOW", NOW),
    ]
    assert total(line_pipe, "rejected_packets_total") == 2


def test_a_datagram_is_never_late_whatever_its_stamp():
    decided = []
    line_pipe = pipeline(decided.append)
    send(line_pipe, stamped(NOW), at=NOW)
    send(line_pipe, stamped(NOW - 4000), at=NOW + 1)
    assert [d.rejection.received for d in decided] == [NOW, NOW + 1]


@pytest.mark.thorough
@pytest.mark.parametrize("room", [0, 10_000])
@pytest.mark.parametrize(("seconds_apart", "is_flood"), [(0.01, True), (30.0, False)])
def test_catching_up_is_no_flood(seconds_apart, is_flood, room, monkeypatch):
    monkeypatch.setattr(waiting, "MAX_GROUPS", room)
    line_pipe = pipeline((decided := []).append)
    begin = NOW - 86400.0
    line = b"DROP IN=eth0 SRC=198.51.100.9 DST=203.0.113.9 PROTO=UDP SPT=40000 DPT=40001"
    lines = [stamped(begin + seconds_apart * number, line) for number in range(3500)]
    send(line_pipe, *lines, sender="/log", listener="file")
    assert ("flood" in {decision.cause.name for decision in decided}) == is_flood
    end = min(NOW, begin + seconds_apart * 3499)
    assert max(decision.last for decision in decided) == pytest.approx(end, abs=30.0)
    assert total(line_pipe, "attributed_packets_total") == 3500


# --- laws ----------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        FOUNDING,
        b"TCP connection denied from 198.51.100.9:4000 to 203.0.113.9:22",
        b"DROP IN=eth0 OUT= SRC=2001:db8::1 DST=2001:db8::2 PROTO=UDP SPT=1 DPT=2",
        b"DROP IN=br0 OUT=eth0 SRC=192.168.1.5 DST=198.51.100.9 PROTO=TCP SPT=1 DPT=2",
        b"ACCEPT IN=eth0 OUT= SRC=198.51.100.7 DST=203.0.113.9 PROTO=UDP SPT=1 DPT=2",
        b"last message repeated 3 times",
        b"message repeated 2 times: [ " + FOUNDING + b"]",
        b"",
        b"NAT TX-ERROR List Create Error",
    ]
)
MESSAGES = st.one_of(WORDS, st.binary(max_size=60), WORDS.flatmap(lambda word: st.just(word[:40])))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("lines"), st.lists(MESSAGES, max_size=6)),
        st.tuples(st.just("report"), st.sampled_from([51413, 22, 40000])),
        st.tuples(st.just("tick"), st.integers(0, 60)),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(steps=STEPS)
def test_nothing_is_lost_and_nothing_is_counted_twice(steps):
    decided = []
    line_pipe = pipeline(decided.append)
    now, arrived, rejected = NOW, 0, 0
    for kind, what in steps:
        now += 1
        if kind == "lines":
            readings = send(line_pipe, *what, at=now)
            arrived += len(what)
            events = [reading.event for reading in readings if reading.event]
            rejected += sum(event.packets for event in events if event.kind == "rejected")
        elif kind == "report":
            line_pipe.report(report(f"d{what}", socket(what, age_seconds=1.0)), now)
        else:
            now += what
            line_pipe.tick(now)
        waits = sum(group.packets for group in line_pipe.waiting.groups())
        assert total(line_pipe, "attributed_packets_total") + waits == rejected
    line_pipe.finish(now)
    assert total(line_pipe, "messages_total") == arrived
    assert total(line_pipe, "rejected_packets_total") == rejected
    assert total(line_pipe, "rejected_packets_by_country_total") == rejected
    assert total(line_pipe, "attributed_packets_total") == rejected
    assert sum(decision.rejection.count for decision in decided) == rejected


@settings(deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_have_an_outcome(data):
    [reading] = send(pipeline(), data)
    assert reading.outcome in ("event", "ignored", "unrecognised", "malformed")
    assert (reading.event is not None) == (reading.outcome == "event")
