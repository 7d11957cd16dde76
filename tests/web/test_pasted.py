"""Pasted logs are kept by name, few of them, and not for long."""

import asyncio

from exporter.web.pasted import MAX_AGE, MAX_LOGS, PastedLogs, examine
from tests.system.parts.founding import DEVICE, PROCESS, line


def test_the_same_log_grows_by_what_is_new():
    logs = PastedLogs()
    logs.add("gate", ["a", "b"], 0.0)
    assert logs.add("gate", ["b", "c"], 1.0).lines == ["a", "b", "c"]
    assert logs.add("other", ["c"], 2.0).lines == ["c"]
    assert [log.name for log in logs.kept(2.0)] == ["other", "gate"]


def test_the_log_pasted_longest_ago_makes_room():
    logs = PastedLogs()
    for number in range(MAX_LOGS):
        logs.add(str(number), ["a"], float(number))
    logs.add("0", ["b"], 100.0)
    logs.add("new", ["a"], 101.0)
    names = {log.name for log in logs.kept(101.0)}
    assert len(names) == MAX_LOGS
    assert "0" in names
    assert "1" not in names


def test_a_log_is_forgotten_after_a_day_or_when_asked():
    logs = PastedLogs()
    logs.add("gate", ["a"], 0.0)
    assert logs.get("gate", MAX_AGE) is not None
    assert logs.get("gate", MAX_AGE + 1) is None
    logs.add("gate", ["a"], 0.0)
    assert logs.forget("gate")
    assert not logs.forget("gate")


def test_looking_at_a_log_touches_nothing_that_is_live(home):
    home.reports(DEVICE, 51413, PROCESS)
    stages, pipeline = home.service.pipeline.stages, home.service.pipeline
    before = {name: dict(series) for name, series in stages.metrics.store.series.items()}
    log = PastedLogs().add("gate", [line(f"198.51.100.{n}:3478") for n in range(1, 250)], home.now)
    account = asyncio.run(examine(log, stages, home.now))
    assert account.rejected_packets == 249
    assert [(s.device, s.packets) for s in account.suspects] == [(DEVICE, 249)]
    assert {name: dict(series) for name, series in stages.metrics.store.series.items()} == before
    assert len(pipeline.waiting) == 0
    assert list(stages.routers.known()) == []
