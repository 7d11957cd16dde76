"""What happened at 03:12 on Tuesday, as the API tells it."""

from datetime import UTC, datetime

import pytest

from exporter.evidence.breakdown import PAGE
from exporter.web.decisions import rfc3339
from tests.system.parts.founding import DEVICE, PROCESS, flood, message
from tests.web.conftest import NOW

AT = rfc3339(NOW)
HOURS = 3600.0


def ask(home, query="", **headers):
    return home.client().get(f"/api/v1/decisions?at={AT}{query}", **headers)


@pytest.fixture
def past(home):
    """A home in which the founding case, and a scan, are six days old."""
    home.reports(DEVICE, 51413, PROCESS)
    home.hears(*flood(20), message("198.51.100.7:999", 23, "TCP"))
    home.decides()
    home.now += 6 * 24 * HOURS
    home.service.pipeline.tick(home.now)
    return home


def test_it_says_what_was_rejected_then_whose_it_was_and_how_that_is_known(past):
    answer = ask(past).json
    assert (answer["packets"], answer["page"], answer["pages"]) == (21, 1, 1)
    assert answer["rows"] == len(answer["decisions"])
    assert answer["at"] == AT
    assert answer["since"] == rfc3339(NOW - 600)
    assert answer["until"] == rfc3339(NOW + 600)
    first = next(one for one in answer["decisions"] if one["device"])
    assert (first["device"], first["process"], first["our_port"]) == (DEVICE, PROCESS, 51413)
    assert first["evidence"] == "socket"
    assert first["application"].startswith("Akamai")
    assert PROCESS in first["summary"]
    assert any("51413" in step for step in first["steps"])
    assert "51413" in first["line"]
    assert datetime.fromisoformat(first["first"]) == datetime.fromtimestamp(NOW, UTC)
    scan = next(one for one in answer["decisions"] if one["our_port"] == 23)
    assert (scan["device"], scan["line"]) == ("", message("198.51.100.7:999", 23, "TCP"))


def test_it_says_who_had_the_port_though_memory_has_forgotten_it(past):
    assert len(past.service.pipeline.stages.hosts.listeners) == 0
    [socket] = ask(past).json["sockets"]
    assert socket == {
        "device": DEVICE,
        "process": PROCESS,
        "transport": "udp",
        "port": 51413,
        "opened": rfc3339(NOW - HOURS),
        "seen": AT,
    }


def test_it_says_it_in_japanese(past):
    english, japanese = ask(past).json, ask(past, accept_language="ja").json
    for one, other in zip(english["decisions"], japanese["decisions"], strict=True):
        for words in ("summary", "advice", "certainty"):
            assert one[words] != other[words] or not one[words]


def test_other_times_are_other_answers(past):
    quiet = past.client().get("/api/v1/decisions?at=2020-01-01T00:00Z").json
    assert (quiet["packets"], quiet["decisions"], quiet["sockets"]) == (0, [], [])
    assert quiet["pages"] == 1
    assert past.client().get("/api/v1/decisions").json["packets"] == 0  # the last hour
    wide = past.client().get(f"/api/v1/decisions?at={rfc3339(NOW + HOURS)}&around=2h").json
    assert wide["packets"] == 21


@pytest.mark.parametrize(
    ("query", "packets", "sockets"),
    [
        (f"&device={DEVICE}", 20, 1),
        (f"&device={DEVICE.lower()}&process={PROCESS}", 20, 1),
        ("&device=BEN", 0, 0),
        ("&nobody=1", 1, 0),
        ("&port=23", 1, 0),
        ("&port=51413&transport=udp", 20, 1),
        ("&port=51413&transport=tcp", 0, 0),
        ("&network=AS20940", 20, 1),
        ("&remote=198.51.100.7", 1, 1),
        ("&device=&port=&network=", 21, 1),
    ],
)
def test_one_device_port_or_network_can_be_asked_for(past, query, packets, sockets):
    answer = ask(past, query).json
    assert answer["packets"] == sum(one["packets"] for one in answer["decisions"]) == packets
    assert len(answer["sockets"]) == sockets


def test_much_comes_in_pages(home):
    many = 2 * PAGE + 5
    home.hears(*(message(f"198.51.100.{n}:999", 23, "TCP") for n in range(1, many + 1)))
    home.decides()
    pages = [ask(home, f"&page={number}").json for number in (1, 2, 3, 4)]
    assert [len(page["decisions"]) for page in pages] == [PAGE, PAGE, 5, 0]
    assert {page["pages"] for page in pages} == {3}
    assert {page["packets"] for page in pages} == {many}
    sources = [one["remote_ip"] for page in pages for one in page["decisions"]]
    assert len(set(sources)) == many


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("at=yesterday", "yesterday"),
        (f"at={AT}&around=9w", "9w"),
        (f"at={AT}&port=http", "http"),
        (f"at={AT}&page=0", "page"),
        (f"at={AT}&cause=magic", "magic"),
    ],
)
def test_a_question_that_is_none_is_refused_with_what_and_where(home, query, told):
    answer = home.client().get(f"/api/v1/decisions?{query}")
    assert answer.status == 400
    assert told in answer.json["error"]


def test_an_unreadable_database_is_named(home):
    home.database.execute("DROP TABLE decisions")
    answer = ask(home)
    assert answer.status == 503
    assert "decisions" in answer.json["error"]


def test_of_a_forgotten_device_neither_decisions_nor_sockets_are_left(past):
    past.client().post(f"/api/v1/forget/{DEVICE}")
    answer = ask(past)
    assert DEVICE not in answer.text
    assert PROCESS not in answer.text
    assert (answer.json["packets"], answer.json["sockets"]) == (1, [])
