"""Each hop says what it found, and what to do about it."""

from typing import get_args

import pytest

from exporter.doctor import (
    HOPS,
    CanaryCondition,
    Condition,
    Dropped,
    Listener,
    Sample,
    State,
    Trouble,
    findings,
    next_step,
)
from exporter.explanation.words import PHRASES
from tests.doctor.conditions import FINE, beside, router, sick

LANGUAGES = ("en", "ja")
SAMPLE = Sample(text="odd <ip>", near="ACME routers", example="DENY 192.0.2.1")
CRON = Sample(text="CRON: session opened")
NOTHING = {"listeners": (), "routers": ()}
MISSED = {"silent_devices": ("TV",), "decided": 100, "nobodys": 40}


def bad(condition: Condition, language="en") -> list[tuple[str, State]]:
    """Return the hops at which not all is well."""
    found = findings(condition, language)
    return [(finding.hop, finding.state) for finding in found if finding.state != "ok"]


SICK: dict[str, tuple[Condition, str, State]] = {
    "not ready": (sick(ready=False), "exporter", "fail"),
    "nothing arrives": (sick(**NOTHING), "arrival", "fail"),
    "loopback": (sick(**NOTHING, address="127.0.0.1"), "arrival", "fail"),
    "loopback 6": (sick(**NOTHING, address="::1"), "arrival", "fail"),
    "silent": (sick(listeners=(Listener(name="udp", messages=9, seconds=9e3),)), "arrival", "warn"),
    "one is quiet": (router(seconds=9e3), "arrival", "warn"),
    "unheard": (sick(unheard=("attic",)), "arrival", "warn"),
    "denied": (
        sick(dropped=(Dropped(listener="udp", reason="denied_sender", messages=3),)),
        *("arrival", "warn"),
    ),
    "lost": (
        sick(dropped=(Dropped(listener="tcp", reason="queue_full", messages=3),)),
        *("arrival", "warn"),
    ),
    "masked": (router(masked=True), "sender", "warn"),
    "some unread": (router(not_understood=200, sample=SAMPLE), "lines", "warn"),
    "most unread": (router(not_understood=500, sample=SAMPLE), "lines", "fail"),
    "malformed": (
        router(not_understood=999, sample=Sample(text="x", error="no port")),
        *("lines", "fail"),
    ),
    "misread": (
        router(not_understood=900, sample=SAMPLE, dialects=("mikrotik",), configured=True),
        *("lines", "fail"),
    ),
    "only a stranger": (
        router(not_understood=1000, rejected=0, sample=CRON),
        *("lines", "fail"),
    ),
    "no verdict": (router(rejected=0, no_verdict=9, unjudged="IN-NEW <ip>"), "verdicts", "fail"),
    "few verdicts": (router(no_verdict=400, unjudged="IN-NEW <ip>"), "verdicts", "warn"),
    "no packet": (router(rejected=0), "verdicts", "warn"),
    "no packet of the second": (beside(routes=True), "verdicts", "warn"),
    "no packet of an expected one": (beside(configured=True), "verdicts", "warn"),
    "ahead": (router(offset=3600.0), "clock", "warn"),
    "behind": (router(offset=-3600.0), "clock", "warn"),
    "late": (router(lag=1000.0), "clock", "warn"),
    "limited": (router(limited=True), "limit", "warn"),
    "no agent": (sick(agents=()), "devices", "warn"),
    "refused agent": (sick(agents=(), refused_reports=7), "devices", "warn"),
    "old agent": (sick(old_agents=("TABLET",)), "devices", "warn"),
    "agent missed": (sick(**MISSED), "devices", "warn"),
    "state": (sick(troubles=(Trouble(database="state", error="disk full"),)), "store", "fail"),
    "evidence": (sick(troubles=(Trouble(database="evidence", error="full"),)), "store", "fail"),
    "own report": (sick(canary=CanaryCondition(failed="report")), "own line", "fail"),
    "own line": (sick(canary=CanaryCondition(failed="line", seconds=90.0)), "own line", "fail"),
    "own name": (sick(canary=CanaryCondition(failed="attribution")), "own line", "fail"),
    "never scraped": (sick(scraped=None), "scrape", "warn"),
    "scraped long ago": (sick(scraped=9000.0), "scrape", "warn"),
}
WELL: dict[str, Condition] = {
    "a NAS that logs here, too": beside(not_understood=100, sample=CRON),
    "its clock": beside(not_understood=100, sample=CRON, offset=9e4),
    "an access point": beside(),
    "a TV without an agent": sick(silent_devices=("TV",), decided=100, nobodys=9),
    "our own line was named": sick(canary=CanaryCondition(seconds=30.0)),
    "a report that was refused once": sick(refused_reports=1),
    "loopback that hears": sick(address="127.0.0.1"),
    "a router that is silent for a while": router(seconds=3000.0),
    "a router that rejects little, at night": router(seconds=9e3, messages=5, rejected=5),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", SICK)
def test_what_is_wrong_is_found_at_its_hop_with_a_step(case, language):
    condition, hop, state = SICK[case]
    assert bad(condition) == [(hop, state)]
    found = findings(condition, language)
    [wrong] = [finding for finding in found if finding.state != "ok"]
    assert wrong.step
    assert next_step(found, language) == wrong.step


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", WELL)
def test_what_is_no_fault_is_none(case, language):
    assert bad(WELL[case], language) == []


def test_every_phrase_of_the_doctor_is_said():
    said = {"doctor.nothing", "doctor.next", "doctor.sample"}
    said |= {"doctor.sample.error", "doctor.sample.near"}
    for topic in ("absent", "older", "closed"):  # said where no exporter answers
        said |= {f"doctor.serve.{topic}", f"doctor.serve.{topic}.step"}
    said |= {"doctor.listener", "doctor.listener.open"}  # said by whoever asks
    said |= {"doctor.listener.closed", "doctor.listener.closed.step"}
    for condition in (FINE, *WELL.values(), *(case[0] for case in SICK.values())):
        for hop, look in HOPS:
            for state, topic, _ in look(condition, "en"):
                assert state in get_args(State)
                said |= {f"doctor.{hop}", f"doctor.{hop}.{topic}"}
                said |= set() if state == "ok" else {f"doctor.{hop}.{topic}.step"}
    for language in LANGUAGES:
        assert {key for key in PHRASES[language] if key.startswith("doctor.")} == said


def test_the_newest_sample_is_shown_with_what_it_resembles_or_why_it_cannot_be_read():
    found = findings(SICK["most unread"][0], "en")
    [text] = [finding.sentence for finding in found if finding.state == "fail"]
    assert "50 % were not understood" in text
    for part in ("odd <ip>", "ACME routers", "DENY 192.0.2.1"):
        assert part in text
    found = findings(SICK["malformed"][0], "en")
    assert any("(no port)" in finding.sentence for finding in found)


def test_the_recognised_dialect_is_told():
    [told] = [one.sentence for one in findings(FINE, "en") if one.hop == "lines"]
    assert "netfilter" in told


def test_a_stranger_is_named_though_there_is_nothing_to_do():
    found = findings(WELL["a NAS that logs here, too"], "en")
    assert any("other" in one.sentence and "no router" in one.sentence for one in found)


@pytest.mark.parametrize("offset", [32_399.2, -32_400.7])
def test_a_wrong_time_zone_is_told_in_whole_hours(offset):
    found = findings(router(offset=offset), "en")
    assert "9 hours" in next(one.sentence for one in found if one.state == "warn")


def test_a_wrong_dialect_of_the_configuration_is_named():
    step = next_step(findings(SICK["misread"][0], "en"), "en")
    assert "gw" in step
    assert "dialect" in step


def test_devices_without_an_agent_are_named_and_bounded():
    many = tuple(f"PHONE-{number}" for number in range(30))
    found = findings(sick(silent_devices=many), "en")
    [told] = [one.sentence for one in found if "PHONE-0" in one.sentence]
    assert "PHONE-9…" in told
    assert "PHONE-10" not in told


def test_a_router_that_said_nothing_since_the_start_is_not_judged():
    assert bad(router(messages=0, rejected=0)) == []
