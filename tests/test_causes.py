"""The decision table, as cases: what is known about a packet, and what it then was."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter import causes
from exporter.causes import (
    DELUGE_PER_MINUTE,
    FLOOD_PER_MINUTE,
    MANY_PORTS,
    MANY_SOURCES,
    RULES,
    Signs,
    decide,
)
from exporter.events import Attribution, Candidate, Network, Reason, Rejection
from exporter.knowledge import load
from exporter.spread import Seen
from tests.rejections import named, rejection

KNOWLEDGE = load()
NOBODY = Attribution()
SCANNER = Network("AS398324", "Censys", "scanner", "US")
RESEARCH = Network("AS237", "Merit Network", "research", "US")
HOSTING = Network("AS63949", "Akamai Connected Cloud", "hosting", "US")
ISP = Network("AS4713", "OCN", "isp", "JP")


def owner(closed_for: int = 0, device: str = "ANNA-PC") -> Candidate:
    reason = Reason("port_open", {"closed_for": closed_for})
    return Candidate(
        device=device, process="", evidence="socket", confidence=0.5, reasons=(reason,)
    )


def several(*candidates: Candidate) -> Attribution:
    return Attribution(evidence="ambiguous", candidates=candidates, reasons=(Reason("several"),))


OPEN = named(candidates=(owner(),))
CLOSED = named(candidates=(owner(40),))
UNWANTED = named(process="Honeygain.exe", candidates=(owner(),))
FLOWED = Candidate(device="a", process="", evidence="flow", confidence=0.5)
SPOKE = Reason("spoke_first", {"remote": "198.51.100.7"})


class Case(NamedTuple):
    promise: str
    cause: str
    verdict: str
    packet: Mapping[str, Any] = MappingProxyType({})
    who: Attribution = NOBODY
    seen: Seen = Seen(1, 1, 1.0)


def peers(many: int = MANY_SOURCES, rate: float = 10.0) -> Seen:
    return Seen(1, many, rate)


FLOOD = Seen(1, 60, FLOOD_PER_MINUTE)
DELUGE = Seen(1, 60, DELUGE_PER_MINUTE)
SCAN = Seen(MANY_PORTS, 1, 5.0)
CASES = [
    # within the home, and out of it
    Case("discovery within the home", "local_chatter", "benign",
         {"direction": "local", "our_port": 5353, "remote_port": 5353, "inside": True}),
    Case("any other packet within the home", "local_chatter", "benign",
         {"direction": "local", "our_port": 40000, "inside": True}),
    Case("a flood within the home", "local_chatter", "benign",
         {"direction": "local", "inside": True}, seen=FLOOD),
    Case("a device refused on its way out", "misconfiguration", "watch",
         {"direction": "outbound", "inside": True}, who=named(evidence="mapping", process="")),
    Case("a device refused on its way to a scanner's network", "misconfiguration", "watch",
         {"direction": "outbound", "source": SCANNER, "inside": True}),
    # a device that spoke first
    Case("a late reply of a flow", "late_reply", "benign", who=named(evidence="flow")),
    Case("a late reply of a remote address", "late_reply", "benign", who=named(evidence="remote")),
    Case("a late reply of a name that was asked for", "late_reply", "benign",
         who=named(evidence="dns", process="")),
    Case("it outranks a list of research networks", "late_reply", "benign", {"source": RESEARCH},
         named(evidence="flow")),
    Case("it outranks amplifiers", "late_reply", "benign", {"remote_port": 11211},
         named(evidence="flow")),
    Case("it outranks a flood", "late_reply", "benign", who=named(evidence="remote"), seen=FLOOD),
    # known surveys
    Case("a scanner", "survey", "benign", {"source": SCANNER, "our_port": 22, "transport": "tcp"}),
    Case("a research network", "survey", "benign", {"source": RESEARCH, "our_port": 8080}),
    Case("a scanner who tries many ports", "survey", "benign", {"source": SCANNER}, seen=SCAN),
    # a program that owns the port
    Case("peers of a program that must go", "p2p", "act", who=UNWANTED, seen=peers()),
    Case("peers of a program one may want", "p2p", "watch", who=OPEN, seen=peers()),
    Case("peers of a program nobody knows", "p2p", "watch", who=named(process="xyzzy.exe")),
    Case("peers of a program without a name", "p2p", "watch", who=named(process="")),
    Case("a local owner outranks the list of scanned ports", "p2p", "watch",
         {"our_port": 5060}, OPEN),
    Case("a local owner outranks amplifiers", "p2p", "watch", {"remote_port": 11211}, OPEN),
    Case("a local owner outranks many ports of one source", "p2p", "watch", who=OPEN, seen=SCAN),
    Case("a local owner outranks a flood", "p2p", "watch", who=OPEN, seen=FLOOD),
    Case("one of several owners", "p2p", "watch", who=several(owner(), owner(40, "b"))),
    Case("several owners, all of them gone", "echo", "benign",
         who=several(owner(50), owner(40, "b"))),
    Case("several devices that spoke first", "late_reply", "benign", who=several(FLOWED)),
    Case("a late answer of a content network to an open port", "late_reply", "benign",
         {"remote_port": 443}, OPEN),
    Case("but many of them are peers", "p2p", "watch", {"remote_port": 443}, OPEN, peers()),
    Case("the port of a service on an access line is a peer's", "p2p", "watch",
         {"remote_port": 443, "source": ISP}, OPEN),
    Case("a weak hint does not outrank the owner", "p2p", "watch", {"remote_port": 3478}, OPEN),
    Case("a program that closed the port a moment ago", "echo", "benign", who=CLOSED),
    Case("a port that a device often had", "echo", "benign", who=named(evidence="history")),
    Case("it outranks the list of scanned ports", "echo", "benign", {"our_port": 5060},
         named(evidence="history")),
    # nobody's: attacks
    Case("one answer of an amplifier", "reflection", "watch", {"remote_port": 11211}),
    Case("answers of many amplifiers", "reflection", "watch", {"remote_port": 389}, seen=peers()),
    Case("a deluge matters more than whose it is", "flood", "act", who=OPEN, seen=DELUGE),
    Case("a deluge of answers", "reflection", "act", {"remote_port": 389}, OPEN, DELUGE),
    Case("a flood of answers", "reflection", "act", {"remote_port": 389}, seen=FLOOD),
    Case("a device without a program is no owner", "reflection", "watch", {"remote_port": 389},
         named(evidence="mapping", process="")),
    Case("a flood", "flood", "act", {"remote_port": 40000}, seen=FLOOD),
    Case("a flood outranks the list of scanned ports", "flood", "act",
         {"our_port": 23, "transport": "tcp", "remote_port": 40000}, seen=FLOOD),
    Case("a flood from a well-known port", "flood", "act", {"remote_port": 443}, seen=FLOOD),
    # nobody's: scans
    Case("many ports of one source", "scan", "benign", {"remote_port": 40000}, seen=SCAN),
    Case("a port that botnets try", "scan", "benign",
         {"our_port": 23, "transport": "tcp", "remote_port": 40000}),
    Case("a port of a weakness", "scan", "benign",
         {"our_port": 445, "transport": "tcp", "remote_port": 40000}),
    Case("a search for amplifiers", "scan", "benign", {"our_port": 389, "remote_port": 40000}),
    Case("a search for telephones", "scan", "benign", {"our_port": 5060, "remote_port": 5061}),
    Case("from a cloud that is registered to a content network", "scan", "benign",
         {"our_port": 22, "transport": "tcp", "remote_port": 40000, "source": HOSTING}),
    # nobody's: leftovers
    Case("a known service's port alone", "late_reply", "benign",
         {"our_port": 50123, "remote_port": 443}),
    Case("peers that remember the address", "echo", "benign",
         {"our_port": 6881, "remote_port": 40000}),
    Case("a peer's own port", "echo", "benign", {"our_port": 50123, "remote_port": 6881}),
    Case("many sources at one port", "echo", "benign",
         {"our_port": 50123, "remote_port": 40000}, seen=peers()),
    Case("many sources at one TCP port say nothing", "unknown", "watch",
         {"our_port": 50123, "remote_port": 40000, "transport": "tcp"}, seen=peers()),
    Case("nothing is known", "unknown", "watch", {"our_port": 50123, "remote_port": 40000}),
    Case("no ports at all", "unknown", "watch",
         {"transport": "icmp", "our_port": None, "remote_port": None}),
    Case("no addresses at all", "unknown", "watch",
         {"remote_ip": "", "our_ip": "", "our_port": None, "remote_port": None,
          "source": Network("unknown")}, seen=SCAN),
]  # fmt: skip


def signs(case: Case) -> Signs:
    return causes.signs(rejection(**case.packet), case.who, case.seen, KNOWLEDGE)


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
        spoken = [cause for rule in RULES if (cause := rule(signs(case)))]
        assert decide(signs(case)) == (spoken[0] if spoken else decide(signs(case)))


def test_a_known_service_port_alone_is_little_to_go_by():
    alone = decide(signs(Case("", "", "", {"our_port": 50123, "remote_port": 443})))
    spoke = decide(signs(Case("", "", "", who=named(evidence="flow", reasons=(SPOKE,)))))
    assert alone.confidence < 0.5 < spoke.confidence
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
    ),
    st.sampled_from(
        [NOBODY, OPEN, CLOSED, UNWANTED, *(named(evidence=e) for e in ("flow", "history"))]
    ),
    st.builds(Seen, st.integers(1, 99), st.integers(1, 99), st.floats(0, 1e6)),
)
def test_any_packet_has_a_cause_and_only_floods_and_programs_call_for_action(
    packet: Rejection, who: Attribution, seen: Seen
):
    cause = decide(causes.signs(packet, who, seen, KNOWLEDGE))
    assert cause.verdict != "act" or (
        seen.packets_per_minute >= FLOOD_PER_MINUTE or who.process == "Honeygain.exe"
    )
    assert cause.verdict == "benign" or cause.name not in ("scan", "survey", "late_reply", "echo")
