from typing import get_args

import pytest

from exporter.events import Reason
from exporter.explanation import Language, advice, summary
from exporter.knowledge import load
from tests.explanation.scenarios import FOUNDING, GOLDEN, SUBJECTS, but

LANGUAGES = get_args(Language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cause", ["p2p", "echo", "late_reply"])
def test_a_known_program_has_its_own_advice(cause, language):
    assert FOUNDING.application is not None
    said = advice(but(FOUNDING, cause=cause), language)
    assert said == getattr(FOUNDING.application.advice, language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cause", ["survey", "misconfiguration"])
def test_a_program_that_is_not_the_cause_is_not_advised_against(cause, language):
    assert "NetSession" not in advice(SUBJECTS[f"{cause}, named"], language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_program_that_nobody_knows_should_be_found_out_about(language):
    subject = GOLDEN["program that nobody knows"]
    assert "zork.exe" in advice(subject, language)
    assert "ANNA-PC" in advice(subject, language)


def test_only_what_is_worth_watching_is_worth_a_virus_scan():
    subject = GOLDEN["program that nobody knows"]
    assert "viruses" in advice(subject, "en")
    harmless = but(subject, cause="late_reply", verdict="benign")
    assert advice(harmless, "en").startswith("Nothing to do.")
    assert "viruses" not in advice(harmless, "en")


def test_a_program_without_a_name_is_to_be_looked_for_on_its_device():
    said = advice(SUBJECTS["p2p, device only"], "en")
    assert "which program on ANNA-PC uses UDP port 51413" in said


def test_of_several_devices_one_is_to_be_switched_off():
    assert "Switch one of them off for ten minutes" in advice(GOLDEN["several devices"], "en")
    assert "10分" in advice(GOLDEN["several devices"], "ja")


def test_an_unnamed_sender_is_to_be_found_by_its_address():
    assert "sender's address" in advice(SUBJECTS["misconfiguration, unnamed"], "en")
    assert "DOORBELL" in advice(GOLDEN["refused on the way out"], "en")


def test_a_program_to_get_rid_of_that_was_stopped_is_not_called_an_infected_device():
    application = load().application("Honeygain.exe", "tcp", None)
    sent = but(
        FOUNDING,
        direction="outbound",
        cause="misconfiguration",
        verdict="act",
        process="Honeygain.exe",
        application=application,
        cause_reasons=(Reason("refused_outbound"),),
    )
    assert application is not None
    assert advice(sent, "en") == application.advice.en
    assert "infect" not in summary(sent, "en")
    search = but(sent, application=None, cause_reasons=(Reason("botnet_port", {"port": 23}),))
    assert "infect" in summary(search, "en")


def test_an_unnamed_sender_that_seems_infected_is_not_to_be_allowed_what_it_does():
    sender = but(SUBJECTS["misconfiguration, unnamed"], direction="outbound")
    assert "disconnect" in advice(but(sender, verdict="act"), "en")
    assert "disconnect" not in advice(but(sender, verdict="watch"), "en")


@pytest.mark.parametrize("case", ["scan", "survey", "reflection", "flood", "chatter at home"])
def test_what_concerns_no_program_suggests_no_agent(case):
    assert "agent" not in advice(GOLDEN[case], "en")
    assert "エージェント" not in advice(GOLDEN[case], "ja")
