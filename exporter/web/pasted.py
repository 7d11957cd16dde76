"""The logs that people paste: kept by name, in memory only, and forgotten after a day.

Pasting the same log again adds what is new. Looking at one runs its lines through the stages a part
at a time on the event loop, because the hosts' sockets may not be read from another thread.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from exporter import pasted_log
from exporter.pasted_log import Account, Examination
from exporter.pipeline import Stages

MAX_LOGS = 8
MAX_AGE = 24 * 3600.0  # seconds since the last paste
_PART = 50  # lines; about 5 ms, during which no router is listened to


class PastedLog(msgspec.Struct, kw_only=True):
    """One log, in the order of its pastes."""

    name: str
    lines: list[str]
    pasted: float  # when the newest paste came


class PastedLogs:
    """All of them, by name."""

    def __init__(self) -> None:
        self._logs: dict[str, PastedLog] = {}

    def add(self, name: str, lines: Sequence[str], now: float) -> PastedLog:
        """Add a paste to the log of that name; the log pasted longest ago makes room."""
        self._forget_old(now)
        log = self._logs.pop(name, None) or PastedLog(name=name, lines=[], pasted=now)
        if len(self._logs) >= MAX_LOGS:
            del self._logs[next(iter(self._logs))]
        merged = pasted_log.merge(log.lines, lines)
        log.lines, log.pasted = pasted_log.newest(merged, now), now
        self._logs[name] = log
        return log

    def kept(self, now: float) -> list[PastedLog]:
        """The logs, the latest pasted first."""
        self._forget_old(now)
        return list(reversed(self._logs.values()))

    def get(self, name: str, now: float) -> PastedLog | None:
        """The log of that name."""
        self._forget_old(now)
        return self._logs.get(name)

    def forget(self, name: str) -> bool:
        """Drop a log; whether there was one."""
        return self._logs.pop(name, None) is not None

    def _forget_old(self, now: float) -> None:
        for log in list(self._logs.values()):
            if log.pasted < now - MAX_AGE:
                del self._logs[log.name]


async def examine(log: PastedLog, stages: Stages, now: float) -> Account:
    """Return what the lines of a log amount to."""
    dated = await asyncio.to_thread(pasted_log.in_order, tuple(log.lines), now)
    examination = Examination(stages, log.name, now)
    for start in range(0, len(dated), _PART):
        examination.take(dated[start : start + _PART])
        await asyncio.sleep(0)
    return await asyncio.to_thread(examination.account)
