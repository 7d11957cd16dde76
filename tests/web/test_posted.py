"""Reports as they are posted: how often, and how many pastes are read at a time."""

import asyncio
import threading

import pytest

from exporter import sockets_text
from exporter.host_report import HostReport
from exporter.hosts import MAX_DEVICES
from exporter.web import posted
from exporter.web.posted import BURST, Rates
from exporter.web.refusals import Refusal
from tests.web.conftest import NOW


def test_only_so_many_devices_are_remembered_to_be_slowed_down():
    rates = Rates()
    for _ in range(int(BURST)):
        assert rates.allow("pc", NOW)
    assert not rates.allow("pc", NOW)
    for number in range(MAX_DEVICES):
        assert rates.allow(f"device {number}", NOW)
    assert rates.allow("pc", NOW)


def test_devices_of_one_name_are_told_apart_by_what_is_given():
    rates = Rates()
    for _ in range(int(BURST)):
        rates.check("PC", NOW, ("osaka", "pc"))
    rates.check("PC", NOW, ("tokyo", "pc"))
    with pytest.raises(Refusal) as refused:
        rates.check("PC", NOW, ("osaka", "pc"))
    assert refused.value.status == 429


def test_two_pastes_are_read_at_a_time_and_nothing_else_waits_for_them(monkeypatch):
    reading, go_on = threading.Semaphore(0), threading.Event()
    busy: list[int] = []

    def slow(text: bytes, name: str) -> HostReport:
        busy.append(1)
        reading.release()
        assert go_on.wait(20)
        return HostReport(version=1, device=name, agent="paste")

    async def scenario() -> None:
        monkeypatch.setattr(sockets_text, "read", slow)
        async with asyncio.TaskGroup() as tasks:
            for number in range(5):
                tasks.create_task(posted.sockets(b"", f"PC{number}"))
            for _ in range(2):
                await asyncio.to_thread(reading.acquire, timeout=20)
            for _ in range(50):  # others go on meanwhile
                await asyncio.to_thread(int)
            assert len(busy) == 2
            go_on.set()

    asyncio.run(scenario())
    assert len(busy) == 5
