"""What waits for the server: in memory while it answers, on disk while it is away, oldest first.

In go reports, out go posts with the true age of each. Ages come from the clock that counts since
the host was started. Over a restart of the host that one says nothing; then the server's own clock
does, noted with the report and asked for again: ours may be wrong for years after a power cut. A
report that nobody can date is dropped.
"""

import random
from collections import deque
from collections.abc import Callable
from typing import Literal

from loguru import logger
from msgspec.structs import replace

from exporter import wire
from exporter.agent.complaints import Complaints
from exporter.agent.post import Post, ReportRefusedError, ServerAwayError
from exporter.agent.spool import Kept, Spool
from exporter.host_report import HostReport

IN_MEMORY = 20  # reports that wait where nothing can be written
LONGEST_PAUSE = 60.0  # seconds between two tries while the server is away
AT_ONCE = 20  # reports, after an outage
PER_SECOND = 10.0  # then, which the server allows: it catches up with a day in five minutes
MAX_AGE = 86_400.0  # seconds; the server forgets closed sockets after as long
BOOT = "boot "  # an era that begins with it is that of the host, else it is the agent's own
_UNKNOWN = 409  # the server does not have what a heartbeat refers to

_NEVER = float("-inf")

# Whether the server lacks what heartbeats refer to, and waits for a complete report.
Lack = Literal["nothing", "next", "now"]


class Outbox:
    """The reports that wait, and when to try the server again."""

    def __init__(
        self,
        post: Post,
        *,
        clock: Callable[[], float],
        complaints: Complaints,
        era: str,
        spool: Spool | None = None,
        server_time: Callable[[], float | None] = lambda: None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`era` names what `clock` counts from; `jitter` returns numbers from 0 to 1."""
        self._post = post
        self._clock = clock
        self._complain = complaints
        self._era = era
        self._spool = spool
        self._ask_time = server_time
        self._jitter = jitter
        self._memory: deque[Kept] = deque(maxlen=IN_MEMORY)
        self._offset: float | None = None  # the server's clock minus ours
        self._retry_at = _NEVER
        self._failures = 0
        self._allowed, self._allowed_at = float(AT_ONCE), 0.0

    @property
    def away(self) -> bool:
        """Whether the server does not answer, or has not caught up yet."""
        return self._failures > 0 or bool(self._spool)

    def add(self, report: HostReport, made: float) -> None:
        """Let a report wait for the next `send`."""
        time = None if self._offset is None else made + self._offset
        if self._memory and _is_heartbeat(report) and _is_heartbeat(self._memory[-1].report):
            self._memory.pop()
        self._memory.append(Kept(report=report, made=made, era=self._era, server_time=time))
        if self.away:
            self._store()

    def send(self) -> Lack:
        """Send what waits, oldest first, until the server fails or has had enough for now."""
        lack: Lack = "nothing"
        if self._clock() < self._retry_at:
            return lack
        while (kept := self._first()) is not None and self._may_send():
            try:
                age = self._age(kept)
                if age is None:
                    logger.info("a kept report cannot be dated, or is too old: dropped")
                else:
                    self._deliver(kept, age)
                    lack = lack if _is_heartbeat(kept.report) else "nothing"
            except ServerAwayError as error:
                self._failed(error)
                return lack
            except (ReportRefusedError, ValueError) as error:  # ValueError: it is not even text
                unknown = getattr(error, "status", 0) == _UNKNOWN and _is_heartbeat(kept.report)
                lack = "now" if unknown else "next"
                if not unknown:
                    self._complain("report refused and dropped: {}", error)
            self._answered()
            self._drop()
        return lack

    def _deliver(self, kept: Kept, age: float) -> None:
        aged = round(age, 1)  # an age of nothing is left out
        report = replace(kept.report, age_seconds=aged) if aged else kept.report
        time = self._post(wire.encode(report))
        if time is not None:
            self._offset = time - self._clock()

    def _age(self, kept: Kept) -> float | None:
        """Return how long ago a report was made, None when that cannot be known or is too long."""
        now = self._clock()
        if kept.era == self._era:
            age, least = now - kept.made, 0.0
        else:
            if kept.server_time is None:
                return None
            if self._offset is None:
                time = self._ask_time()
                if time is None:
                    return None
                self._offset = time - now
            age = now + self._offset - kept.server_time
            # It was made before this start of the host: if it seems younger, a clock was changed.
            least = now if self._era.startswith(BOOT) else 0.0
        return age if least <= age <= MAX_AGE else None

    def _may_send(self) -> bool:
        now = self._clock()
        passed = max(0.0, now - self._allowed_at)
        self._allowed = min(AT_ONCE, self._allowed + passed * PER_SECOND)
        self._allowed_at = now
        if self._allowed < 1.0:
            return False
        self._allowed -= 1.0
        return True

    def _answered(self) -> None:
        if self._failures:
            logger.info("server is back after {} failed tries", self._failures)
        self._failures = 0

    def _failed(self, error: ServerAwayError) -> None:
        self._failures += 1
        pause = min(LONGEST_PAUSE, 2.0 ** min(self._failures, 10))
        self._retry_at = self._clock() + pause * (0.5 + 0.5 * self._jitter())
        self._complain("server away, the newest reports are kept: {}", error)
        self._store()

    def _store(self) -> None:
        """Move what waits in memory to the disk, as far as that can be written."""
        while self._memory and self._spool is not None:
            try:
                self._spool.add(self._memory[0])
            except OSError as error:
                self._complain("reports are kept in memory only: {}", error)
                return
            self._memory.popleft()

    def _first(self) -> Kept | None:
        if self._spool and (kept := self._spool.first()) is not None:
            return kept
        return self._memory[0] if self._memory else None

    def _drop(self) -> None:
        if self._spool:
            self._spool.drop()
        else:
            self._memory.popleft()


def _is_heartbeat(report: HostReport) -> bool:
    return report.unchanged_since is not None
