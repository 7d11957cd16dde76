"""The agent's loop: look, report when it is due or something changed.

A report is complete and replaces the one before, or says that nothing has changed since. `outbox`
sends it, and keeps what cannot be sent.
"""

from collections.abc import Callable

from msgspec.structs import replace

from exporter import wire
from exporter.agent.complaints import Complaints
from exporter.agent.heartbeat import Heartbeat
from exporter.agent.outbox import Outbox
from exporter.agent.port_table import PortTableReader
from exporter.agent.snapshot import Collector, Snapshot
from exporter.agent.watch import Watch
from exporter.host_report import HostReport, PortTable

INTERVAL_AWAY = 60.0  # seconds between two reports without changes while the server is away
POLL = 1.5  # seconds; a change must have reached the server within 2
REST = 9.0  # times as long as a look took: thousands of sockets must not cost a whole core

_NEVER = float("-inf")


class Agent:
    """When the next report is due, and what it says."""

    def __init__(
        self,
        about: HostReport,
        collector: Collector,
        outbox: Outbox,
        *,
        clock: Callable[[], float],
        complaints: Complaints,
        ports: PortTableReader | None = None,
    ) -> None:
        """`about` is a report without lists; without `ports` the router is not asked."""
        self._about = about
        self._collector = collector
        self._outbox = outbox
        self._clock = clock
        self._complain = complaints
        self._ports = ports
        self._watch = Watch()
        self._heartbeat = Heartbeat()
        self._due = _NEVER

    def step(self) -> float:
        """Look once, report what is due or changed, and send what waits if the server may be back.

        Returns how many seconds to wait before the next look.
        """
        now = self._clock()
        try:
            if now >= self._due or self._watch.changed(self._collector.listening()):
                self._report()
        except (OSError, ValueError) as error:  # ValueError: text that the system did not promise
            self._complain("the sockets of this host cannot be read: {}", error)
        taken = self._clock() - now
        self._send()
        return max(POLL, min(REST * taken, self._about.interval_seconds))

    def _report(self) -> None:
        now = self._clock()
        away = self._outbox.away
        seen = self._collector.snapshot()
        table = None if self._ports is None else self._ports.table(seen.gateways)
        complete = report(self._about, seen, self._watch, now, table)
        shortened = self._heartbeat.shorten(complete, seen.sockets, now, away=away)
        self._outbox.add(shortened, now)
        interval = self._about.interval_seconds
        self._due = now + (max(interval, INTERVAL_AWAY) if away else interval)

    def _send(self) -> None:
        was_away = self._outbox.away
        lack = self._outbox.send()
        if lack != "nothing":
            self._heartbeat.forget()
        if lack == "now":
            try:
                self._report()
            except (OSError, ValueError) as error:
                self._complain("the sockets of this host cannot be read: {}", error)
            self._outbox.send()
        if was_away and not self._outbox.away:
            self._due = _NEVER  # it has all of the past, and waits for the present


def report(
    about: HostReport, seen: Snapshot, watch: Watch, now: float, table: PortTable | None = None
) -> HostReport:
    """Return a complete report of what a collector has just seen."""
    return replace(
        about,
        addresses=tuple(dict.fromkeys(seen.addresses))[: wire.MAX_ADDRESSES],
        sockets=tuple(watch.aged(seen.sockets, now)[: wire.MAX_SOCKETS]),
        neighbours=tuple(seen.neighbours[: wire.MAX_NEIGHBOURS]),
        links=tuple(
            replace(link, interface=link.interface[: wire.MAX_LABEL])
            for link in seen.links[: wire.MAX_LINKS]
        ),
        flows=tuple(seen.flows[: wire.MAX_FLOWS]),
        gateways=tuple(seen.gateways[: wire.MAX_GATEWAYS]),
        port_table=table,
        lacks=tuple(seen.lacks),
    )
