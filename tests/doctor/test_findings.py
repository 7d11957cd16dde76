"""What is found comes in words, and of all there is to do one thing is named."""

import pytest

from exporter.doctor import Dropped, Finding, findings, next_step
from exporter.explanation.words import say
from tests.doctor.conditions import FINE, sick


@pytest.mark.parametrize("language", ["en", "ja"])
def test_where_all_is_well_there_is_nothing_to_do(language):
    found = findings(FINE, language)
    assert {finding.state for finding in found} == {"ok"}
    assert next_step(found, language) == say(language, "doctor.nothing")
    assert not any(finding.step for finding in found)


def test_the_first_failure_on_the_way_comes_before_any_warning():
    found = (
        Finding("a", "warn", "", "first"),
        Finding("b", "fail", "", "second"),
        Finding("c", "fail", "", "third"),
    )
    assert next_step(found, "en") == "second"
    assert next_step(found[:1], "en") == "first"


def test_a_sender_that_is_refused_is_why_nothing_arrives():
    denied = Dropped(listener="udp", reason="denied_sender", messages=3)
    found = findings(sick(listeners=(), routers=(), dropped=(denied,)), "en")
    failed = [finding for finding in found if finding.state != "ok"]
    assert [(one.hop, one.state) for one in failed] == [("arrival", "fail"), ("arrival", "fail")]
    assert "allowed_senders" in next_step(found, "en")
