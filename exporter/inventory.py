"""Which device has an address, or a hardware address, and when: the inventory of the home.

Configuration, hosts' own reports, DHCP leases, Wi-Fi joins and the neighbours that hosts see go in,
out comes one device or none: an address that two devices report names neither. Devices are what
people call them; on which nothing runs, as they call themselves. Times are Unix seconds.
"""

from collections.abc import Iterable, Mapping

import msgspec

from exporter.associations import Associations
from exporter.events import HostReport
from exporter.leases import Leases
from exporter.listeners import HISTORY

MAX_PAST = 8  # former holders of one address


class Presence(msgspec.Struct, kw_only=True):
    """A device's hold on an address or station, as its own reports show it."""

    device: str
    since: float
    seen: float  # when the newest report was made that shows it
    until: float  # when that report stops to count
    ended: float | None = None  # when the device was first seen without it


class Inventory:
    """Everything that is known about who is who."""

    def __init__(self, configured: Mapping[str, str] | None = None) -> None:
        """`configured` maps addresses and stations (MAC) to devices."""
        self.leases = Leases()
        self.associations = Associations()
        self._configured = dict(configured or {})
        self._present: dict[str, dict[str, Presence]] = {}  # by address or MAC, and device
        self._past: dict[str, list[Presence]] = {}
        self._names: dict[str, str] = {}  # of the devices that report, by themselves without case
        self._of_device: dict[str, dict[str, None]] = {}  # addresses and MACs, by device
        self._near: dict[str, dict[str, tuple[str, float]]] = {}  # by address and who sees it
        self._sees: dict[str, list[str]] = {}  # addresses, by who sees them

    def report(self, name: str, report: HostReport, taken: float, until: float) -> None:
        """Take in what a host says of itself and of its neighbours, at `taken`."""
        key = name.casefold()
        stations = (link.mac for link in report.links if link.mac)
        places = dict.fromkeys((*report.addresses, *stations))
        for place in self._of_device.get(key, ()):
            if place not in places:
                self._leave(place, key, taken)
        for place in places:
            known = self._present.setdefault(place, {}).get(key)
            if known is None:
                # The first one that ever had it may have had it for long.
                before = len(self._present[place]) + len(self._past.get(place, ()))
                since = taken - report.interval_seconds if before else 0.0
                known = Presence(device=name, since=since, seen=taken, until=until)
                self._present[place][key] = known
            known.seen, known.until = taken, until
        self._names[key], self._of_device[key] = name, places
        self._see(key, {n.ip: (n.mac, until) for n in report.neighbours})

    def owner(self, address: str, moment: float | None = None) -> str | None:
        """The one device that has an address, now or had it at a moment; None in doubt.

        Leases and neighbours count for a moment only. A lease goes before a host that was silent
        when the lease was given.
        """
        if address in self._configured:
            return self._configured[address]
        present = list(self._present.get(address, {}).values())
        if moment is None:
            return _one(present)
        past = self._past.get(address, [])
        held = [p for p in (*present, *past) if p.since <= moment and _not_ended(p, moment)]
        if any(moment <= p.until for p in held):
            return _one(held)
        lease = self.leases.holder(address, moment)
        if held and (lease is None or any(lease.given < p.seen for p in held)):
            return _one(held)
        if lease is not None:
            return self._named(lease.mac, lease.hostname)
        return self._seen_near(address, moment)

    def held(self, name: str, address: str, moment: float) -> bool:
        """Whether a device itself reported an address as its own at a moment."""
        known = (*self._present.get(address, {}).values(), *self._past.get(address, ()))
        return any(p.device == name and p.since <= moment and _not_ended(p, moment) for p in known)

    def of_station(self, mac: str) -> str | None:
        """The device with a hardware address: configured, reported, else as it calls itself."""
        return self._named(mac, self.leases.name(mac))

    def places(self, now: float) -> dict[str, str]:
        """The access point of each device that has a name, the last joined first."""
        found: dict[str, str] = {}
        for association in reversed(self.associations.current(now)):
            device = self.of_station(association.station)
            if device is not None:
                found.setdefault(device, association.access_point)
        return found

    def forget_old(self, now: float) -> None:
        """Drop what ended more than a day ago."""
        for place, past in list(self._past.items()):
            kept = [p for p in past if now - (p.ended or 0.0) <= HISTORY]
            if kept:
                self._past[place] = kept
            else:
                del self._past[place]

    def forget(self, name: str) -> None:
        """Drop all that a device reported of itself and others."""
        key = name.casefold()
        self._names.pop(key, None)
        for place in self._of_device.pop(key, ()):
            self._drop(place, key)
        self._see(key, {})

    def erase(self, name: str) -> tuple[int, int]:
        """Drop all that is known of a device; return how many leases, and stations that joined.

        A device is what reports by that name, and what calls itself so.
        """
        key = name.casefold()
        stations = {place for place in self._of_device.get(key, ()) if _is_station(place)}
        self.forget(name)
        for place, past in list(self._past.items()):
            self._past[place] = [p for p in past if p.device.casefold() != key]
            if not self._past[place]:
                del self._past[place]
        leases = self.leases.forget(name)
        stations.update(lease.mac for lease in leases)
        return len(leases), self.associations.forget(stations)

    def _seen_near(self, address: str, moment: float) -> str | None:
        """The device of the station at which others see an address."""
        stations = {mac for mac, until in self._near.get(address, {}).values() if moment <= until}
        return self.of_station(stations.pop()) if len(stations) == 1 else None

    def _named(self, mac: str, hostname: str) -> str | None:
        """The device behind a station, which gives itself a name."""
        if mac in self._configured:
            return self._configured[mac]
        if reporting := self._present.get(mac):
            return _one(reporting.values())
        known = self._names.get(hostname.casefold())
        if known is None:
            return hostname or None
        # A guest may call itself what a device is called already.
        has_stations = any(map(_is_station, self._of_device[hostname.casefold()]))
        return None if has_stations and mac else known

    def _leave(self, place: str, key: str, taken: float) -> None:
        gone = self._drop(place, key)
        gone.ended = taken
        past = self._past.setdefault(place, [])
        past.append(gone)
        del past[:-MAX_PAST]

    def _drop(self, place: str, key: str) -> Presence:
        of_place = self._present[place]
        gone = of_place.pop(key)
        if not of_place:
            del self._present[place]
        return gone

    def _see(self, key: str, near: Mapping[str, tuple[str, float]]) -> None:
        for ip in self._sees.pop(key, ()):
            of_ip = self._near[ip]
            del of_ip[key]
            if not of_ip:
                del self._near[ip]
        for ip, found in near.items():
            self._near.setdefault(ip, {})[key] = found
        if near:
            self._sees[key] = list(near)


def _is_station(place: str) -> bool:
    return len(place) == 17 and place.count(":") == 5


def _one(presences: Iterable[Presence]) -> str | None:
    names = {presence.device for presence in presences}
    return names.pop() if len(names) == 1 else None


def _not_ended(presence: Presence, moment: float) -> bool:
    return presence.ended is None or moment < presence.ended
