import asyncio
from typing import Any

import msgspec
import pytest

from exporter import build
from exporter.config import parse
from exporter.database import open_database
from exporter.events import Batch, Position
from exporter.evidence import EvidenceStore
from exporter.hosts.machines import Conflict
from exporter.pipeline import Pipeline
from exporter.service import Service
from exporter.state import StateFile
from tests.world import NOW, report, socket

FOUNDING = b"UDP connection rejected from 23.45.67.89:3478 to 203.0.113.9:51413"
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


OPEN: list[Any] = []  # databases of services that were never told to stop


@pytest.fixture(autouse=True)
def close():
    yield
    kill()


def kill():
    """Let go of the databases as the end of a process does; what was not committed is gone."""
    while OPEN:
        OPEN.pop().close()


def start(folder, config="", clock=None):
    kill()  # a folder belongs to one process
    settings = parse(config)
    database = open_database(folder / "evidence.sqlite")
    evidence = EvidenceStore(database)
    pipeline = Pipeline(build.stages(settings), evidence.record)
    state = StateFile(folder / "state.sqlite")
    OPEN.extend([database, state])
    service = Service(settings, pipeline, evidence, state, clock or Clock())
    service.restore()
    return service


def send(service, *messages):
    batch = Batch(
        received=service.clock(), sender="192.168.1.1", listener="udp", messages=list(messages)
    )
    return service.pipeline.process(batch)


def scrape(service, accept=""):
    return asyncio.run(service.scrape(accept))[0].decode()


def sample(body, start):
    return [line.rpartition(" ")[2] for line in body.splitlines() if line.startswith(start)]


REJECTED = "knockwatch_rejected_packets_total{"


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


ERRORS = 'knockwatch_state_errors_total{database="state"}'


def writable(service, *, possible):
    service._state._connection.execute(f"PRAGMA query_only = {'OFF' if possible else 'ON'}")


def test_a_scrape_shows_what_is_stored_and_that_the_rest_could_not_be(tmp_path):
    service = start(tmp_path)
    service.report(report("A", socket(40000)))
    send(service, FOUNDING)
    before = scrape(service)
    assert sample(before, "knockwatch_undecided_packets") == ["1.0"]
    writable(service, possible=False)
    send(service, FOUNDING, FOUNDING.replace(b"51413", b"6881"))
    body = scrape(service)
    assert sample(body, REJECTED) == sample(before, REJECTED) == ["1.0"]
    assert sample(body, "knockwatch_undecided_packets") == ["1.0"]
    assert sample(body, ERRORS) == ["1.0"]
    assert sample(scrape(service), ERRORS) == ["2.0"]
    writable(service, possible=True)
    body = scrape(service)
    assert sample(body, REJECTED) == ["2.0", "1.0"]
    assert sample(body, "knockwatch_undecided_packets") == ["3.0"]


def test_after_a_kill_on_a_full_disk_nothing_is_below_what_was_shown(tmp_path):
    before = start(tmp_path)
    before.report(report("A", socket(40000)))
    send(before, FOUNDING)
    scrape(before)
    writable(before, possible=False)
    send(before, FOUNDING)
    shown = scrape(before)
    after = start(tmp_path)
    writable(after, possible=False)  # nor can its first scrape be stored
    body = scrape(after)
    assert sample(body, REJECTED) == sample(shown, REJECTED) == ["1.0"]
    assert sample(body, "knockwatch_undecided_packets") == ["1.0"]


def test_failed_writes_are_counted_since_the_start(tmp_path):
    before = start(tmp_path)
    writable(before, possible=False)
    send(before, FOUNDING)
    scrape(before)
    writable(before, possible=True)
    assert sample(scrape(before), ERRORS) == ["1.0"]
    assert sample(scrape(start(tmp_path)), ERRORS) == []  # what was not stored is no restart of it


def test_a_failing_evidence_database_costs_no_counter(tmp_path):
    service = start(tmp_path)
    send(service, FOUNDING)
    service._archive._store._connection.close()
    asyncio.run(service.write_evidence())
    body = scrape(service)
    assert sample(body, REJECTED) == ["1.0"]
    assert sample(body, 'knockwatch_state_errors_total{database="evidence"}') == ["1.0"]


def test_what_cannot_be_stored_is_the_doctors_business_until_it_can(tmp_path):
    service = start(tmp_path)
    assert service.condition().troubles == ()
    send(service, FOUNDING)
    service._state._connection.execute("PRAGMA query_only = ON")
    service._archive._store._connection.execute("PRAGMA query_only = ON")
    asyncio.run(service.write_evidence())
    asyncio.run(service.commit())
    assert [one.database for one in service.condition().troubles] == ["state", "evidence"]
    assert all("readonly" in one.error for one in service.condition().troubles)
    service._state._connection.execute("PRAGMA query_only = OFF")
    service._archive._store._connection.execute("PRAGMA query_only = OFF")
    send(service, FOUNDING)
    asyncio.run(service.write_evidence())
    asyncio.run(service.commit())
    assert service.condition().troubles == ()


