"""Pasted logs are kept by name, few of them, and not for long."""

import asyncio

import pytest

from exporter.pasted_log import MAX_LINES, Account
from exporter.web.pasted import ACCOUNT_AGE, MAX_AGE, MAX_LOGS, PastedLog, PastedLogs, examine
from tests.system.parts.founding import DEVICE, PROCESS, line


def add(logs: PastedLogs, name: str, lines: list[str], now: float) -> PastedLog:
    return asyncio.run(logs.add(name, lines, now))


def test_the_same_log_grows_by_what_is_new():
    logs = PastedLogs()
    add(logs, "gate", ["a", "b"], 0.0)
    assert add(logs, "gate", ["b", "c"], 1.0).lines == ["a", "b", "c"]
    assert add(logs, "other", ["c"], 2.0).lines == ["c"]
    assert [log.name for log in logs.kept(2.0)] == ["other", "gate"]


def test_the_log_pasted_longest_ago_makes_room():
    logs = PastedLogs()
    for number in range(MAX_LOGS):
        add(logs, str(number), ["a"], float(number))
    add(logs, "0", ["b"], 100.0)
    add(logs, "new", ["a"], 101.0)
    names = {log.name for log in logs.kept(101.0)}
    assert len(names) == MAX_LOGS
    assert "0" in names
    assert "1" not in names


def test_a_log_is_forgotten_after_a_day_or_when_asked():
    logs = PastedLogs()
    add(logs, "gate", ["a"], 0.0)
    assert logs.get("gate", MAX_AGE) is not None
    assert logs.get("gate", MAX_AGE + 1) is None
    add(logs, "gate", ["a"], 0.0)
    assert logs.forget("gate")
    assert not logs.forget("gate")


def test_looking_at_a_log_touches_nothing_that_is_live(home):
    home.reports(DEVICE, 51413, PROCESS)
    stages, pipeline = home.service.pipeline.stages, home.service.pipeline
    before = {name: dict(series) for name, series in stages.metrics.store.series.items()}
    lines = [line(f"198.51.100.{n}:3478") for n in range(1, 250)]
    log = add(PastedLogs(), "gate", lines, home.now)
    account = asyncio.run(examine(log, stages, home.now))
    assert account.rejected_packets == 249
    assert [(s.device, s.packets) for s in account.suspects] == [(DEVICE, 249)]
    assert {name: dict(series) for name, series in stages.metrics.store.series.items()} == before
    assert len(pipeline.waiting) == 0
    assert list(stages.routers.known()) == []


@pytest.mark.thorough
def test_a_long_paste_does_not_stop_the_loop():
    stamps = [f"Nov 10 10:00:{n % 60:02} kernel: {n}" for n in range(60_000)]

    async def turns_meanwhile() -> int:
        turns = 0
        async with asyncio.TaskGroup() as group:
            adding = group.create_task(PastedLogs().add("gate", stamps, 0.0))
            while not adding.done():
                await asyncio.sleep(0)
                turns += 1
        assert len(adding.result().lines) == MAX_LINES
        return turns

    assert asyncio.run(turns_meanwhile()) > 10


def test_two_pastes_at_one_time_both_count():
    logs = PastedLogs()

    async def both() -> None:
        await asyncio.gather(*(logs.add("gate", [text], 0.0) for text in ("a", "b")))

    asyncio.run(both())
    assert logs.kept(0.0)[0].lines == ["a", "b"]


def test_a_log_is_examined_again_after_a_paste_of_it_or_of_sockets_or_a_while(home):
    logs, stages = PastedLogs(), home.service.pipeline.stages

    def account() -> Account:
        log = logs.get("gate", home.now)
        assert log is not None
        told: Account = asyncio.run(logs.account(log, stages, home.now))
        return told

    add(logs, "gate", [line("198.51.100.7:3478")], home.now)
    first = account()
    assert account() is first
    home.reports("BEN-PC", 51413, PROCESS, agent="knockwatch 1")  # agents report all the time
    assert account() is first
    home.now += ACCOUNT_AGE
    second = account()
    assert second is not first
    home.reports(DEVICE, 51413, PROCESS, agent="paste")
    third = account()
    assert third is not second
    add(logs, "gate", [line("198.51.100.8:3478")], home.now)
    assert account().lines == 2
