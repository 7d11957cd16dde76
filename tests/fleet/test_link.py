"""The way to the brokers: tried again and again, later and later, and soon after it worked."""

import asyncio

import pytest

from exporter.fleet.link import LONGEST_PAUSE, Link
from tests import logged
from tests.fleet.outgoing import Broker

log = logged.fixture("ERROR", "{message}")


@pytest.fixture
def pauses(monkeypatch):
    """Return the seconds that were waited, in no time."""
    waited = []
    sleep = asyncio.sleep

    async def at_once(seconds):
        waited.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", at_once)
    return waited


async def connected(link):
    keeping = asyncio.ensure_future(link.keep())
    while link.writer is None:
        await asyncio.to_thread(int)
    keeping.cancel()


def test_pauses_grow_while_nobody_answers_and_it_is_said_once(pauses, log):
    async def scenario():
        broker = Broker()
        tries = []

        def connect():
            tries.append(1)
            broker.away = len(tries) < 9
            return broker.connect()

        link = Link(connect, clock=lambda: 1.0, jitter=lambda: 1.0)
        assert link.missing_since == 1.0
        await connected(link)
        assert link.missing_since is None

    asyncio.run(scenario())
    assert pauses[:9] == [0, 1, 2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]
    assert log == ["nothing can be relayed, what comes is kept: no broker\n"]


def test_a_writer_that_broke_is_closed_and_another_made(pauses, log):
    async def scenario():
        broker, now = Broker(), [1.0]
        link = Link(broker.connect, clock=lambda: now[0])
        await connected(link)
        link.works()
        first = broker.writer
        first.broken = "fenced"
        now[0] = 7.0
        await link.lose()
        assert first.closed
        assert (link.writer, link.missing_since) == (None, 7.0)
        await connected(link)
        assert link.writer is broker.writer is not first
        assert pauses[-1] == 0  # it had worked

    asyncio.run(scenario())
    assert log == ["sent again, as it could not be relayed: fenced; a broker's log says more\n"]
