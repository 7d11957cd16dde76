"""What was not understood can be seen, names nobody, and costs next to nothing."""

from collections.abc import Iterable

import pytest

from exporter.events import Event, Reading
from exporter.reading.redaction import MAX_SHOWN
from exporter.reading.unread import (
    LOOKING,
    MAX_FORMS,
    MAX_LOOKS,
    MAX_LOOKS_OF_ALL,
    MAX_ROUTERS,
    UnreadLines,
)
from tests import timing
from tests.world import NOW

PACKET = Event(kind="other", transport="udp", source_ip="198.51.100.7")


def note(unread, router, text, at, **changes):
    fields = {"router": router, "dialect": None, "outcome": "unrecognised"}
    unread.note(Reading(**(fields | changes)), text, at)


def heard(lines: Iterable[str], router: str = "gw", at: float = NOW) -> UnreadLines:
    """Return what is known after lines of one router, one a second, that nobody knows."""
    unread = UnreadLines()
    for number, line in enumerate(lines):
        note(unread, router, line, at + number)
    return unread


def words(number: int) -> str:
    """Return a line of words only, another for each number."""
    return "odd " + "".join("abcdefghij"[int(digit)] for digit in str(number))


def test_lines_of_one_form_are_one_sample_with_their_number_and_newest_time():
    unread = heard(["odd from 198.51.100.7:53", "odd from 203.0.113.9:443"]).of("gw")
    [form] = unread.newest
    assert (form.text, form.kind) == ("odd from <ip>:<number>", "unrecognised")
    assert (form.count, form.last, form.error) == (2, NOW + 1, None)
    assert unread.unrecognised == 2


def test_the_newest_forms_are_kept():
    unread = heard(words(n) for n in range(20))
    note(unread, "gw", words(17), NOW + 30)
    texts = [form.text for form in unread.of("gw").newest]
    assert texts == [words(n) for n in (17, 19, 18, 16, 15)]
    assert len(texts) == MAX_FORMS


def test_one_kind_does_not_push_out_another():
    unread = heard(words(n) for n in range(20))
    note(unread, "gw", "cut", NOW + 30, outcome="malformed", error="no port: 'anna'")
    note(unread, "gw", "packet 198.51.100.7", NOW + 40, outcome="event", event=PACKET)
    found = unread.of("gw")
    assert (found.unrecognised, found.malformed, found.no_verdict) == (20, 1, 1)
    assert [form.kind for form in found.newest[:2]] == ["no_verdict", "malformed"]
    assert len(found.forms) == MAX_FORMS + 2
    assert found.newest[1].error == "no port: '<text>'"


@pytest.mark.parametrize(
    ("outcome", "event"),
    [
        ("ignored", None),
        ("event", Event(kind="other")),
        ("event", Event(kind="rejected", transport="udp", source_ip="198.51.100.7")),
    ],
)
def test_what_was_understood_is_not_noted(outcome, event):
    unread = UnreadLines()
    note(unread, "gw", "line", NOW, outcome=outcome, event=event)
    assert list(unread.known()) == []


def test_the_router_that_was_silent_longest_is_forgotten():
    unread = UnreadLines()
    for number in range(MAX_ROUTERS + 1):
        note(unread, f"r{number}", "odd", NOW + number)
        note(unread, "r0", "odd", NOW + number)
    names = {one.router for one in unread.known()}
    assert len(names) == MAX_ROUTERS
    assert "r0" in names
    assert "r1" not in names
    assert unread.of("r1").unrecognised == 0


def test_a_flood_is_counted_but_only_some_lines_are_looked_at():
    unread = UnreadLines()
    for number in range(1000):
        note(unread, "gw", words(number), NOW)
    found = unread.of("gw")
    assert found.unrecognised == 1000
    assert found.newest[0].text == words(MAX_LOOKS - 1)
    assert found.not_looked_at == 1000 - MAX_LOOKS
    note(unread, "gw", "later", NOW + LOOKING)
    assert found.newest[0].text == "later"


def test_one_routers_flood_leaves_time_for_others_and_all_together_have_a_limit():
    unread = UnreadLines()
    for number in range(1000):
        note(unread, f"r{number % 50}", words(number), NOW)
    looked = [one.unrecognised - one.not_looked_at for one in unread.known()]
    assert sum(looked) == MAX_LOOKS_OF_ALL
    assert max(looked) == MAX_LOOKS_OF_ALL / 50


@pytest.mark.thorough
def test_a_flood_of_distinct_junk_costs_a_few_microseconds_a_line_and_does_not_grow():
    junk = [f"{words(n)} {'x' * 500}" for n in range(50_000)]

    def flooded() -> UnreadLines:
        unread = UnreadLines()
        for number, line in enumerate(junk):  # 50,000 within a second
            note(unread, "gw", line, NOW + number / 50_000)
        return unread

    enough = 20e-6 * len(junk)
    assert timing.seconds(flooded, enough) < enough
    found = flooded().of("gw")
    assert len(found.forms) <= MAX_FORMS
    assert all(len(form.text) <= MAX_SHOWN for form in found.newest)
    assert len(found.slots) <= 2


def test_the_last_hour_forgets_what_is_older():
    unread = UnreadLines()
    for hour in range(5):
        for minute in range(60):
            at = NOW + 3600 * hour + 60 * minute
            note(unread, "gw", "odd", at)
    found = unread.of("gw")
    assert found.unrecognised == 300
    assert 55 <= found.last_hour(NOW + 5 * 3600 - 1) <= 60
    assert found.last_hour(NOW + 7 * 3600) == 0
    assert len(found.slots) <= 12


def test_a_clock_that_is_set_back_stops_nothing():
    unread = heard(["odd"], at=NOW)
    note(unread, "gw", "odd again", NOW - 1e6)
    assert unread.of("gw").newest[0].text == "odd again"
    assert unread.of("gw").last_hour(NOW - 1e6) == 1
