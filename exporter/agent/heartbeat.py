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
from exporter.events import HostReport, Link, Neighbour

COMPLETE_EVERY = 1800.0  # seconds
MOVED = 1024 * 1024  # bytes, of all links together

_Facts = tuple[frozenset[Hashable], frozenset[Link], tuple[str, ...]]


class Heartbeat:
    """What the last complete report said."""

    def __init__(self) -> None:
        self._facts: _Facts | None = None  # None: the next report has to be complete
        self._neighbours: frozenset[Neighbour] = frozenset()
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
            return report
        # While away a heartbeat takes the place of the one before, so it tells what that one did.
        since, self._last = self._completed if away else self._last, now
        return replace(
            report,
            addresses=(),
            sockets=(),
            # Of conversations those that went on since: the others' ends are known already.
            flows=tuple(flow for flow in report.flows if flow.age_seconds <= now - since),
            neighbours=(),
            links=(),
            unchanged_since=round(now - self._completed, 3),
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
        # What two programs of this host say to each other is nobody else's affair; and each report
        # to a server on this very host leaves such a connection behind.
        if not _is_inside(seen.socket.remote_ip, own)
    )
    links = frozenset(replace(link, received_bytes=0, sent_bytes=0) for link in report.links)
    return sockets, links, report.addresses


def _is_inside(remote_ip: str | None, own: set[str]) -> bool:
    return remote_ip is not None and (remote_ip in own or is_loopback(remote_ip))


def _moved(report: HostReport) -> int:
    return sum(link.received_bytes + link.sent_bytes for link in report.links)
