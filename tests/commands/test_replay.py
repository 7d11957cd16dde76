import io
import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter import build
from exporter.attribution.waiting import MAX_GROUPS
from exporter.commands import replay
from exporter.config import parse
from exporter.metrics import Metrics
from exporter.settings import Config
from tests.golden import EXPOSITION, RECEIVED, corpus, exposition, lines
from tests.system.parts.prometheus import binary

FOUNDING = b"UDP connection rejected from 198.51.100.7:3478 to 203.0.113.9:51413"
DEFAULT = build.stages(Config())  # takes a while
CORPUS = [line for case in corpus() for line in lines(case)]


@pytest.fixture
def run(tmp_path, capsysbinary):
    """Replay files of those contents; give what was printed."""

    def play(*contents: bytes, config: str = "", **options: Any) -> bytes:
        names = []
        for number, data in enumerate(contents):
            path = tmp_path / f"{number}.log"
            path.write_bytes(data)
            names.append(str(path))
        stages = build.stages(parse(config)) if config else DEFAULT
        stages = stages._replace(metrics=Metrics())
        chosen: dict[str, Any] = {"router": None, "now": RECEIVED, "events": False} | options
        assert replay.run(names, stages, **chosen) == 0
        printed: bytes = capsysbinary.readouterr().out
        return printed

    return play


@pytest.fixture
def events(run):
    def play(*contents: bytes, **options: Any) -> list[dict[str, Any]]:
        return [json.loads(row) for row in run(*contents, events=True, **options).splitlines()]

    return play


def total(text: bytes, metric: str) -> float:
    found = re.findall(rf"^knockwatch_{metric}_total\{{.*\}} (\S+)$".encode(), text, re.MULTILINE)
    return sum(map(float, found))


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (b"", 0),
        (b"\n", 1),
        (b"\n\n\n", 3),
        (FOUNDING, 1),
        (FOUNDING + b"\n", 1),
        (FOUNDING + b"\n" + FOUNDING, 2),
        (FOUNDING + b"\r\n\r\n" + FOUNDING + b"\r\n", 3),
        (FOUNDING + b"\0\n\0\n", 2),
        (b"a\rb\x0bc\x0cd\x1ce\xc2\x85f\xe2\x80\xa8g\n", 1),  # only LF ends a line
        (b"\xff\xfe\x00\n\xff\n", 2),
        (FOUNDING + b"\n" + b"x" * 200_000 + b"\n" + FOUNDING, 3),
        ((FOUNDING + b"\n") * 2500, 2500),
    ],
    ids=range(12),
)
def test_every_line_has_its_row(events, data, rows):
    found = events(data)
    assert [row["line"] for row in found] == list(range(1, rows + 1))
    for row in found:
        assert list(row) == ["line", "router", "dialect", "outcome", "event"]
        assert (row["event"] is not None) == (row["outcome"] == "event")
    assert [row["outcome"] for row in found].count("event") == data.count(FOUNDING)


