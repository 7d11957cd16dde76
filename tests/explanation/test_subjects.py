import msgspec
import pytest

from exporter import causes
from exporter.attribution import Attributor
from exporter.causes.spread import Seen
from exporter.events import Attribution, Candidate, Decision, Rejection
from exporter.explanation import Subject, of_decision, summary
from exporter.host_report import HostReport, Socket
from exporter.hosts import Hosts
from exporter.routers.uplinks import Uplinks
from tests.explanation.scenarios import AKAMAI, FOUNDING, KNOWLEDGE, NOBODY, but

NOON = 1_794_312_000.0


def rejected(**changes) -> Rejection:
    founding = Rejection(
        received=NOON,
        router="router",
        direction="inbound",
        transport="udp",
        remote_ip="192.0.2.7",
        remote_port=3478,
        our_ip="203.0.113.9",
        our_port=51413,
        destination_port=51413,
        source=AKAMAI,
        remote=AKAMAI,
        inside=False,
    )
    return msgspec.structs.replace(founding, **changes)


def explained(rejection: Rejection, *devices: str) -> Subject:
    """What becomes of a rejection when these devices have NetSession on port 51413."""
    hosts = Hosts()
    for device in devices:
        bound = Socket(
            transport="udp",
            local_ip="0.0.0.0",
            local_port=51413,
            process="netsession_win.exe",
            age_seconds=10800.0,
        )
        hosts.report(HostReport(version=1, device=device, sockets=(bound,)), NOON)
    attribution = Attributor(hosts, lambda transport, port: None).attribute(rejection).attribution
    signs = causes.gather(
        rejection, attribution, Seen(1, 4, 1.0), knowledge=KNOWLEDGE, hosts=hosts, uplinks=Uplinks()
    )
    decision = Decision(
        rejection=rejection, attribution=attribution, cause=causes.decide(signs), last=NOON
    )
    return of_decision(decision, signs.application)


def test_the_founding_line_alone_names_device_program_application_and_network():
    said = summary(explained(rejected(), "ANNA-PC"), "en")
    assert "netsession_win.exe on ANNA-PC: Akamai NetSession Interface" in said
    assert "Akamai (AS20940)" in said


def test_of_two_devices_both_are_listed_and_neither_is_named():
    subject = explained(rejected(), "ANNA-PC", "BEN-PC")
    assert subject.role == "ambiguous"
    assert subject.device == ""
    assert set(subject.candidates) == {"ANNA-PC", "BEN-PC"}


def test_devices_of_a_weaker_level_are_not_listed():
    tied = (
        Candidate(device="A", process="", evidence="remote", confidence=0.4),
        Candidate(device="B", process="", evidence="remote", confidence=0.4),
        Candidate(device="C", process="", evidence="socket", confidence=0.99),
    )
    attribution = Attribution(evidence="ambiguous", candidates=tied)
    seen = Seen(1, 1, 1.0)
    signs = causes.gather(
        rejected(), attribution, seen, knowledge=KNOWLEDGE, hosts=Hosts(), uplinks=Uplinks()
    )
    cause = causes.decide(signs)
    decision = Decision(rejection=rejected(), attribution=attribution, cause=cause, last=NOON)
    assert of_decision(decision, None).candidates == ("A", "B")


def test_a_repeated_line_counts_its_packets():
    subject = explained(rejected(count=4))
    assert (subject.packets, subject.total, subject.period_seconds) == (4, 4, None)


def test_a_packet_without_ports_has_none():
    assert explained(rejected(transport="icmp", our_port=None, remote_port=None)).ports == ()


@pytest.mark.parametrize(
    ("changes", "role"),
    [
        ({}, "owner"),
        ({"cause": "survey"}, "target"),  # it happened to knock at the program's port
        ({"evidence": "mapping"}, "owner"),
        ({"evidence": "mapping", "process": ""}, "target"),
        ({"direction": "outbound"}, "sender"),
        ({"direction": "local"}, "local"),
        ({"device": "", "process": "", "evidence": "none"}, "nobody"),
        ({"device": "", "process": "", "evidence": "ambiguous"}, "ambiguous"),
    ],
)
def test_a_device_is_accused_of_nothing_but_what_its_program_did(changes, role):
    assert but(FOUNDING, **changes).role == role


@pytest.mark.parametrize("cause", ["scan", "survey", "reflection", "flood"])
def test_strangers_need_no_device_of_ours(cause):
    assert not but(NOBODY, cause=cause).nobody_found
    assert but(NOBODY, cause="unknown").nobody_found
