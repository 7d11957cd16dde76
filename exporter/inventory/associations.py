"""Which station is on which access point: what the access points' own lines say.

Events of Wi-Fi joins and leaves go in; out comes where a station is. An access point is the router
whose log the line stood in. A station is on the one that it joined last: roaming phones leave the
old one late, or never say so.
"""

from collections.abc import Iterable

import msgspec

from exporter.events import Event

SILENT = 86400.0  # seconds after which a join says nothing about now
MAX_STATIONS = 2048  # the one that joined longest ago is forgotten: phones make addresses up


class Association(msgspec.Struct, frozen=True, kw_only=True):
    """A station on an access point."""

    station: str  # MAC
    access_point: str
    since: float
    heard: float


class Associations:
    """Every station that joined, the one heard longest ago first."""

    def __init__(self) -> None:
        self._stations: dict[str, Association] = {}

    def add(self, router: str, event: Event, now: float) -> None:
        """Take a join or a leave in."""
        if event.mac is None:
            return
        known = self._stations.pop(event.mac, None)
        if event.kind == "wifi_leave":
            if known is not None and known.access_point != router:
                self._stations[event.mac] = known  # it roamed, and the old one says so now
            return
        stays = known is not None and known.access_point == router
        since = known.since if known is not None and stays else now
        self._keep(Association(station=event.mac, access_point=router, since=since, heard=now))

    def current(self, now: float) -> list[Association]:
        """Where stations are by now."""
        return [one for one in self._stations.values() if 0 <= now - one.heard <= SILENT]

    def forget(self, stations: Iterable[str]) -> int:
        """Drop stations; return how many were known."""
        return sum(self._stations.pop(station, None) is not None for station in set(stations))

    def restore(self, associations: Iterable[Association]) -> None:
        """Take back what `all` gave."""
        for association in associations:
            self._keep(association)

    def all(self) -> list[Association]:
        """Every association, for the state file."""
        return list(self._stations.values())

    def _keep(self, association: Association) -> None:
        if len(self._stations) >= MAX_STATIONS:
            del self._stations[next(iter(self._stations))]
        self._stations[association.station] = association
