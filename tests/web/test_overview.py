"""What the first line says: green only while that is known to be true."""

import asyncio

import msgspec
import pytest

from exporter.web.overview import overview
from tests.system.parts.founding import DEVICE, PROCESS, flood, message
from tests.web.conftest import ROUTER


def view(home):
    """Return the overview, with the suspects that the page would show."""
    suspects = asyncio.run(home.service.suspects(3600.0, 100))
    known = home.service.acknowledged.at(home.now)
    return overview(home.service.pipeline, suspects, home.now, "en", known)


def test_what_is_known_is_no_reason_to_look_until_it_ends(home):
    home.reports(DEVICE, 51413, PROCESS)
    home.hears(*flood(30))
    home.decides()
    seen = view(home)
    assert (seen.state, seen.culprits[0].verdict) == ("look", "watch")
    home.service.acknowledged.add(DEVICE.lower(), PROCESS, home.now + 60.0)
    seen = view(home)
    assert seen.state == "quiet"
    assert seen.culprits[0].acknowledged_until == home.now + 60.0
    home.now += 60.0
    assert view(home).state == "look"


def test_the_first_sentence_names_what_to_look_at_until_it_is_known(home):
    home.reports(DEVICE, 51413, PROCESS)
    home.hears(*flood(30))
    home.decides()
    named = view(home).named
    assert named is not None
    assert (named.device, named.process) == (DEVICE, PROCESS)
    home.service.acknowledged.add(DEVICE, PROCESS, home.now + 60.0)
    assert view(home).named is None


def test_another_program_of_the_device_is_still_worth_a_look(home):
    home.reports(DEVICE, 51413, PROCESS)
    home.service.acknowledged.add(DEVICE, "other.exe", home.now + 600.0)
    home.service.acknowledged.add("OTHER-PC", PROCESS, home.now + 600.0)
    home.hears(*flood(30))
    home.decides()
    assert view(home).state == "look"


def test_what_must_be_acted_on_is_told_though_it_is_known(home):
    home.reports(DEVICE, 51413, PROCESS)
    home.hears(*flood(30))
    home.decides()
    (suspect, *_) = asyncio.run(home.service.suspects(3600.0, 100))
    act = msgspec.structs.replace(suspect, verdict="act")
    home.service.acknowledged.add(DEVICE, PROCESS, home.now + 600.0)
    known = home.service.acknowledged.at(home.now)
    seen = overview(home.service.pipeline, [act], home.now, "en", known)
    assert seen.state == "act"
    assert seen.culprits[0].acknowledged_until is not None


def test_before_the_first_line_nothing_is_quiet(home):
    assert view(home).state == "waiting"


def test_after_a_restart_the_evidence_tells_of_the_last_line_and_no_router_is_new(
    home, monkeypatch
):
    heard = home.now
    home.hears(*flood(3))
    home.decides()
    monkeypatch.setattr(type(home.service.pipeline.stages.routers), "known", lambda self: ())
    shown = view(home)
    assert (shown.state, shown.last_line) == ("quiet", heard)
    home.now += 3601
    shown = view(home)
    assert (shown.state, shown.last_line) == ("silent", None)


def test_harmless_packets_are_quiet(home):
    home.hears(*(message(f"198.51.100.{n}:999", 23, "TCP") for n in range(1, 11)))
    home.decides()
    assert view(home).state == "quiet"


def test_lines_without_a_rejection_are_quiet(home):
    home.hears("<5>TCP connection accepted from 198.51.100.7:1 to 192.168.1.5:443")
    assert view(home).state == "quiet"


def test_an_hour_without_a_line_is_never_green(home):
    home.hears(*flood(3))
    home.now += 3599
    assert view(home).state != "silent"
    home.now += 2
    assert view(home).state == "silent"


def test_lines_that_nobody_understands_are_never_green(home):
    home.hears("<5>what is this")
    shown = view(home)
    assert shown.state == "unread"
    assert [(row.router, row.unrecognised) for row in shown.unread] == [("192.168.1.1", 1)]


def test_packets_without_a_verdict_are_never_green(home):
    home.hears("<4>kernel: IN-NEW IN=eth0 OUT= SRC=198.51.100.7 DST=203.0.113.9 PROTO=TCP DPT=23")
    assert view(home).state == "unread"


def test_a_log_at_its_limit_makes_every_number_the_least(home):
    packets = [message(f"198.51.100.{n}:999", 23, "TCP") for n in range(1, 7)]
    for _ in range(25):
        home.hears(*packets)
        home.now += 60.0
    home.hears(message("198.51.100.99:999", 40001), router="192.168.1.2")
    home.service.pipeline.finish(home.now)
    shown = view(home)
    assert shown.limited == (ROUTER,)
    assert {culprit.at_least for culprit in shown.culprits} == {True, False}
    text = home.client().get("/").text
    assert "at least <bdi>151</bdi>" in text or "at least 151" in text
    assert ROUTER in text
    answer = home.client().get("/api/v1/suspects").json
    assert answer["at_least"] is True
    assert [s["at_least"] for s in answer["suspects"]].count(True) == len(answer["suspects"]) - 1


def test_a_named_program_that_needs_care_is_worth_a_look(home):
    home.reports(DEVICE, 51413, PROCESS)
    home.hears(*flood(2), *(message(f"198.51.100.{n}:999", 23, "TCP") for n in range(1, 99)))
    home.decides()
    assert view(home).state == "look"


@pytest.mark.thorough
def test_a_real_flood_must_be_acted_on(home):
    packets = [
        message(f"198.51.{n % 250}.{n % 199}:{1024 + n % 5000}", 40000) for n in range(40_000)
    ]
    home.hears(*packets)
    home.decides()
    assert view(home).state == "act"


def test_devices_show_whether_their_word_still_counts(home):
    home.reports(DEVICE, 51413, PROCESS)
    home.now += 3600
    home.reports("laptop", 5353, "x", agent="paste")
    shown = view(home)
    assert [(h.name, h.is_agent, h.is_current) for h in shown.hosts] == [
        ("laptop", False, True),
        (DEVICE, True, False),
    ]
    assert not shown.has_agent
