from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.causes import RULES, decide, gather
from exporter.causes.signs import FLOOD_PER_MINUTE
from exporter.causes.spread import Seen
from exporter.causes.strangers import MANY_PORTS
from exporter.events import Attribution, Network, Reason, Rejection
from exporter.hosts import Hosts
from exporter.routers.uplinks import Uplinks
from tests.causes.cases import (
    CASES,
    CLOSED,
    CONTENT,
    FLOOD,
    HOSTING,
    ISP,
    KNOWLEDGE,
    NOBODY,
    OPEN,
    RESEARCH,
    SCAN,
    SCANNER,
    SPOKE,
    UNWANTED,
    Case,
    peers,
    signs,
)
from tests.rejections import named, rejection


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.promise)
def test_a_packet_has_its_cause_and_verdict(case):
    cause = decide(signs(case))
    assert (cause.name, cause.verdict) == (case.cause, case.verdict)
    assert 0.0 <= cause.confidence < 1.0
    assert cause.reasons or case.cause == "late_reply"  # then they are the attribution's


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_decides_some_case(rule):
    speaks_first = [
        case for case in CASES if next((r for r in RULES if r(signs(case))), None) is rule
    ]
    assert speaks_first


def test_the_first_rule_that_speaks_is_the_one_that_counts():
    for case in CASES:
        spoken = [cause.name for rule in RULES if (cause := rule(signs(case)))]
        assert decide(signs(case)).name == (spoken[0] if spoken else "unknown")


def test_so_much_that_it_eats_the_line_is_worth_watching_and_says_why():
    cause = decide(signs(Case("", "", "", who=named(evidence="flow"), seen=FLOOD)))
    assert cause.reasons[-1] == Reason("packets_per_minute", {"packets": 3000})


def test_the_table_for_people_has_the_rules_in_their_order():
    table = (Path(__file__).parents[2] / "docs" / "causes.md").read_text("utf-8")
    named_there = [
        row.split("`")[1] for row in table.splitlines() if row.startswith("| `") and "." in row[:20]
    ]
    ours = [f"{rule.__module__.rpartition('.')[2]}.{rule.__name__}" for rule in RULES]
    assert named_there == ours


def test_a_known_service_port_alone_is_little_to_go_by():
    far = {"our_port": 50123, "remote_port": 443, "source": ISP}
    alone = decide(signs(Case("", "", "", far)))
    served = decide(signs(Case("", "", "", far | {"source": CONTENT})))
    spoke = decide(signs(Case("", "", "", who=named(evidence="flow", reasons=(SPOKE,)))))
    assert alone.confidence < 0.5 < served.confidence < spoke.confidence
    assert alone.reasons == (Reason("known_service_port", {"port": 443}),)
    assert spoke.reasons == (SPOKE,)


def test_many_amplifiers_are_surer_than_one():
    one, many = (
        decide(signs(Case("", "", "", {"remote_port": 389}, seen=seen)))
        for seen in (Seen(1, 1, 1.0), peers())
    )
    assert one.confidence < many.confidence


def test_local_discovery_is_surer_than_any_local_packet():
    known, other = (
        decide(signs(Case("", "", "", {"direction": "local", "our_port": port})))
        for port in (5353, 40000)
    )
    assert other.confidence < known.confidence


def test_the_reasons_carry_the_numbers_they_rest_on():
    scan = decide(signs(Case("", "", "", {"remote_port": 40000}, seen=SCAN)))
    assert scan.reasons == (Reason("ports_of_source", {"ports": MANY_PORTS}),)
    flood = decide(signs(Case("", "", "", {"remote_port": 40000}, seen=FLOOD)))
    assert flood.reasons == (Reason("packets_per_minute", {"packets": 3000}),)
    survey = decide(signs(Case("", "", "", {"source": SCANNER})))
    assert survey.reasons == (Reason("known_surveyor", {"name": "Censys"}),)
    owned = decide(signs(Case("", "", "", who=OPEN, seen=peers(12))))
    assert Reason("sources_at_port", {"sources": 12}) in owned.reasons


@pytest.mark.parametrize("below", [MANY_PORTS - 1, 1])
def test_a_few_ports_of_one_source_are_no_scan(below):
    packet = {"our_port": 50123, "remote_port": 40000}
    assert decide(signs(Case("", "", "", packet, seen=Seen(below, 1, 1.0)))).name == "unknown"


@given(
    st.builds(
        rejection,
        direction=st.sampled_from(["inbound", "outbound", "local"]),
        transport=st.sampled_from(["", "udp", "tcp", "icmp", "xyz"]),
        remote_ip=st.sampled_from(["", "198.51.100.7"]),
        remote_port=st.none() | st.integers(0, 65535) | st.sampled_from([53, 389, 443, 6881]),
        our_port=st.none() | st.integers(0, 65535) | st.sampled_from([22, 23, 5353, 51413]),
        source=st.sampled_from([SCANNER, RESEARCH, HOSTING, ISP, Network("unknown")]),
        signal=st.sampled_from(["", "S", "SA", "R", "FA", "8", "3"]),
    ),
    st.sampled_from(
        [NOBODY, OPEN, CLOSED, UNWANTED, *(named(evidence=e) for e in ("flow", "history"))]
    ),
    st.builds(Seen, st.integers(1, 99), st.integers(1, 99), st.floats(0, 1e6)),
)
def test_any_packet_has_a_cause_and_only_floods_and_programs_call_for_action(
    packet: Rejection, who: Attribution, seen: Seen
):
    cause = decide(gather(packet, who, seen, knowledge=KNOWLEDGE, hosts=Hosts(), uplinks=Uplinks()))
    assert cause.verdict != "act" or (
        seen.packets_per_minute >= FLOOD_PER_MINUTE
        or who.process == "Honeygain.exe"
        or (packet.direction == "outbound" and packet.destination_port == 23)
    )
    if cause.name in ("scan", "survey", "late_reply", "echo"):
        assert cause.verdict == (
            "watch" if seen.packets_per_minute >= FLOOD_PER_MINUTE else "benign"
        )
