"""The logs that people paste: kept by name, in memory only, and forgotten after a day.

Pasting the same log again adds what is new. Looking at one runs its lines through the stages a part
at a time on the event loop, because the hosts' sockets may not be read from another thread; what
they amount to is kept for a while.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from exporter import pasted_log
from exporter.hosts import Hosts
from exporter.pasted_log import Account, Examination
from exporter.stages import Stages

MAX_LOGS = 8
MAX_AGE = 24 * 3600.0  # seconds since the last paste
ACCOUNT_AGE = 30.0  # seconds for which an account stands, unless sockets are pasted
_PART = 50  # lines; about 5 ms, during which no router is listened to


class PastedLog(msgspec.Struct, kw_only=True):
    """One log, in the order of its pastes. The next paste makes another of it."""

    name: str
    lines: list[str]
    pasted: float  # when the newest paste came
    account: Account | None = None
    examined: float = 0.0
    sockets: float = 0.0  # when the newest sockets were pasted that the account knows


class PastedLogs:
    """All of them, by name."""

    def __init__(self) -> None:
        self._logs: dict[str, PastedLog] = {}
        self._adding = asyncio.Lock()
        self._examining = asyncio.Lock()

    async def add(self, name: str, lines: Sequence[str], now: float) -> PastedLog:
        """Add a paste to the log of that name; the log pasted longest ago makes room."""
        async with self._adding:
            log = self.get(name, now)
            known = log.lines if log else []
            merged = await asyncio.to_thread(pasted_log.added, known, lines, now)
            self._logs.pop(name, None)
            if len(self._logs) >= MAX_LOGS:
                del self._logs[next(iter(self._logs))]
            self._logs[name] = PastedLog(name=name, lines=merged, pasted=now)
            return self._logs[name]

    async def account(self, log: PastedLog, stages: Stages, now: float) -> Account:
        """Return what the lines of a log amount to; one log at a time is looked at."""
        async with self._examining:
            sockets = _newest_paste(stages.hosts)
            fresh = 0 <= now - log.examined < ACCOUNT_AGE and log.sockets == sockets
            if log.account is None or not fresh:
                log.account = await examine(log, stages, now)
                log.examined, log.sockets = now, sockets
            return log.account

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
    dated = await asyncio.to_thread(pasted_log.in_order, log.lines, now)
    examination = Examination(stages, log.name, now)
    for start in range(0, len(dated), _PART):
        examination.take(dated[start : start + _PART])
        await asyncio.sleep(0)
    return await asyncio.to_thread(examination.account)


def _newest_paste(hosts: Hosts) -> float:
    """When sockets were pasted last: whoever did that wants to see what they explain."""
    return max((device.taken for device in hosts.devices() if not device.is_agent), default=0.0)
