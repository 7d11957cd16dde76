import asyncio

import pytest

from exporter.hosts.machines import Conflict
from tests.services import (
    FOUNDING,
    OPENMETRICS,
    REJECTED,
    Clock,
    kill,
    sample,
    scrape,
    send,
    start,
)
from tests.world import report, socket


@pytest.fixture(autouse=True)
def close():
    yield
    kill()


def test_what_a_scrape_has_shown_is_there_after_a_kill(tmp_path):
    before = start(tmp_path)
    send(before, FOUNDING, FOUNDING)
    assert sample(scrape(before), REJECTED) == ["2.0"]
    send(before, FOUNDING)
    after = start(tmp_path)  # the first one was never told to stop
    assert sample(scrape(after), REJECTED) == ["2.0"]
    send(after, FOUNDING)
    assert sample(scrape(after), REJECTED) == ["3.0"]


def test_created_times_stay_over_a_restart(tmp_path):
    first = start(tmp_path)
    send(first, FOUNDING)
    created = sample(scrape(first, OPENMETRICS), "knockwatch_rejected_packets_created{")
    clock = Clock()
    clock.now += 1000
    second = start(tmp_path, clock=clock)
    send(second, FOUNDING)
    assert sample(scrape(second, OPENMETRICS), "knockwatch_rejected_packets_created{") == created


def test_undecided_packets_are_decided_after_a_restart(tmp_path):
    first = start(tmp_path)
    first.report(report("A", socket(40000)))
    send(first, FOUNDING)
    body = scrape(first)
    assert sample(body, "knockwatch_attributed_packets_total{") == []
    assert sample(body, "knockwatch_undecided_packets") == ["1.0"]
    clock = Clock()
    clock.now += 100
    second = start(tmp_path, clock=clock)
    second.pipeline.tick(clock.now + 22)  # the agent that was alive may still report
    assert sample(scrape(second), "knockwatch_undecided_packets") == ["1.0"]
    second.pipeline.tick(clock.now + 23)
    body = scrape(second)
    assert sample(body, "knockwatch_attributed_packets_total{") == ["1.0"]
    assert sample(body, "knockwatch_undecided_packets") == ["0.0"]


def test_an_agent_that_reports_after_a_restart_still_names_what_came_before_it(tmp_path):
    first = start(tmp_path)
    first.report(report("A", socket(40000)))
    asyncio.run(first.commit())
    clock = Clock()
    clock.now += 100
    second = start(tmp_path, clock=clock)
    send(second, FOUNDING)
    clock.now += 5
    second.report(report("A", socket()))
    body = scrape(second)
    assert 'device="A"' in body
    assert sample(body, "knockwatch_attributed_packets_total{") == ["1.0"]


def test_without_agents_a_restart_waits_for_nobody(tmp_path):
    first = start(tmp_path)
    asyncio.run(first.commit())
    second = start(tmp_path)
    send(second, FOUNDING)
    assert sample(scrape(second), "knockwatch_attributed_packets_total{") == ["1.0"]


def test_a_network_and_a_program_keep_their_names_over_a_restart(tmp_path):
    first = start(tmp_path)
    first.report(report("ANNA-PC", socket()))
    send(first, FOUNDING)
    named = sorted(line for line in scrape(first).splitlines() if "_info{" in line)
    named = [line for line in named if "process_info" in line or "network_info" in line]
    assert any("Akamai NetSession Interface" in line for line in named)
    again = scrape(start(tmp_path)).splitlines()
    assert named == sorted(
        line for line in again if line.startswith(("knockwatch_process_i", "knockwatch_network_i"))
    )


def test_a_failing_evidence_database_costs_no_counter(tmp_path):
    service = start(tmp_path)
    send(service, FOUNDING)
    service._archive._store._connection.close()
    asyncio.run(service.write_evidence())
    body = scrape(service)
    assert sample(body, REJECTED) == ["1.0"]
    assert sample(body, 'knockwatch_state_errors_total{database="evidence"}') == ["1.0"]


def test_a_refused_report_is_counted_and_changes_nothing(tmp_path):
    service = start(tmp_path)
    service.report(report("A", machine_id="1"))
    with pytest.raises(Conflict):
        service.report(report("A", machine_id="2"))
    body = scrape(service)
    assert sample(body, 'knockwatch_reports_total{outcome="accepted"}') == ["1.0"]
    assert sample(body, 'knockwatch_reports_total{outcome="refused"}') == ["1.0"]


def test_suspects_are_who_was_behind_the_last_hour(tmp_path):
    clock = Clock()
    service = start(tmp_path, clock=clock)
    service.report(report("ANNA-PC", socket()))
    send(service, *[FOUNDING] * 5)
    [suspect] = asyncio.run(service.suspects(3600))
    assert (suspect.device, suspect.process, suspect.packets) == (
        "ANNA-PC",
        "netsession_win.exe",
        5,
    )
    clock.now += 7200
    assert asyncio.run(service.suspects(3600)) == []


def test_evidence_survives_a_restart(tmp_path):
    first = start(tmp_path)
    send(first, FOUNDING)
    asyncio.run(first.write_evidence())
    assert [s.packets for s in asyncio.run(start(tmp_path).suspects(3600))] == [1]


def test_newborn_series_are_shown_at_zero_when_asked(tmp_path):
    service = start(tmp_path, "[metrics]\nnewborn_at_zero = true")
    send(service, FOUNDING)
    assert sample(scrape(service), REJECTED) == ["0.0"]
    assert sample(scrape(service), REJECTED) == ["1.0"]


def test_scrapes_at_one_time_all_show_and_store_the_same(tmp_path):
    service = start(tmp_path)
    send(service, *[FOUNDING] * 3)

    async def several():
        return await asyncio.gather(*(service.scrape("") for _ in range(5)))

    bodies = asyncio.run(several())
    assert {sample(body.decode(), REJECTED)[0] for body, _ in bodies} == {"3.0"}
    assert sample(scrape(start(tmp_path)), REJECTED) == ["3.0"]
