"""Reports that say only "unchanged since": an idle host must cost next to nothing.

In goes each complete report with what tells its sockets apart; out comes the same, or a heartbeat
in its place. The byte counters of the links are not compared, yet must reach the server: a complete
report goes out after half an hour at the latest, and as soon as the links have moved a megabyte, so
that what is asked of the counters, "who fills the line", is never answered late.
"""

from collections.abc import Hashable, Iterable

from msgspec.structs import replace

from exporter.addresses import is_loopback
from exporter.agent.snapshot import Sighting
from exporter.host_report import Flow, HostReport, Neighbour, Socket

COMPLETE_EVERY = 1800.0  # seconds
MOVED = 1024 * 1024  # bytes, of all links together

_Facts = tuple[Hashable, ...]


class Heartbeat:
    """What the last complete report said."""

    def __init__(self) -> None:
        self._facts: _Facts | None = None  # None: the next report has to be complete
        self._neighbours: frozenset[Neighbour] = frozenset()
        self._told: frozenset[Flow] = frozenset()  # of the last report
        self._bytes = 0
        self._completed = self._last = 0.0

    def forget(self) -> None:
        """Let the next report be complete: the server lacks the one before."""
        self._facts = None

    def shorten(
        self, report: HostReport, sightings: Iterable[Sighting], now: float, *, away: bool = False
    ) -> HostReport:
        """Return the complete report, or a heartbeat when it says nothing that is new.

        While the server is `away` counters and the passing of time are no reason to keep more.
        """
        facts = _facts(report, sightings)
        if (
            facts != self._facts
            # Entries come and go with each packet; who is no longer there misleads nobody.
            or not self._neighbours.issuperset(report.neighbours)
            or not (away or self._is_fresh(report, now))
        ):
            self._facts, self._neighbours = facts, frozenset(report.neighbours)
            self._bytes = _moved(report)
            self._completed = self._last = now
            self._told = frozenset(report.flows)
            return report
        # While away a heartbeat takes the place of the one before, so it tells what that one did.
        since, self._last = self._completed if away else self._last, now
        flows = self._went_on(report, now - since)
        if not away:
            self._told = frozenset(report.flows)
        return HostReport(
            version=report.version,
            device=report.device,
            flows=flows,
            unchanged_since=round(now - self._completed, 1),
        )

    def _went_on(self, report: HostReport, seconds: float) -> tuple[Flow, ...]:
        """Return the conversations of late: of the others the end is known already.

        That of a socket which is still open goes on, and is told again when it has moved bytes.
        """
        is_open = set(map(_ends, report.sockets))
        return tuple(
            flow
            for flow in report.flows
            if flow.age_seconds <= seconds and not (flow in self._told and _ends(flow) in is_open)
        )

    def _is_fresh(self, report: HostReport, now: float) -> bool:
        # A counter that went back belongs to a link that was made anew.
        moved = abs(_moved(report) - self._bytes)
        return now - self._completed < COMPLETE_EVERY and moved < MOVED


def _facts(report: HostReport, sightings: Iterable[Sighting]) -> _Facts:
    """Return what must not change unreported."""
    own = set(report.addresses)
    sockets: frozenset[Hashable] = frozenset(
        (seen.identity, seen.socket)
        for seen in sightings
        # What two programs of this host say to each other is nobody else's affair. What is in
        # TIME_WAIT has ended, and each report to the server leaves such a connection behind.
        if seen.socket.state != "time_wait" and not _is_inside(seen.socket.remote_ip, own)
    )
    links = frozenset(replace(link, received_bytes=0, sent_bytes=0) for link in report.links)
    # A gateway's station is a neighbour's.
    gateways = frozenset((gateway.ip, gateway.interface) for gateway in report.gateways)
    table = report.port_table
    ports = table and (table.gateway, frozenset(table.mappings))  # whatever its order and age
    return sockets, links, report.addresses, gateways, ports, report.lacks


def _ends(of: Socket | Flow) -> tuple[Hashable, ...]:
    return of.transport, of.local_ip, of.local_port, of.remote_ip, of.remote_port


def _is_inside(remote_ip: str | None, own: set[str]) -> bool:
    return remote_ip is not None and (remote_ip in own or is_loopback(remote_ip))


def _moved(report: HostReport) -> int:
    return sum(link.received_bytes + link.sent_bytes for link in report.links)
