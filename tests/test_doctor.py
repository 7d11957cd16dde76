"""Each hop says what it found, and at the end there is one thing to do: the first that fails."""

from typing import get_args

import msgspec
import pytest

from exporter.doctor import (
    HOPS,
    Condition,
    Dropped,
    Finding,
    Listener,
    RouterCondition,
    Sample,
    State,
    findings,
    next_step,
)
from exporter.explanation.words import PHRASES, say

LANGUAGES = ("en", "ja")
WELL = RouterCondition(name="gw", seconds=2.0, offset=1.0, messages=1000, rejected=900)
FINE = Condition(
    version="1.2",
    up_seconds=7200.0,
    ready=True,
    syslog_port=5514,
    listeners=(Listener(name="udp", messages=1000, seconds=2.0),),
    routers=(WELL,),
    agents=("ANNA-PC",),
    scraped=12.0,
)
SAMPLE = Sample(text="odd <ip>", near="ACME routers", example="DENY 192.0.2.1")


def sick(**changes) -> Condition:
    return msgspec.structs.replace(FINE, **changes)


def router(**changes) -> Condition:
    return sick(routers=(msgspec.structs.replace(WELL, **changes),))


def bad(condition: Condition, language="en") -> list[tuple[str, State]]:
    """Return the hops at which not all is well."""
    found = findings(condition, language)
    return [(finding.hop, finding.state) for finding in found if finding.state != "ok"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_all_is_well_there_is_nothing_to_do(language):
    found = findings(FINE, language)
    assert {finding.state for finding in found} == {"ok"}
    assert next_step(found, language) == say(language, "doctor.nothing")
    assert not any(finding.step for finding in found)


SICK: dict[str, tuple[Condition, str, State]] = {
    "not ready": (sick(ready=False), "exporter", "fail"),
    "nothing arrives": (sick(listeners=(), routers=()), "arrival", "fail"),
    "silent": (sick(listeners=(Listener(name="udp", messages=9, seconds=9e3),)), "arrival", "warn"),
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
    "no verdict": (router(rejected=0, no_verdict=9, unjudged="IN-NEW <ip>"), "verdicts", "fail"),
    "few verdicts": (router(no_verdict=400, unjudged="IN-NEW <ip>"), "verdicts", "warn"),
    "no packet": (router(rejected=0), "verdicts", "warn"),
    "ahead": (router(offset=3600.0), "clock", "warn"),
    "behind": (router(offset=-3600.0), "clock", "warn"),
    "late": (router(lag=1000.0), "clock", "warn"),
    "limited": (router(limited=True), "limit", "warn"),
    "no agent": (sick(agents=()), "devices", "warn"),
    "old agent": (sick(old_agents=("TABLET",)), "devices", "warn"),
    "never scraped": (sick(scraped=None), "scrape", "warn"),
    "scraped long ago": (sick(scraped=9000.0), "scrape", "warn"),
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


def test_every_phrase_of_the_doctor_is_said():
    said = {"doctor.nothing", "doctor.next", "doctor.sample"}
    said |= {"doctor.sample.error", "doctor.sample.near"}
    for topic in ("absent", "older"):  # said where no exporter answers
        said |= {f"doctor.serve.{topic}", f"doctor.serve.{topic}.step"}
    for condition in (FINE, *(case[0] for case in SICK.values())):
        for hop, look in HOPS:
            for state, topic, _ in look(condition, "en"):
                assert state in get_args(State)
                said |= {f"doctor.{hop}", f"doctor.{hop}.{topic}"}
                said |= set() if state == "ok" else {f"doctor.{hop}.{topic}.step"}
    assert {key for key in PHRASES["en"] if key.startswith("doctor.")} == said


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
    condition = sick(listeners=(), routers=(), dropped=(denied,))
    assert bad(condition) == [("arrival", "fail"), ("arrival", "fail")]
    assert "allowed_senders" in next_step(findings(condition, "en"), "en")


def test_the_newest_sample_is_shown_with_what_it_resembles_or_why_it_cannot_be_read():
    found = findings(SICK["most unread"][0], "en")
    [text] = [finding.sentence for finding in found if finding.state == "fail"]
    assert "50 % were not understood" in text
    for part in ("odd <ip>", "ACME routers", "DENY 192.0.2.1"):
        assert part in text
    found = findings(SICK["malformed"][0], "en")
    assert any("(no port)" in finding.sentence for finding in found)


def test_a_router_that_said_nothing_since_the_start_is_not_judged():
    assert bad(router(messages=0, rejected=0)) == []
