import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.events import Event
from exporter.explain import Answer, event_fields, explain
from tests.test_pipeline import pipeline, send
from tests.world import NOW, report, socket

FOUNDING = "UDP connection rejected from 23.45.67.89:3478 to 203.0.113.9:51413"


def test_the_answer_has_the_keys_of_the_contract():
    assert Answer.__struct_fields__ == (
        *("line", "router", "dialect", "outcome", "event", "network", "device", "process"),
        *("evidence", "confidence", "candidates", "cause", "verdict", "application"),
        "at_least",
        *("headline", "summary", "certainty", "advice", "steps"),
    )


def test_the_founding_line_is_explained_with_its_program():
    line_pipe = pipeline()
    line_pipe.report(report("ANNA-PC", socket()), NOW)
    answer = explain(FOUNDING, line_pipe, NOW, "en")
    assert (answer.device, answer.process) == ("ANNA-PC", "netsession_win.exe")
    assert (answer.evidence, answer.cause) == ("socket", "p2p")
    assert answer.application == "Akamai NetSession Interface"
    assert answer.network.asn == "AS20940"
    for part in ("ANNA-PC", "netsession_win.exe", "Akamai", "51413"):
        assert part in answer.summary


def test_explaining_counts_nothing():
    line_pipe = pipeline()
    explain(FOUNDING, line_pipe, NOW, "en")
    series = line_pipe.stages.metrics.store.series
    assert all(not of_metric for of_metric in series.values())
    assert len(line_pipe.waiting) == 0


def test_without_hosts_nobody_is_named_and_that_is_said():
    answer = explain(FOUNDING, pipeline(), NOW, "en")
    assert (answer.device, answer.process, answer.evidence) == (None, None, "none")
    assert answer.cause == "late_reply"
    assert answer.confidence == 0


@pytest.mark.parametrize(
    ("line", "outcome", "kind"),
    [
        ("hello", "unrecognised", None),
        ("", "unrecognised", None),
        ("NAT TX-ERROR List Create Error", "event", "nat_fault"),
        ("ACCEPT IN=eth0 OUT= SRC=198.51.100.7 DST=192.0.2.1 PROTO=UDP", "event", "accepted"),
        ("last message repeated 5 times", "event", "repeat"),
        ("last message repeated 5000000 times", "malformed", None),
    ],
)
def test_a_line_that_is_no_rejection_says_what_it_is(line, outcome, kind):
    answer = explain(line, pipeline(), NOW, "en")
    assert answer.outcome == outcome
    assert (answer.event.kind if answer.event else None) == kind
    assert answer.cause is None
    assert answer.summary
    assert answer.advice


def test_the_header_names_the_router():
    stamped = f"<5>Nov 23 12:00:00 home-router FIREWALL: {FOUNDING}"
    assert explain(stamped, pipeline(), NOW, "en").router == "home-router"
    assert explain(FOUNDING, pipeline(), NOW, "en", router="gw").router == "gw"


def test_a_configured_router_is_known_by_its_host_and_has_its_interfaces():
    configured = pipeline(
        config='[[router]]\nname = "gate"\nhosts = ["openwrt"]\nwan_interfaces = ["wan"]'
    )
    line = "<4>Nov 23 12:00:00 OpenWrt kernel: DROP IN=wan OUT= SRC=192.168.7.7 DST=10.0.0.2"
    answer = explain(f"{line} PROTO=TCP SPT=1000 DPT=23", configured, NOW, "en")
    assert answer.router == "gate"
    assert "The packet's way: from the Internet." in answer.steps


def test_an_event_in_json_leaves_out_what_the_line_does_not_say():
    event = Event(kind="rejected", source_port=0, time=1_790_000_000.5)
    assert event_fields(event) == {
        "kind": "rejected",
        "source_port": 0,
        "time": "2026-09-21T14:13:20.500000Z",
    }


def test_a_line_of_no_dialect_is_told_what_it_resembles_and_lacks():
    line = "kernel: DROP INN=eth0 OUT= MAC= SOURCE=198.51.100.7 DEST=203.0.113.9 LEN=40 TTL=245"
    steps = explain(line, pipeline(), NOW, "en").steps
    assert steps[0] == "No dialect knows this line."
    assert "Linux iptables and nftables" in steps[1]
    assert "DST=" in steps[2]


def test_a_malformed_line_is_told_its_dialects_reason():
    answer = explain("last message repeated 5000000 times", pipeline(), NOW, "en")
    assert answer.outcome == "malformed"
    assert "5000000" in answer.steps[-1]


def test_a_line_of_a_router_at_its_limit_says_that_there_were_more():
    line_pipe = pipeline()
    for minute in range(25):
        for number in range(3):
            stranger = f"198.51.100.{number * 2 + minute % 3}:1"
            line = f"UDP connection rejected from {stranger} to 203.0.113.9:5"
            send(line_pipe, line.encode(), at=NOW + 60 * minute + number)
    now = NOW + 25 * 60
    assert explain(FOUNDING, line_pipe, now, "en").at_least
    assert not explain(f"<5>Nov 23 12:00:00 other fw: {FOUNDING}", line_pipe, now, "en").at_least
    assert not explain(FOUNDING, pipeline(), now, "en").at_least


@given(line=st.text(max_size=200))
def test_any_text_is_explained(line):
    answer = explain(line, pipeline(), NOW, "ja")
    assert answer.summary
    assert msgspec.json.encode(answer)