def test_undecided_packets_that_cannot_be_read_cost_only_themselves(tmp_path):
    first = start(tmp_path)
    send(first, FOUNDING)
    scrape(first)
    kill()
    state = StateFile(tmp_path / "state.sqlite")
    state.commit({}, [], {"waiting": b"\xc1"})
    state.close()
    assert sample(scrape(start(tmp_path)), REJECTED) == ["1.0"]


def test_a_refused_report_is_counted_and_changes_nothing(tmp_path):
    service = start(tmp_path)
    service.report(report("A", machine_id="1"))
    with pytest.raises(Conflict):
        service.report(report("A", machine_id="2"))
    body = scrape(service)
    assert sample(body, 'knockwatch_reports_total{outcome="accepted"}') == ["1.0"]
    assert sample(body, 'knockwatch_reports_total{outcome="refused"}') == ["1.0"]


PATH = "/var/log/router.log"
FILES = f'[listen]\nfiles = ["{PATH}", "/var/log/remote/*.log"]'


def count(service, offset, *messages, path=PATH, oversize=0):
    """Process lines of a file that end at an offset, as the program does."""
    position = Position(file=path, inode=1, modified=2, offset=offset, before=b"\n")
    batch = Batch(
        received=service.clock(),
        sender=path,
        listener="file",
        messages=list(messages),
        oversize=oversize,
        position=position,
    )
    service.pipeline.process(batch)
    service.counted(batch)
    return position


def test_a_kill_takes_the_position_in_a_file_back_to_that_of_the_counters(tmp_path):
    first = start(tmp_path, FILES)
    stored = count(first, 67, FOUNDING)
    asyncio.run(first.commit())
    count(first, 134, FOUNDING)
    second = start(tmp_path, FILES)
    assert second.positions == {PATH: stored}
    again = count(second, 134, FOUNDING)
    assert sample(scrape(second), REJECTED) == ["2.0"]
    assert start(tmp_path, FILES).positions == {PATH: again}


def test_the_first_positions_of_a_file_are_due_to_be_committed(tmp_path):
    service = start(tmp_path, FILES)
    begun = Position(file=PATH, inode=1, modified=2, offset=0, before=b"")
    batch = Batch(received=NOW, sender=PATH, listener="file", messages=[], position=begun)
    assert service.counted(batch)
    further = msgspec.structs.replace(batch, position=count(start(tmp_path, FILES), 67))
    assert [service.counted(further) for _ in range(3)] == [True, False, False]
    assert not service.counted(msgspec.structs.replace(batch, position=None))


def test_a_line_that_is_too_long_is_counted_with_the_position_behind_it(tmp_path):
    service = start(tmp_path, FILES)
    count(service, 99, oversize=2)
    dropped = 'knockwatch_dropped_messages_total{listener="file",reason="oversize"}'
    assert sample(scrape(service), dropped) == ["2.0"]
    assert start(tmp_path, FILES).positions[PATH].offset == 99


def test_positions_of_files_that_are_no_longer_configured_are_dropped(tmp_path):
    first = start(tmp_path, FILES)
    for path in (PATH, "/var/log/remote/gate.log", "/var/log/remote/more/gate.log", "/other"):
        count(first, 1, path=path)
    asyncio.run(first.commit())
    assert set(start(tmp_path, FILES).positions) == {PATH, "/var/log/remote/gate.log"}
    assert start(tmp_path).positions == {}


def test_positions_are_bounded_and_those_read_longest_ago_go_first(tmp_path, monkeypatch):
    monkeypatch.setattr("exporter.service.MAX_POSITIONS", 2)
    service = start(tmp_path, FILES)
    for path in ("/a", "/b", "/a", "/c"):
        count(service, 1, path=path)
    assert set(service.positions) == {"/a", "/c"}


@pytest.mark.parametrize("data", [b"\xc1", b"\x81\xa1a\x01", b"\x80\x80"])
def test_positions_that_cannot_be_read_cost_only_themselves(tmp_path, data):
    first = start(tmp_path, FILES)
    count(first, 67, FOUNDING)
    scrape(first)
    kill()
    state = StateFile(tmp_path / "state.sqlite")
    state.commit({}, [], {"positions": data})
    state.close()
    again = start(tmp_path, FILES)
    assert again.positions == {}
    assert sample(scrape(again), REJECTED) == ["1.0"]


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


def test_nothing_is_written_when_nothing_changed(tmp_path):
    service = start(tmp_path)
    send(service, FOUNDING)
    asyncio.run(service.commit())
    written = []
    service._state.commit = lambda *values: written.append(values)
    asyncio.run(service.commit())
    assert written == []


def test_a_part_that_did_not_change_is_not_written_again(tmp_path):
    service = start(tmp_path)
    written = []
    commit = service._state.commit
    service._state.commit = lambda *of: written.append(sorted(of[2])) or commit(*of)
    send(service, FOUNDING)
    scrape(service)
    service.clock.now += 1
    send(service, FOUNDING)
    scrape(service)
    first, second = written
    assert {"bisection", "leases", "positions", "waiting"} <= set(first)
    assert "bisection" not in second
    assert "leases" not in second
