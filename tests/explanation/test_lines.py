from typing import get_args

import pytest

from exporter.dialects.nearest import Near
from exporter.events import Event, Kind
from exporter.explanation import (
    Line,
    advice_of_line,
    of_decision,
    of_line,
    steps_of_decision,
    steps_of_line,
)
from exporter.explanation.words import PHRASES
from exporter.syslog import header
from tests.test_pipeline import FOUNDING, pipeline, send
from tests.world import NOW, report, socket

LANGUAGES = ("en", "ja")
KINDS = [kind for kind in get_args(Kind) if kind != "rejected"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_event_has_words_and_advice(kind, language):
    event = Event(kind=kind)
    for text in (of_line("event", event, language), advice_of_line("event", event, language)):
        assert text.endswith((".", "。"))
        assert "{" not in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("outcome", ["unrecognised", "malformed", "ignored"])
def test_every_outcome_has_words_and_advice(outcome, language):
    assert of_line(outcome, None, language) != of_line("event", Event(kind="boot"), language)
    assert advice_of_line(outcome, None, language)


def test_a_nat_fault_says_restart_the_router():
    assert "Restart the router" in advice_of_line("event", Event(kind="nat_fault"), "en")
    assert "再起動" in advice_of_line("event", Event(kind="nat_fault"), "ja")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_steps_of_a_line_name_what_it_says(language):
    event = Event(
        kind="rejected",
        transport="udp",
        source_ip="2001:db8::1",
        source_port=1,
        destination_ip="203.0.113.9",
        count=1234,
    )
    read = header.read(b"Nov 10 23:04:06 gw fw: x", NOW)
    text = " ".join(steps_of_line(Line(read, "connection", "event", event), language))
    for part in ("gw", "connection", "UDP", "[2001:db8::1]:1", "203.0.113.9", "1,234"):
        assert part in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_foreign_text_is_put_in_and_not_evaluated(language):
    error = "port {who} {0} %s"
    near = Near("d", "{title}", "{example} %s", 0.5, ("{missing}",))
    for read in (
        Line(header.read(b"x", NOW), "d", "malformed", error=error),
        Line(header.read(b"x", NOW), None, "unrecognised", near=near),
    ):
        text = " ".join(steps_of_line(read, language))
        if read.near:
            assert "{title}" in text
            assert "{example} %s" in text
            assert "{missing}" in text
        else:
            assert error in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_line_without_a_header_needs_no_words_for_it(language):
    steps = steps_of_line(Line(header.read(b"hello there", NOW), None, "unrecognised"), language)
    assert steps == (PHRASES[language]["step.dialect.none"],)


def test_a_header_tells_what_it_names_and_what_it_lacks():
    whole = header.read(b"<4>Nov 10 23:04:06 gateway kernel: x", NOW)
    steps = steps_of_line(Line(whole, None, "ignored"), "en")
    assert steps[0].startswith("Its header names priority 4, the time ")
    assert steps[0].endswith(" UTC, the host gateway, the program kernel.")
    assert len(steps) == 2
    bare = header.read(b"<4>x", NOW)
    assert steps_of_line(Line(bare, None, "ignored"), "en") == (
        "Its header names priority 4.",
        "It does not name a time, a host, a program.",
    )


def test_a_line_of_no_dialect_names_the_nearest_and_at_most_eight_missing_words():
    missing = tuple(f"word{number}" for number in range(20))
    near = Near("acme", "ACME routers", "DENY from 192.0.2.1", 0.5, missing)
    read = Line(header.read(b"x", NOW), None, "unrecognised", near=near)
    _, nearest, lacks = steps_of_line(read, "en")
    assert "ACME routers" in nearest
    assert nearest.endswith("DENY from 192.0.2.1")
    assert lacks.endswith("word6 word7")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_steps_of_a_decision_lead_to_the_name(language):
    decided = []
    line_pipe = pipeline(decided.append)
    line_pipe.report(report("ANNA-PC", socket()), NOW - 5)
    send(line_pipe, FOUNDING)
    steps = " ".join(steps_of_decision(of_decision(decided[0], None), language))
    for part in ("Akamai", "netsession_win.exe", "ANNA-PC", "51413", "0.99"):
        assert part in steps


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_steps_of_a_decision_name_all_who_fit_when_nobody_is_named(language):
    decided = []
    line_pipe = pipeline(decided.append)
    for device in ("ANNA-PC", "BEN-PC"):
        line_pipe.report(report(device, socket()), NOW - 5)
    send(line_pipe, FOUNDING)
    line_pipe.finish(NOW)
    steps = steps_of_decision(of_decision(decided[0], None), language)
    assert any("ANNA-PC" in step for step in steps)
    assert any("BEN-PC" in step for step in steps)
    assert PHRASES[language]["step.nobody"] in steps
