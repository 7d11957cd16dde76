"""An address is a question: what it asks for is asked, what it cannot mean is refused."""

import time

import pytest

from exporter.web import asking
from exporter.web.refusals import Refusal

NOW = 1_795_000_000.0


def read(**query: str) -> asking.Asked:
    return asking.read(query, NOW)


def test_without_anything_it_is_the_last_hour():
    asked = read()
    assert (asked.question.since, asked.question.until) == (NOW - 3600, NOW)
    assert asked.filters == {}
    assert (asked.page, asked.skipped) == (1, 0)


def test_every_filter_is_its_column_and_an_empty_one_is_any():
    asked = read(
        port="51413",
        device="ANNA-PC",
        network="AS20940",
        remote="2001:db8::7",
        process="",
        lang="ja",
    )
    question = asked.question
    assert (question.our_port, question.device, question.asn) == (51413, "ANNA-PC", "AS20940")
    assert question.remote_ip == "2001:db8::7"
    assert question.process is None
    assert list(asked.filters) == ["port", "device", "network", "remote"]  # the way of the reader


def test_nobody_and_no_known_program_can_be_asked_for():
    question = read(nobody="1", unnamed="1").question
    assert (question.device, question.process) == ("", "")


def test_around_a_moment_it_is_as_much_before_as_after():
    asked = read(at="2026-11-24T03:12:00Z", around="5m", period="day")
    at = 1_795_489_920.0
    assert asked.at == at
    assert (asked.question.since, asked.question.until) == (at - 300, at + 300)
    assert asked.period is None


def test_a_moment_without_a_zone_is_the_servers_own(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert read(at="2026-11-24T12:12").at == read(at="2026-11-24T03:12:00Z").at
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_pages_of_one_list_end_at_one_moment():
    asked = read(page="3", until=str(NOW - 99.75))
    assert asked.question.until == NOW - 99.75
    assert asked.skipped == 100
    for until in (str(int(NOW) + 100), "1", "x", "9" * 40):
        assert read(until=until).question.until == NOW


@pytest.mark.parametrize(
    "query",
    [
        {"port": "65536"},
        {"port": "-1"},
        {"port": "x"},
        {"port": "9" * 5000},
        {"port": "0" * 9 + "9" * 30},
        {"page": "0"},
        {"page": "9" * 5000},
        {"page": "0" * 9 + "9" * 30},
        {"cause": "weather"},
        {"direction": "up"},
        {"at": "yesterday"},
        {"at": "2026-11-24T03:12", "around": "-1"},
    ],
)
def test_what_cannot_be_meant_is_refused(query):
    with pytest.raises(Refusal) as refused:
        read(**query)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("name", "value", "filters"),
    [
        ("device", "ANNA-PC", {"device": "ANNA-PC"}),
        ("device", "", {"nobody": "1"}),
        ("process", "", {"unnamed": "1"}),
        ("remote", "", {}),
        ("port", 22, {"port": "22", "transport": "tcp"}),
        ("port", None, {}),
    ],
)
def test_a_value_can_be_asked_for_by_its_link(name, value, filters):
    assert asking.filters_of(name, value, "tcp") == filters


def test_a_filter_is_dropped_with_all_that_says_the_same():
    filters = {"nobody": "1", "port": "22", "transport": "tcp", "unnamed": "1"}
    assert asking.without(filters, "device") == {"port": "22", "transport": "tcp", "unnamed": "1"}
    assert asking.without(filters, "port") == {"nobody": "1", "unnamed": "1"}
