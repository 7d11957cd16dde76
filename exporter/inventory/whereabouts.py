"""Which access point a device is on, by the access points' logs and by its own word."""

from collections.abc import Callable, Iterator, Mapping

import msgspec

from exporter.inventory.associations import Association, Associations
from exporter.inventory.presences import Presences
from exporter.inventory.radios import Radio, Radios

ROAMING = 60.0  # seconds by which a line about a join may be older than the host's word of it


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The access point that a device is on."""

    access_point: str  # its name; its BSSID where nobody names it
    since: float
    heard: float
    bssid: str | None = None  # None: the access point's own log says it


class Whereabouts:
    """Where devices are on the Wi-Fi."""

    def __init__(
        self,
        associations: Associations,
        radios: Radios,
        presences: Presences,
        device_of: Callable[[str], str | None],
    ) -> None:
        """`device_of` names the device with a hardware address."""
        self.access_points: Mapping[str, str] = {}  # names by BSSID, as they are configured
        self._associations = associations
        self._radios = radios
        self._presences = presences
        self._device_of = device_of

    def places(self, now: float) -> dict[str, str]:
        """The access point of each device that has a name, the last heard first."""
        return {device: place.access_point for device, place in self.joined(now).items()}

    def joined(self, now: float) -> dict[str, Place]:
        """Where each device is on the Wi-Fi, by the log or by itself: the fresher word counts."""
        logged = {one.station: one for one in self._associations.current(now)}
        found: list[tuple[str, Place]] = []
        for radio in self._radios.current(now):
            join = logged.pop(radio.station, None)
            found += [(radio.device, place) for place in self._place(radio, join, now)]
        for station, join in logged.items():
            device = self._device_of(station)
            if device is not None:
                found.append((device, _logged(join)))
        newest: dict[str, Place] = {}
        for device, place in sorted(found, key=lambda one: one[1].heard):
            newest.pop(device, None)
            newest[device] = place
        return dict(reversed(newest.items()))

    def _place(self, radio: Radio, join: Association | None, now: float) -> Iterator[Place]:
        """Where a host's link is: what the log says is as fresh as its line."""
        if join is not None and join.heard > radio.seen:
            yield _logged(join)
        elif radio.bssid is not None:
            name = self._access_point(radio.bssid, now)
            if name is None and join is not None and join.heard >= radio.since - ROAMING:
                name = join.access_point
            yield Place(
                access_point=name or radio.bssid,
                since=radio.since,
                heard=radio.seen,
                bssid=radio.bssid,
            )

    def _access_point(self, bssid: str, now: float) -> str | None:
        """The name of an access point: configured, or of the host that says it is its own."""
        if bssid in self.access_points:
            return self.access_points[bssid]
        devices = {claim.device for claim in self._presences.claims(bssid, now)}
        if len(devices) != 1:
            return None
        device = devices.pop()
        logs = {one.access_point for one in self._associations.current(now)}
        own = (place for place in self._presences.places(device.casefold()) if place in logs)
        return next(own, device)


def _logged(join: Association) -> Place:
    return Place(access_point=join.access_point, since=join.since, heard=join.heard)
