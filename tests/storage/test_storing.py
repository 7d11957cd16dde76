import asyncio

import msgspec
import pytest

from exporter.events import Batch, Position
from exporter.storage.state import StateFile
from tests.services import FOUNDING, REJECTED, kill, sample, scrape, send, start
from tests.world import NOW, report, socket

ERRORS = 'knockwatch_state_errors_total{database="state"}'


@pytest.fixture(autouse=True)
def close():
    yield
    kill()


def writable(service, *, possible):
    service._storing._state._connection.execute(
        f"PRAGMA query_only = {'OFF' if possible else 'ON'}"
    )


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


def test_what_cannot_be_stored_is_the_doctors_business_until_it_can(tmp_path):
    service = start(tmp_path)
    assert service.condition().troubles == ()
    send(service, FOUNDING)
    service._storing._state._connection.execute("PRAGMA query_only = ON")
    service._archive._store._connection.execute("PRAGMA query_only = ON")
    asyncio.run(service.write_evidence())
    asyncio.run(service.commit())
    assert [one.database for one in service.condition().troubles] == ["state", "evidence"]
    assert all("readonly" in one.error for one in service.condition().troubles)
    service._storing._state._connection.execute("PRAGMA query_only = OFF")
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
    monkeypatch.setattr("exporter.storage.storing.MAX_POSITIONS", 2)
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


def test_nothing_is_written_when_nothing_changed(tmp_path):
    service = start(tmp_path)
    send(service, FOUNDING)
    asyncio.run(service.commit())
    written = []
    service._storing._state.commit = lambda *values: written.append(values)
    asyncio.run(service.commit())
    assert written == []


def test_a_part_that_did_not_change_is_not_written_again(tmp_path):
    service = start(tmp_path)
    written = []
    commit = service._storing._state.commit
    service._storing._state.commit = lambda *of: written.append(sorted(of[2])) or commit(*of)
    send(service, FOUNDING)
    scrape(service)
    service.clock.now += 1
    send(service, FOUNDING)
    scrape(service)
    first, second = written
    assert {"bisection", "leases", "positions", "waiting"} <= set(first)
    assert "bisection" not in second
    assert "leases" not in second
