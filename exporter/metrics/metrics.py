"""The counters: what happened goes in, and is counted within the budgets of the labels.

`exposition` turns a snapshot of them into samples.
"""

from collections.abc import Callable, Iterable
from copy import copy

import msgspec

from exporter.events import Decision, Evidence, Reading, Rejection
from exporter.knowledge import Application
from exporter.metrics.budget import Limits
from exporter.metrics.declared import (
    ATTRIBUTED,
    BY_COUNTRY,
    COUNTERS,
    DECOYS,
    DROPPED,
    FIRST_SEEN,
    INTERNAL_ERRORS,
    MESSAGES,
    OVERFLOW,
    PROCESS_BYTES,
    REJECTED,
    REPORTS,
    REVERSE_LOOKUPS,
    ROUTER_EVENTS,
    STATE_ERRORS,
)
from exporter.metrics.ourselves import CANARY_FAILURES
from exporter.metrics.series import SeriesStore


class Metrics:
    """The counters, within their budgets. Sums are conserved: what does not fit is `other`."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        sizes = msgspec.structs.asdict(self.limits)
        cap = sizes.pop("series_per_metric")
        self.store = SeriesStore((*COUNTERS.values(), FIRST_SEEN), sizes, cap, OVERFLOW)
        for asn in ("private", "reserved", "unknown"):
            self.store.place("source_asn", asn)
        self.processes: dict[str, tuple[str, str]] = {}  # process → application, verdict
        self._shown: Callable[[str], str] = str  # the name under which a device is shown

    def widen(self, limits: Limits, routers: Iterable[str]) -> None:
        """Give more values their places, and those routers for good."""
        self.limits = limits
        sizes = msgspec.structs.asdict(limits)
        self.store.widen(sizes.pop("series_per_metric"), sizes)
        for name in routers:
            self.store.place("router", name)

    def with_devices(self, shown: Callable[[str], str]) -> "Metrics":
        """The same counters, in which each device is `shown` under another name."""
        (view := copy(self))._shown = shown
        return view

    def message(
        self, router: str, dialect: str | None, outcome: str, now: float, messages: int = 1
    ) -> None:
        """Count messages that were read, or could not be."""
        self.store.add(MESSAGES, (router, dialect or "", outcome), messages, now)

    def has_place(self, reading: Reading) -> bool:
        """Whether messages like one that was counted have a series of their own."""
        labels = (reading.router, reading.dialect or "", reading.outcome)
        return labels in self.store.series[MESSAGES.name]

    def dropped(self, listener: str, reason: str, messages: int, now: float) -> None:
        """Count messages that were lost or refused unread."""
        self.store.add(DROPPED, (listener, reason), messages, now)

    def router_event(self, router: str, event: str, count: int, now: float) -> None:
        """Count an event that is not a rejected packet."""
        self.store.add(ROUTER_EVENTS, (router, event), count, now)

    def process_bytes(self, device: str, process: str, amount: int, now: float) -> None:
        """Count a program's bytes; a family's other programs are not everybody's business."""
        device = self._shown(device)
        if (device, process) in self.store.series[FIRST_SEEN.name]:
            self.store.add(PROCESS_BYTES, (device, process), amount, now)

    def report(self, outcome: str, now: float) -> None:
        """Count a host's report."""
        self.store.add(REPORTS, (outcome,), 1, now)

    def reverse_lookup(self, outcome: str, now: float) -> None:
        """Count a question to the LAN's resolver."""
        self.store.add(REVERSE_LOOKUPS, (outcome,), 1, now)

    def state_error(self, database: str, now: float) -> None:
        """Count a failed write."""
        self.store.add(STATE_ERRORS, (database,), 1, now)

    def internal_error(self, task: str, now: float) -> None:
        """Count a defect that was survived."""
        self.store.add(INTERNAL_ERRORS, (task,), 1, now)

    def canary_failure(self, step: str, now: float) -> None:
        """Count a line of our own that was not traced."""
        self.store.add(CANARY_FAILURES, (step,), 1, now)

    def decoy(self, evidence: Evidence, packets: int, now: float) -> None:
        """Count what the evidence would have been for a port that nobody chose."""
        self.store.add(DECOYS, (evidence,), packets, now)

    def rejected(self, rejection: Rejection, now: float) -> None:
        """Count rejected packets at their arrival."""
        packets, source = rejection.count, rejection.source
        port = "" if rejection.destination_port is None else str(rejection.destination_port)
        labels = (rejection.router, rejection.direction, rejection.transport, port, source.asn)
        self.store.add(REJECTED, labels, packets, now)
        self.store.add(
            BY_COUNTRY, (rejection.router, rejection.transport, source.country), packets, now
        )

    def attributed(self, decision: Decision, application: Application | None, now: float) -> None:
        """Count rejected packets once more, now that it is decided whose they were."""
        rejection, attribution, cause = decision.rejection, decision.attribution, decision.cause
        device, process = self._shown(attribution.device), attribution.process
        packets = rejection.count
        asn, port = rejection.source.asn, rejection.destination_port
        labels = (rejection.router, rejection.direction, rejection.transport, asn)
        if device:
            self.store.reserve("source_asn", asn)
            if port is not None and self.store.reserve("destination_port", str(port)):
                # Its series is born now: a place without one would never be retired.
                self.store.add(REJECTED, (*labels[:3], str(port), asn), 0, now)
            if (
                self.store.reserve("device", device)
                and process
                and self.store.reserve("process", process)
            ):
                self._describe(process, application)
                self.store.set(FIRST_SEEN, (device, process), now, now)
        named = (device, process, cause.name, attribution.evidence)
        self.store.add(ATTRIBUTED, labels + named, packets, now, again=True)

    def _describe(self, process: str, application: Application | None) -> None:
        """Remember what a process belongs to; whose place is gone is forgotten."""
        if process not in self.processes:
            for name in [name for name in self.processes if not self.store.placed("process", name)]:
                del self.processes[name]
        known = (application.name, application.verdict) if application else ("", "")
        self.processes[process] = known
