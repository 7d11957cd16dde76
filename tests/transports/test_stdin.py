import asyncio
import os

import pytest

from exporter.syslog.framing import MAX_MESSAGE
from exporter.transports import stdin
from exporter.transports.inbox import Inbox
from exporter.transports.stdin import StandardInput
from tests.transports import NOW, Drops, rest, take


def read_all(source):
    """The batches of an input that ends."""

    async def scenario():
        inbox = Inbox(Drops())
        async with asyncio.timeout(10):
            await StandardInput(inbox, clock=lambda: NOW, source=source).serve()
        return await rest(inbox)

    return asyncio.run(scenario())


@pytest.fixture
def pipe():
    ends = [*os.pipe()]
    yield ends
    for end in ends:
        os.close(end)


def test_lines_of_a_pipe_come_as_they_are_written(pipe):
    source, end = pipe

    async def scenario():
        inbox = Inbox(Drops())
        async with asyncio.TaskGroup() as group:
            task = group.create_task(StandardInput(inbox, clock=lambda: NOW, source=source).serve())
            os.write(end, b"one\ntw")
            assert await take(inbox, 1, sender="stdin") == [b"one"]
            os.write(end, b"o\r\n")
            assert await take(inbox, 1, sender="stdin") == [b"two"]
            task.cancel()

    asyncio.run(scenario())


def test_the_end_of_a_pipe_ends_the_last_line(pipe):
    source, end = pipe
    os.write(end, b"one\ntwo")
    os.close(pipe.pop())
    batches = read_all(source)
    assert [line for batch in batches for line in batch.messages] == [b"one", b"two"]
    assert all(batch.position is None and batch.listener == "file" for batch in batches)


def test_a_file_is_read_to_its_end(tmp_path):
    lines = [b"line %d" % number for number in range(9_000)]
    (tmp_path / "log").write_bytes(b"\n".join(lines))
    source = os.open(tmp_path / "log", os.O_RDONLY)
    batches = read_all(source)
    os.close(source)
    assert [line for batch in batches for line in batch.messages] == lines
    assert max(len(batch.messages) for batch in batches) == 256


def test_nothing_is_nothing():
    source = os.open(os.devnull, os.O_RDONLY)
    assert read_all(source) == []
    os.close(source)


def test_a_line_that_is_too_long_is_counted_once(tmp_path):
    (tmp_path / "log").write_bytes(b"one\n" + b"x" * 5 * MAX_MESSAGE + b"\ntwo\n")
    source = os.open(tmp_path / "log", os.O_RDONLY)
    batches = read_all(source)
    os.close(source)
    assert [line for batch in batches for line in batch.messages] == [b"one", b"two"]
    assert sum(batch.oversize for batch in batches) == 1


def test_an_input_that_cannot_be_read_is_one_that_ended(tmp_path):
    for_writing = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    assert read_all(for_writing) == []
    os.close(for_writing)
    assert read_all(987) == []  # nobody opened that


def test_a_program_without_standard_input_reads_no_other_file(monkeypatch):
    monkeypatch.setattr(stdin.sys, "stdin", None)
    assert read_all(None) == []


def test_a_full_inbox_stops_reading_until_it_is_relieved(tmp_path):
    (tmp_path / "log").write_bytes(b"x\n" * 100_000)
    source = os.open(tmp_path / "log", os.O_RDONLY)

    async def scenario():
        inbox = Inbox(Drops(), max_messages=1000)
        async with asyncio.TaskGroup() as group:
            group.create_task(StandardInput(inbox, clock=lambda: NOW, source=source).serve())
            most = taken = 0
            while taken < 100_000:
                taken += sum(len(batch.messages) for batch in await inbox.get())
                most = max(most, inbox.messages)
        return most

    # One read is handed over whole: that much more than half of the bound.
    assert asyncio.run(scenario()) <= 500 + 32 * 1024
    os.close(source)