@given(st.lists(st.binary(max_size=40) | st.sampled_from(CORPUS), max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_any_bytes_are_counted_line_by_line(run, found):
    data = b"\n".join(found)
    rows = [json.loads(row) for row in run(data, events=True).splitlines()]
    expected = data.count(b"\n") + (not data.endswith(b"\n") and data != b"")
    assert len(rows) == expected
    text = run(data)
    assert total(text, "messages") == expected
    packets = sum(
        row["event"].get("count", 1)
        for row in rows
        if row["event"] is not None and row["event"]["kind"] == "rejected"
    )
    assert total(text, "rejected_packets") == packets
    assert total(text, "rejected_packets_by_country") == packets
    assert total(text, "attributed_packets") == packets


def test_lines_of_several_files_are_numbered_through(events):
    assert [row["line"] for row in events(FOUNDING, b"", b"\n\n", FOUNDING)] == [1, 2, 3, 4]


def test_a_file_comes_in_batches_that_may_all_wait(tmp_path):
    lines = [b"line %d" % number for number in range(2 * replay.BATCH + 1)]
    path = tmp_path / "long.log"
    path.write_bytes(b"\n".join(lines))
    batches = [batch.messages for batch in replay._batches(str(path), RECEIVED)]
    assert [line for messages in batches for line in messages] == lines
    assert [len(messages) for messages in batches] == [5462, 5462, 5461]
    assert replay.BATCH < MAX_GROUPS


@pytest.mark.parametrize(("apart", "batches"), [("23:04:59", 1), ("23:05:06", 2)])
def test_what_came_at_once_is_one_batch(apart, batches, tmp_path):
    begin, end = (b"<4>Nov 10 %s gate x" % time for time in (b"23:04:06", apart.encode()))
    path = tmp_path / "flood.log"
    path.write_bytes(b"\n".join([begin] * replay.BATCH + [end]))
    assert len(list(replay._batches(str(path), RECEIVED))) == batches


def test_standard_input_is_a_file(capsysbinary, monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO(FOUNDING + b"\n\n" + FOUNDING))
    monkeypatch.setattr(sys, "stdin", stdin)
    replay.run(["-"], DEFAULT, router=None, now=RECEIVED, events=True)
    assert len(capsysbinary.readouterr().out.splitlines()) == 3


def test_the_founding_line_is_an_event_with_what_it_says(events):
    [row] = events(b"<5>Nov  9 23:04:06 gate " + FOUNDING + b"\n")
    time = row["event"].pop("time")
    assert row == {
        "line": 1,
        "router": "gate",
        "dialect": "connection",
        "outcome": "event",
        "event": {
            "kind": "rejected",
            "action": "rejected",
            "transport": "udp",
            "source_ip": "198.51.100.7",
            "source_port": 3478,
            "destination_ip": "203.0.113.9",
            "destination_port": 51413,
        },
    }
    assert datetime.fromisoformat(time).tzinfo is not None


def test_lines_that_nobody_knows_are_unrecognised(events):
    [blank, noise] = events(b"\nhello world\n")
    for row in (blank, noise):
        assert (row["router"], row["dialect"], row["outcome"], row["event"]) == (
            "replay",
            None,
            "unrecognised",
            None,
        )


def test_a_count_that_cannot_be_is_malformed(events):
    line = b"Nov 10 12:00:00 gate kernel: last message repeated 1000001 times\n"
    assert [row["outcome"] for row in events(line)] == ["malformed"]


def test_a_repeat_is_its_predecessor_so_many_times(run, events):
    data = b"Nov 10 12:00:00 gate fw: " + FOUNDING + b"\nNov 10 12:00:09 gate last message "
    data += b"repeated 7 times\n"
    assert [row["event"].get("count") for row in events(data)] == [None, 7]
    text = run(data)
    assert total(text, "rejected_packets") == total(text, "attributed_packets") == 8


@pytest.mark.parametrize(
    ("config", "router", "line", "name"),
    [
        ("", None, FOUNDING, "replay"),
        ("", None, b"Nov 10 12:00:00 gate " + FOUNDING, "gate"),
        ("", "mine", b"Nov 10 12:00:00 gate " + FOUNDING, "mine"),
        ("", "mine", FOUNDING, "mine"),
        ("[[router]]\nname = 'attic'\nhosts = ['Gate']", None,
         b"Nov 10 12:00:00 gate " + FOUNDING, "attic"),
    ],
)  # fmt: skip
def test_a_router_is_the_given_one_else_the_headers_else_replay(events, config, router, line, name):
    assert events(line, config=config, router=router)[0]["router"] == name


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("now", "stamp", "year"),
    [
        ("2026-11-23T12:00:00", b"Nov 22 12:00:00", 2026),
        ("2026-11-23T12:00:00", b"Nov 23 11:59:59", 2026),
        ("2026-11-23T12:00:00", b"Nov 24 11:00:00", 2026),  # a clock that is ahead
        ("2026-11-23T12:00:00", b"Nov 26 12:00:00", 2025),
        ("2026-11-23T12:00:00", b"Dec 31 23:59:59", 2025),
        ("2026-11-23T12:00:00", b"Jan  1 00:00:00", 2026),
        ("2027-01-01T00:00:05", b"Dec 31 23:59:59", 2026),
        ("2027-01-01T00:00:05", b"Jan  1 00:00:01", 2027),
        ("2026-12-31T23:59:58", b"Jan  1 00:00:01", 2027),
        ("2026-12-31T12:00:00", b"Jan  3 00:00:00", 2026),
        ("2024-03-01T12:00:00", b"Feb 29 12:00:00", 2024),
        ("2024-02-29T13:00:00", b"Feb 29 12:00:00", 2024),
        ("2024-02-20T12:00:00", b"Feb 29 12:00:00", 2020),
        ("2025-01-15T12:00:00", b"Feb 29 12:00:00", 2024),
        ("2026-11-23T12:00:00", b"Feb 29 12:00:00", 2024),
        ("2027-12-31T12:00:00", b"Thu Feb 29 12:00:00", 2024),
        ("2026-11-23T12:00:00", b"<5>Feb 29 12:00:00", 2024),
        ("2026-11-23T12:00:00", b"Mar  1 12:00:00", 2026),
        ("2026-11-23T12:00:00", b"2019-05-05T12:00:00", 2019),
    ],
)
def test_a_missing_year_is_guessed_back_from_now(events, now, stamp, year):
    [row] = events(stamp + b" gate " + FOUNDING, now=moment(now))
    found = datetime.fromisoformat(row["event"]["time"]).astimezone()
    assert found.year == year
    assert f"{found:%H:%M:%S}".encode() in stamp or b"T" in stamp


@given(st.floats(moment("1999-01-01"), moment("2035-01-01")), st.integers(0, 360 * 86400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_any_moment_of_the_last_year_gets_its_year_back(run, now, ago):
    then = datetime.fromtimestamp(int(now) - ago, UTC).astimezone()  # as the router prints it
    line = f"{then:%b %d %H:%M:%S} gate ".encode() + FOUNDING
    row = json.loads(run(line, events=True, now=now))
    found = datetime.fromisoformat(row["event"]["time"])
    assert abs(found - then) <= timedelta(hours=1)  # an hour that a clock shows twice


def clocks(run: Any, data: bytes, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return what time it was for each rejected packet."""
    seen: list[float] = []
    count = Metrics.rejected

    def rejected(self: Any, packets: Any, now: float) -> None:
        seen.append(now)
        count(self, packets, now)

    monkeypatch.setattr(Metrics, "rejected", rejected)
    run(data)
    return seen


def test_the_clock_is_that_of_the_lines_and_never_goes_back(run, monkeypatch):
    stamps = (b"2026-11-10T12:00:00Z", b"2026-11-10T12:00:09Z", b"2026-11-09T00:00:00Z", b"",
              b"2026-11-10T12:00:07Z", b"2026-11-10T12:00:10Z")  # fmt: skip
    data = b"\n".join(stamp + b" gate fw: " * bool(stamp) + FOUNDING for stamp in stamps)
    noon = moment("2026-11-10T12:00:00+00:00")
    expected = [noon, noon + 9, noon + 9, noon + 9, noon + 9, noon + 10]
    assert clocks(run, data, monkeypatch) == expected


def test_lines_without_any_time_are_replayed(run, monkeypatch):
    assert clocks(run, FOUNDING + b"\n" + FOUNDING, monkeypatch) == [0.0, 0.0]


@pytest.mark.thorough
def test_more_sources_than_can_wait_are_all_decided(run):
    data = b"".join(
        f"UDP connection rejected from 198.{16 + n % 4}.{n // 250}.{n % 250}:9 to 203.0.113.9:{n}\n"
        .encode() for n in range(12_000)
    )  # fmt: skip
    text = run(data)
    assert total(text, "rejected_packets") == total(text, "attributed_packets") == 12_000


def test_the_exposition_is_the_same_every_time_and_has_no_time_of_its_own(run):
    data = b"\n".join(CORPUS)
    first = run(data)
    assert run(data) == first
    assert run(b"\n".join(CORPUS), now=RECEIVED + 9) == first
    for absent in (b"_created", b"build_info", b"process_cpu", b"python_", b"scrape_duration"):
        assert absent not in first


def test_the_corpus_is_exposed_as_a_person_has_read():
    assert exposition().decode() == EXPOSITION.read_text("utf-8")


@pytest.mark.skipif(binary("promtool") is None, reason="promtool is not on this machine")
def test_promtool_finds_nothing_wrong_with_the_golden_file():
    argv = [str(binary("promtool")), "check", "metrics"]
    done = subprocess.run(argv, input=EXPOSITION.read_bytes(), capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("name", ["missing.log", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name):
    path = str(Path(tmp_path) / name)
    with pytest.raises(OSError, match=re.escape(path)):
        replay.run([path], DEFAULT, router=None, now=RECEIVED, events=False)
