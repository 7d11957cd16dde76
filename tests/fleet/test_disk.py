"""The spool as the event loop sees it: a failure is said once, and ends."""

import asyncio

import pytest

from exporter.fleet.disk import Disk
from exporter.fleet.spool import Spool
from tests import logged
from tests.fleet.outgoing import FullDisk, row

log = logged.fixture("INFO")


@pytest.fixture
def spool(tmp_path):
    spool = Spool(tmp_path / "spool.sqlite")
    yield spool
    spool.close()


def test_what_is_written_is_read_and_forgotten(spool):
    async def scenario():
        disk = Disk(spool, lambda: pytest.fail("nothing failed"))
        assert await disk.add([row(1), row(2)])
        other = row(2)._replace(value=b"other")
        assert await disk.replace([other])
        assert await disk.read(0, 10**6) == [row(1), other]
        assert await disk.remove([row(1)])
        assert await disk.read(0, 10**6) == [other]
        disk.end()

    asyncio.run(scenario())


def test_a_failure_is_counted_each_time_and_said_once(spool, log):
    async def scenario():
        failures = []
        disk, full = Disk(spool, lambda: failures.append(1)), FullDisk(spool)
        assert not disk.failing
        for _ in range(3):
            assert not await disk.add([row(1)])
            assert disk.failing
        assert await disk.read(0, 10**6) == []  # to read tells nothing of that
        assert disk.failing
        full.fails = False
        assert await disk.add([row(1)])
        assert not disk.failing
        assert len(failures) == 3
        disk.end()

    asyncio.run(scenario())
    assert [line.split()[0] for line in log] == ["ERROR", "INFO"]
    assert "database or disk is full" in log[0]


def test_rows_that_cannot_be_read_are_none(spool):
    async def scenario():
        failures = []
        disk = Disk(spool, lambda: failures.append(1))
        spool._connection.execute("DROP TABLE records")
        assert await disk.read(0, 10**6) is None
        assert failures == [1]
        disk.end()

    asyncio.run(scenario())
