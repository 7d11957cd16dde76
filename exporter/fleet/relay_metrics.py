"""What a relay counts, and what holds at a scrape. Its counters begin at 0 with each start.

Received = relayed + dropped + waiting, of syslog messages and at any moment.
"""

import platform
from collections.abc import Callable, Iterable

from loguru import logger

from exporter.build import VERSION
from exporter.fleet.spool import Row
from exporter.metrics import declared as m
from exporter.metrics.formats import Family
from exporter.metrics.series import Declaration, SeriesStore
from exporter.transports import DropReason, OncePerMinute

RELAYED = Declaration(
    "knockwatch_relayed_messages_total",
    "counter",
    "Messages that a broker has acknowledged.",
    ("listener",),
)
RELAYED_REPORTS = Declaration(
    "knockwatch_relayed_reports_total", "counter", "Reports that a broker has acknowledged.", ()
)
WAITING = Declaration(
    "knockwatch_relay_waiting_messages",
    "gauge",
    "Messages that no broker has acknowledged yet, in memory and in the spool.",
    (),
)
OLDEST = Declaration(
    "knockwatch_relay_oldest_timestamp_seconds",
    "gauge",
    "When the oldest of what waits was received; absent when nothing does.",
    (),
)
SPOOL_BYTES = Declaration(
    "knockwatch_relay_spool_bytes", "gauge", "Bytes of the disk that the spool uses.", ()
)
SPOOL_RECORDS = Declaration(
    "knockwatch_relay_spool_records", "gauge", "Records in the spool: batches and reports.", ()
)
SUBSCRIBERS = Declaration(
    "knockwatch_relay_subscribers", "gauge", "Lines of the file of subscribers in force.", ()
)
SUBSCRIBERS_STALE = Declaration(
    "knockwatch_relay_subscribers_stale",
    "gauge",
    "1 when the file of subscribers has changed to one that cannot be used.",
    (),
)
COUNTERS = (RELAYED, RELAYED_REPORTS, m.DROPPED, m.REPORTS, m.STATE_ERRORS, m.INTERNAL_ERRORS)
GAUGES = (WAITING, OLDEST, SPOOL_BYTES, SPOOL_RECORDS, SUBSCRIBERS, SUBSCRIBERS_STALE)
OWN = (RELAYED, RELAYED_REPORTS, *GAUGES)  # those that no other part of knockwatch has
_CAP = 1000  # series; there are few reasons


class RelayMetrics:
    """The counters of one run."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._log_due = OncePerMinute()
        self._store = SeriesStore((*COUNTERS, m.OVERFLOW), {}, _CAP, m.OVERFLOW)

    def relayed(self, row: Row) -> None:
        """Count what a broker has acknowledged."""
        if row.kind == "lines":
            self._count(RELAYED, row.listener, amount=row.messages)
        else:
            self._count(RELAYED_REPORTS)

    def oversize(self, row: Row) -> None:
        """Count what no broker ever takes."""
        if row.kind == "lines":
            self.dropped(row.listener, "oversize", row.messages)
        if self._log_due(self._clock(), "oversize", row.site):
            logger.warning(
                "a record of {} bytes is more than the brokers take: dropped, of site {}",
                len(row.value),
                row.site,
            )

    def dropped(self, listener: str, reason: DropReason, messages: int) -> None:
        """Count messages that nobody will get."""
        self._count(m.DROPPED, listener, reason, amount=messages)

    def report(self, outcome: str) -> None:
        """Count a report or a paste by what became of it."""
        self._count(m.REPORTS, outcome)

    def disk_failed(self) -> None:
        """Count a failure of the spool."""
        self._count(m.STATE_ERRORS, "spool")

    def failed(self, task: str, error: Exception) -> None:
        """Count and log a defect that was survived."""
        self._count(m.INTERNAL_ERRORS, task)
        if self._log_due(self._clock(), task):
            logger.opt(exception=error).error("{} failed; the rest goes on", task)

    def families(self, state: Iterable[tuple[Declaration, float | None]]) -> list[Family]:
        """Return all counters, and gauges by what they are now; None leaves one out."""
        series = self._store.series
        counted = [
            Family(
                metric, [(labels, s.value, s.since) for labels, s in series[metric.name].items()]
            )
            for metric in COUNTERS
        ]
        gauges = [
            Family(declaration, [] if value is None else [((), value, None)])
            for declaration, value in state
        ]
        about = Family(m.BUILD_INFO, [((VERSION, platform.python_version()), 1.0, None)])
        return [*counted, *gauges, about]

    def _count(self, metric: Declaration, *labels: str, amount: float = 1.0) -> None:
        self._store.add(metric, labels, amount, self._clock())
