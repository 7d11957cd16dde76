"""The evidence of a running program: whatever becomes of its file, counting goes on."""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from loguru import logger

from exporter.evidence import Bounds, suspects
from exporter.metrics import Metrics
from exporter.storage import evidence_file
from exporter.storage.archive import Archive
from exporter.storage.database import StateError
from exporter.storage.evidence_file import EvidenceFile
from tests.evidence.stores import ALWAYS, nobody
from tests.rejections import NOW

PAGE = 4096


class Kept:
    """An archive with a file of its own, and what it counts and logs."""

    def __init__(self, folder):
        self.path = folder / "evidence.sqlite"
        self.file = EvidenceFile(self.path, Bounds())
        self.now = NOW
        self.metrics = Metrics()
        self.threads = [ThreadPoolExecutor(1), ThreadPoolExecutor(1)]
        self.logged = []
        self.sink = logger.add(lambda message: self.logged.append(str(message)), level="ERROR")
        self.archive = Archive(
            self.file.store,
            *self.threads,
            self.metrics,
            lambda: self.now,
            begin_anew=self.file.begin_anew,
        )

    def record(self, count=1, rows=1):
        for number in range(rows):
            self.file.store.record(nobody(remote_ip=f"2001:db8::{number:x}", count=count))

    def write(self):
        asyncio.run(self.archive.write())

    def packets(self):
        found = asyncio.run(self.archive.read(suspects.between, *ALWAYS, 50))
        return sum(suspect.packets for suspect in found)

    def errors(self):
        series = self.metrics.store.series.get("knockwatch_state_errors_total", {})
        return series[("evidence",)].value if series else 0

    def flush(self):
        """Have everything in the file, and nothing in the writer's memory."""
        self.file._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.file._database.execute("PRAGMA shrink_memory")

    def close(self):
        logger.remove(self.sink)
        for thread in self.threads:
            thread.shutdown()
        self.file.close()


@pytest.fixture
def kept(tmp_path):
    made = Kept(tmp_path)
    yield made
    made.close()


def overwrite(path):
    """Write nonsense over all pages but the first, under the running program."""
    pages = path.stat().st_size // PAGE
    with path.open("r+b") as file:
        file.seek(PAGE)
        file.write(b"\xa5" * PAGE * (pages - 1))


def cut(path):
    with path.open("r+b") as file:
        file.truncate(2 * PAGE)


def replaced(path):
    path.write_bytes(b"no database at all" * 4000)


DAMAGES = pytest.mark.parametrize("damage", [overwrite, cut, replaced])


def test_what_is_recorded_is_read(kept):
    kept.record(3)
    assert kept.packets() == 3
    assert (kept.errors(), kept.archive.trouble) == (0, "")


@DAMAGES
def test_a_file_damaged_in_use_is_set_aside_and_nothing_that_comes_after_is_lost(kept, damage):
    kept.record(rows=2000)
    kept.write()
    kept.flush()
    damage(kept.path)
    for _ in range(3):
        kept.record(7)
        kept.write()
    assert kept.packets() == 21
    assert kept.path.with_name("evidence.sqlite.broken-1").exists()
    assert not kept.path.with_name("evidence.sqlite.broken-2").exists()
    assert kept.errors() >= 1
    assert sum("set aside as evidence.sqlite.broken-1" in line for line in kept.logged) == 1


@DAMAGES
def test_a_reader_that_meets_the_damage_first_says_so_once(kept, damage):
    kept.record(rows=2000)
    kept.write()
    kept.flush()
    damage(kept.path)
    with pytest.raises(sqlite3.DatabaseError):
        kept.packets()
    assert kept.packets() == 0
    kept.record(5)
    assert kept.packets() == 5


def test_rows_that_cannot_be_written_are_counted_and_logged_once_a_minute(kept):
    kept.file._database.execute("PRAGMA query_only = ON")
    for second in range(0, 100, 10):
        kept.now = NOW + second
        kept.record()
        kept.write()
    assert kept.errors() == 10
    assert len(kept.logged) == 2
    assert "readonly" in kept.archive.trouble
    kept.file._database.execute("PRAGMA query_only = OFF")
    kept.record(4)
    kept.write()
    assert kept.archive.trouble == ""
    assert kept.packets() == 4


def test_a_file_that_cannot_be_begun_anew_is_tried_again(kept, monkeypatch):
    kept.record(rows=2000)
    kept.write()
    kept.flush()
    replaced(kept.path)
    monkeypatch.setattr(evidence_file, "open_database", fail)
    for _ in range(2):
        kept.record()
        kept.write()
    assert kept.errors() >= 2
    assert kept.archive.trouble
    monkeypatch.undo()
    kept.record(6)
    kept.write()
    assert kept.packets() == 6


def fail(*_):
    raise StateError("no room")


def test_writes_of_several_who_ask_at_once_store_each_row_once(kept):
    kept.record(3, rows=100)

    async def several():
        await asyncio.gather(*(kept.archive.write() for _ in range(5)))

    asyncio.run(several())
    assert kept.packets() == 300


def test_forgetting_waits_for_what_is_being_written(kept):
    kept.record(3)
    assert asyncio.run(kept.archive.forget("ANNA-PC")) == 0
    assert kept.packets() == 3
