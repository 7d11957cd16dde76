"""A broker of a test's own, a clock that stands, and records for them."""

import asyncio
import sqlite3
from collections import Counter

from exporter.fleet.link import Link
from exporter.fleet.outgoing import Outgoing
from exporter.fleet.spool import Row, Spool
from exporter.fleet.writer import Answer

RECEIVED = 1_700_000_000.0


def row(number, size=10, messages=2, site="osaka"):
    return Row(
        number=number,
        kind="lines",
        site=site,
        listener="udp",
        messages=messages,
        received=RECEIVED + number,
        value=bytes([number % 256]) * size,
    )


class Broker:
    """What every writer of a test writes to; by itself it answers nothing."""

    def __init__(self):
        self.log: list[bytes] = []  # what it was sent, by whatever writer
        self.away = False
        self.writers: list[FakeWriter] = []

    def connect(self):
        if self.away:
            raise TimeoutError("no broker")
        self.writers.append(FakeWriter(self))
        return self.writers[-1]

    @property
    def writer(self):
        return self.writers[-1]


class FakeWriter:
    """A writer whose answers the test gives."""

    def __init__(self, broker):
        self.broken, self.rejected, self.closed = "", set(), False
        self.written: list[Row] = []  # and not answered
        self._broker = broker
        self._answers: list[Answer] = []

    def write(self, row):
        self.written.append(row)
        self._broker.log.append(row.value)
        return True

    def poll(self):
        answers, self._answers = self._answers, []
        return answers

    def close(self):
        self.closed = True

    def answer(self, many=None, *, oversize=False):
        """Answer the oldest ones, by default all."""
        answered, self.written = self.written[:many], self.written[many:] if many else []
        self._answers += [Answer(row.number, oversize) for row in answered]

    def reject(self):
        """Fail the oldest one for good, as where the relay may not write."""
        self.rejected.add(self.written.pop(0).number)
        self.broken = "not authorised"


class Books:
    """Counts what becomes of records."""

    def __init__(self):
        self.counts: Counter[str] = Counter()

    def relayed(self, row):
        self.counts["relayed"] += row.messages

    def oversize(self, row):
        self.counts["oversize"] += row.messages

    def disk_failed(self):
        self.counts["disk"] += 1

    def failed(self, task, error):
        raise AssertionError(task) from error


class Parts:
    """An `Outgoing` with what is around it."""

    def __init__(self, folder, most_bytes=10**9):
        self.now = 1000.0
        self.broker, self.books = Broker(), Books()
        self.spool = Spool(folder / "spool.sqlite")
        self.link = Link(self.broker.connect, clock=lambda: self.now, jitter=lambda: 0.0)
        self.outgoing = Outgoing(
            self.spool,
            self.link,
            self.books,
            most_bytes=most_bytes,
            renumber=lambda values: [b"anew " + value for value in values],
            clock=lambda: self.now,
        )

    def add(self, *numbers, **about):
        for number in numbers:
            self.outgoing.add(row(number, **about))

    async def connect(self):
        """Do once what `Link.keep` does all the time."""
        keeping = asyncio.ensure_future(self.link.keep())
        async with asyncio.timeout(20):
            while self.link.writer is None:
                await asyncio.sleep(0.001)
        keeping.cancel()

    async def step(self, seconds=0.0, **how):
        self.now += seconds
        await self.outgoing.step(**how)

    def on_disk(self):
        return [row.number for row in self.spool.read(0, 10**9)]


class FullDisk:
    """A spool that cannot be written while it `fails`."""

    def __init__(self, spool):
        self.fails = True
        self._add = spool.add
        spool.add = self.add

    def add(self, rows):
        if self.fails:
            raise sqlite3.OperationalError("database or disk is full")
        self._add(rows)
