import asyncio
import os

import pytest

from exporter.syslog.lines import MAX_LINES
from exporter.transports.inbox import Inbox
from exporter.transports.tail import Tail
from tests import logged
from tests.transports import NOW, Drops, take
from tests.transports.log_files import Log


class Stepped:
    """Followed files, step by step: what came of each, and the newest position of each."""

    def __init__(self, *patterns, positions=(), **more):
        self.now = NOW
        self.lines: dict[str, list[bytes]] = {}
        self.positions = dict(positions)
        self.tail = Tail(
            Inbox(Drops()), map(str, patterns), self.positions, clock=lambda: self.now, **more
        )

    def settle(self):
        """Step until nothing came for a quarter of a minute; the lines by file name."""
        quiet, self.lines = 0, {}
        while quiet < 30:
            batches = self.tail.step(self.now)
            for batch in batches:
                assert batch.position is not None
                self.positions[batch.sender] = batch.position
                if batch.messages:
                    name = batch.sender.rpartition("/")[2]
                    self.lines.setdefault(name, []).extend(batch.messages)
            quiet = 0 if batches else quiet + 1
            self.now += 0.5
        return self.lines


@pytest.fixture
def logs(tmp_path):
    return {name: Log(tmp_path / name) for name in ("a.log", "b.log", "c.txt")}


said = logged.fixture("INFO")


def test_paths_and_patterns_are_followed_and_each_file_once(tmp_path, logs):
    lines = {name: log.write(2) for name, log in logs.items()}
    stepped = Stepped(tmp_path / "a.log", tmp_path / "*.log", tmp_path / "?.txt")
    assert stepped.settle() == lines
    assert stepped.settle() == {}
    stepped.tail.close()


def test_files_that_come_later_are_found(tmp_path, logs, said):
    stepped = Stepped(tmp_path / "*.log")
    assert stepped.settle() == {}
    lines = {"b.log": logs["b.log"].write(2)}
    assert stepped.settle() == lines
    assert sum("no file matches" in text for text in said) == 1
    stepped.tail.close()


def test_a_rotated_file_that_a_pattern_matches_is_not_read_twice(tmp_path, logs):
    log = logs["a.log"]
    lines = log.write(2)
    stepped = Stepped(tmp_path / "*")
    for _ in range(3):
        assert stepped.settle() == {"a.log": lines}
        log.rename()
        (tmp_path / "a.log-20261126.gz").write_bytes(b"\x1f\x8b\n")
        lines = log.write(2)
    stepped.tail.close()
    again = Stepped(tmp_path / "*", positions=stepped.positions)
    assert again.settle() == {"a.log": lines}
    again.tail.close()


def test_files_named_by_address_are_no_rotated_ones(tmp_path):
    lines = {
        name: Log(tmp_path / name).write() for name in ("192.0.2.1", "192.0.2.2", "192.0.2.11")
    }
    stepped = Stepped(tmp_path / "*")
    assert stepped.settle() == lines
    stepped.tail.close()


def test_a_link_and_what_it_points_to_are_one_file(tmp_path, logs):
    lines = {"a.log": logs["a.log"].write()}
    (tmp_path / "current.log").symlink_to("a.log")
    stepped = Stepped(tmp_path / "*.log")
    assert stepped.settle() == lines
    stepped.tail.close()


def test_a_restart_goes_on_in_every_file(tmp_path, logs):
    for log in logs.values():
        log.write(2)
    before = Stepped(tmp_path / "*")
    before.settle()
    before.tail.close()
    lines = {name: log.write(2) for name, log in logs.items()}
    after = Stepped(tmp_path / "*", positions=before.positions)
    assert after.settle() == lines
    after.tail.close()


def test_a_file_that_vanished_is_forgotten_and_known_again_when_it_comes_back(tmp_path, logs):
    log = logs["a.log"]
    log.write(2)
    stepped = Stepped(tmp_path / "*.log", max_files=1)
    stepped.settle()
    rotated = log.path.rename(tmp_path / "elsewhere")
    rotated.unlink()
    other = logs["b.log"].write()
    assert stepped.settle() == {"b.log": other}  # there is room for it
    logs["b.log"].path.unlink()
    new = log.write()
    assert stepped.settle() == {"a.log": new}
    stepped.tail.close()


def test_more_files_than_can_be_followed_are_told(tmp_path, logs, said):
    lines = [log.write() for log in logs.values()]
    stepped = Stepped(tmp_path / "*", max_files=2)
    assert list(stepped.settle().values()) == lines[:2]
    assert any("more than 2 files" in text for text in said)
    stepped.tail.close()


def test_a_file_that_cannot_be_read_is_told_once_a_minute_and_costs_no_other(tmp_path, logs, said):
    (tmp_path / "d.log").mkdir()
    lines = logs["a.log"].write()
    stepped = Stepped(tmp_path / "d.log", tmp_path / "a.log")
    assert stepped.settle() == {"a.log": lines}
    assert 1 <= sum("cannot read" in text and "d.log" in text for text in said) <= 2
    (tmp_path / "d.log").rmdir()
    lines = Log(tmp_path / "d.log").write()
    assert stepped.settle() == {"d.log": lines}
    stepped.tail.close()


def test_a_name_that_is_no_text_is_told_and_not_followed(tmp_path, said):
    (tmp_path / os.fsdecode(b"b\xfcro.log")).write_bytes(b"x\n")
    stepped = Stepped(tmp_path / "*.log")
    assert stepped.settle() == {}
    assert any("no text" in text for text in said)


def test_a_long_backlog_of_one_file_does_not_keep_another_waiting(tmp_path, logs):
    logs["a.log"].write(100_000)
    lines = logs["b.log"].write()
    stepped = Stepped(tmp_path / "*.log")
    first = stepped.tail.step(NOW)
    assert {batch.sender for batch in first} == {str(tmp_path / "a.log")}
    assert sum(len(line) for batch in first for line in batch.messages) < 65536
    batches = stepped.tail.step(NOW)
    assert [b.messages for b in batches if b.sender.endswith("b.log") and b.messages] == [lines]
    stepped.tail.close()


def test_a_full_inbox_stops_reading_and_nothing_is_lost(tmp_path, logs):
    lines = logs["a.log"].write(30_000)

    async def scenario():
        inbox = Inbox(Drops(), max_messages=2000)
        followed = Tail(inbox, [str(logs["a.log"].path)], {}, clock=lambda: NOW)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(followed.serve())
            taken = []
            while len(taken) < len(lines):
                batches = await inbox.get()
                assert inbox.messages <= 1000 + MAX_LINES
                taken += [line for batch in batches for line in batch.messages]
            task.cancel()
        followed.close()
        return taken

    assert asyncio.run(scenario()) == lines


def test_what_is_written_while_it_serves_arrives(logs):
    log = logs["a.log"]

    async def scenario():
        inbox = Inbox(Drops())
        followed = Tail(inbox, [str(log.path)], {}, clock=lambda: NOW)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(followed.serve())
            for _ in range(2):
                lines = log.write(2)
                assert await take(inbox, 2, sender=str(log.path)) == lines
            task.cancel()
        followed.close()

    asyncio.run(scenario())
