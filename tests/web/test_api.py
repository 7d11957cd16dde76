"""The API's answers: the same as those of the command line and of the page."""

import asyncio

import pytest

from exporter.explain import explain
from tests.system.parts.founding import DEVICE, PROCESS, flood, line, message

FOUNDING = "/api/v1/explain?line=UDP+connection+rejected+from+23.45.67.89:3478+to+203.0.113.9:51413"


def test_the_founding_line_names_device_program_and_network(home):
    home.reports(DEVICE, 51413, PROCESS)
    answer = home.client().get(FOUNDING).json
    assert (answer["device"], answer["process"]) == (DEVICE, PROCESS)
    assert answer["network"]["asn"] == "AS20940"
    assert "Akamai" in answer["summary"]
    assert answer["steps"]


def test_it_says_the_same_as_the_explanation_itself(home):
    home.reports(DEVICE, 51413, PROCESS)
    answer = explain(line("23.45.67.89:3478"), home.service.pipeline, home.now, "ja")
    given = home.client().get(f"{FOUNDING}&lang=ja").json
    assert given["summary"] == answer.summary
    assert given["steps"] == list(answer.steps)


def test_explaining_a_line_counts_nothing(home):
    home.client().get(FOUNDING)
    assert home.counted("knockwatch_messages_total") == {}
    assert home.counted("knockwatch_rejected_packets_total") == {}


def test_the_time_of_a_line_is_written_as_rfc_3339(home):
    path = FOUNDING.replace("line=", "line=%3C5%3E1+2026-11-18T10:00:00Z+gate+fw+-+-+-+")
    assert home.client().get(path).json["event"]["time"] == "2026-11-18T10:00:00Z"


def test_a_line_that_nobody_knows_is_answered_too(home):
    answer = home.client().get("/api/v1/explain?line=%3Cb%3Ehello").json
    assert answer["outcome"] == "unrecognised"
    assert answer["event"] is None
    assert answer["summary"]


@pytest.mark.parametrize("query", ["", "?line=", "?line=%0A%20"])
def test_without_a_line_the_answer_says_what_is_missing(home, query):
    answer = home.client().get(f"/api/v1/explain{query}")
    assert answer.status == 400
    assert "line" in answer.json["error"]


def test_suspects_come_with_their_share_and_in_words(home):
    home.reports(DEVICE, 51413, PROCESS)
    home.hears(*flood(90), *(message(f"198.51.100.{n}:999", 23, "TCP") for n in range(1, 11)))
    home.decides()
    answer = home.client().get("/api/v1/suspects").json
    assert answer["packets"] == 100
    assert sum(suspect["packets"] for suspect in answer["suspects"]) == 100
    first = answer["suspects"][0]
    assert (first["device"], first["process"], first["share"]) == (DEVICE, PROCESS, 0.9)
    assert first["application"].startswith("Akamai")
    assert PROCESS in first["summary"]
    assert first["advice"]
    assert "90 %" in first["summary"]
    japanese = home.client().get("/api/v1/suspects", accept_language="ja").json
    assert "90%" in japanese["suspects"][0]["summary"]


def test_suspects_are_those_of_the_period(home):
    home.hears(message("198.51.100.7:3478"))
    home.decides()
    home.now += 3600.0
    client = home.client()
    assert client.get("/api/v1/suspects?seconds=600").json["packets"] == 0
    assert client.get("/api/v1/suspects?seconds=7200").json["packets"] == 1


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "1e300", "x", ""])
def test_a_period_that_is_none_is_refused(home, seconds):
    answer = home.client().get(f"/api/v1/suspects?seconds={seconds}")
    assert answer.status == 400
    assert "seconds" in answer.json["error"]


def test_an_unreadable_database_is_named(home):
    home.database.execute("DROP TABLE decisions")
    answer = home.client().get("/api/v1/suspects")
    assert answer.status == 503
    assert "decisions" in answer.json["error"]


ODD = "<5>Nov 18 10:00:00 gate acme: refused 198.51.100.7:53 user=anna"


def test_what_was_not_understood_is_given_without_names_and_addresses(home):
    home.hears(ODD, ODD, "last message repeated 5000000 times", router="127.0.0.1")
    answer = home.client().get("/api/v1/unread")
    assert "198.51.100.7" not in answer.text
    assert "anna" not in answer.text
    assert answer.json["since"] == "2026-11-18T11:06:40Z"
    [gate, unnamed] = sorted(answer.json["routers"], key=lambda row: -row["unrecognised"])
    assert (gate["router"], gate["unrecognised"], gate["last_hour"]) == ("gate", 2, 2)
    assert gate["samples"] == [
        {
            "kind": "unrecognised",
            "text": "acme: refused <ip>:<number> user=<name>",
            "error": None,
            "count": 2,
            "last": "2026-11-18T11:06:40Z",
        }
    ]
    [sample] = unnamed["samples"]
    assert sample["kind"] == "malformed"
    assert sample["error"]


def test_what_is_understood_is_not_among_it(home):
    home.hears(*flood(3))
    assert home.client().get("/api/v1/unread").json["routers"] == []


def test_the_doctor_tells_each_hop_and_the_next_step_in_both_languages(home):
    idle = home.client().get("/api/v1/doctor").json
    assert [found["state"] for found in idle["findings"]] == ["ok", "fail", "warn", "ok", "warn"]
    assert idle["next"] == idle["findings"][1]["step"]
    home.hears(*flood(3))
    home.reports(DEVICE, 51413, PROCESS)
    home.client().get("/metrics")
    well = home.client().get("/api/v1/doctor?lang=ja").json
    assert {found["state"] for found in well["findings"]} <= {"ok", "warn"}
    assert well["condition"]["routers"][0]["rejected"] == 3
    assert well["findings"][0]["hop"] == "本体"


def test_what_is_counted_before_a_start_is_not_the_doctors_business(home):
    home.hears("<5>odd", "<5>odd")
    asyncio.run(home.service.commit())
    home.service.restore()
    [router] = home.client().get("/api/v1/doctor").json["condition"]["routers"]
    assert (router["messages"], router["not_understood"]) == (0, 0)


def test_an_explanation_says_whether_there_were_more_like_it(home):
    assert home.client().get(FOUNDING).json["at_least"] is False
