import pytest

from exporter.attribution.candidates import (
    DECIBANS,
    MIN_CONFIDENCE,
    by_device,
    candidates,
    name,
    reachable,
)
from exporter.events import Candidate
from exporter.hosts.listeners import spans
from tests.world import NOW, rejection, report, socket


def found(*reports):
    return [span for one in reports for span in spans(one, NOW, NOW + 45)]


def test_each_device_is_one_candidate():
    of_two = found(report("a", socket(), socket(local_ip="::")), report("b", socket()))
    assert {device: len(s) for device, s in by_device(of_two).items()} == {"a": 2, "b": 1}
    made = candidates("socket", of_two, rejection(), "port_open")
    assert [candidate.device for candidate in made] == ["a", "b"]


def test_confidence_grows_with_the_level_of_evidence():
    order = ["dns", "remote", "socket", "flow", "mapping"]
    assert sorted(DECIBANS, key=DECIBANS.__getitem__) == order
    confidences = [
        candidates(level, found(report("a", socket())), rejection(), "x")[0].confidence
        for level in order
    ]
    assert confidences == sorted(confidences)
    assert all(MIN_CONFIDENCE < confidence < 1 for confidence in confidences)


def test_an_unknown_program_does_not_hide_the_known_one():
    both = found(report("a", socket(process=None), socket(process="p", local_ip="::")))
    [one] = candidates("socket", both, rejection(), "port_open")
    assert one.process == "p"


def test_confidence_is_shared_between_rivals_and_names_nobody():
    rivals = [
        Candidate(device=device, process="p", evidence="socket", confidence=0.9)
        for device in ("a", "b", "c")
    ]
    shared = name(rivals)
    assert shared.evidence == "ambiguous"
    assert shared.device == ""
    assert [round(c.confidence, 2) for c in shared.candidates] == [0.3, 0.3, 0.3]


@pytest.mark.parametrize("confidence", [0.0, 0.5, 0.8499])
def test_too_little_confidence_names_nobody(confidence):
    weak = name([Candidate(device="a", process="p", evidence="socket", confidence=confidence)])
    assert (weak.device, weak.process, weak.evidence) == ("", "", "none")


def test_an_owner_restricts_what_is_reachable():
    of_two = found(report("a", socket()), report("b", socket()))
    assert [span.device for span in reachable(of_two, rejection(), "b")] == ["b"]
