"""Which device has an address, or a hardware address, and when: the inventory of the home.

Configuration, hosts' own reports, DHCP leases, Wi-Fi joins, the neighbours that hosts see and the
LAN's resolver go in, out comes one device or none, and why: an address that two devices report
names neither. Devices are what people call them; on which nothing runs, as they call themselves.
Times are Unix seconds.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import msgspec

from exporter.events import Reason
from exporter.host_report import HostReport
from exporter.inventory.associations import Associations
from exporter.inventory.hostnames import apart, is_random, is_station
from exporter.inventory.leases import Leases
from exporter.inventory.neighbours import Neighbours
from exporter.inventory.presences import Presence, Presences
from exporter.inventory.radios import Radios
from exporter.inventory.resolved import Resolved
from exporter.inventory.whereabouts import Whereabouts
from exporter.lookalikes import mimicked


class Holder(msgspec.Struct, frozen=True, gc=False):
    """Whose an address or a station is, and why; nobody's is told, too."""

    device: str | None
    reasons: tuple[Reason, ...]


class Inventory:
    """Everything that is known about who is who."""

    def __init__(
        self,
        configured: Mapping[str, str] | None = None,
        *,
        excluded: Mapping[str, frozenset[str]] | None = None,
        access_points: Mapping[str, str] | None = None,
    ) -> None:
        """`configured` maps addresses and stations (MAC) to devices.

        `excluded` are places that never are a device's, by its name; `access_points` maps BSSIDs to
        the names of routers.
        """
        self.leases = Leases()
        self.associations = Associations()
        self.radios = Radios()
        self.resolved = Resolved()
        self.neighbours = Neighbours()
        self._excluded: dict[str, frozenset[str]] = {}
        self.presences = Presences(self._excluded)
        self.whereabouts = Whereabouts(
            self.associations, self.radios, self.presences, self.of_station
        )
        excluded = {name.casefold(): places for name, places in (excluded or {}).items()}
        self._configure(configured or {}, excluded, access_points or {})

    def use(self, other: "Inventory") -> None:
        """Take what is configured of another one; what is known otherwise stays."""
        self._configure(other.configured, other._excluded, other.whereabouts.access_points)

    def _configure(
        self,
        configured: Mapping[str, str],
        excluded: Mapping[str, frozenset[str]],
        access_points: Mapping[str, str],
    ) -> None:
        self.configured = dict(configured)
        self._names = {name.casefold(): name for name in configured.values()}
        self._excluded.clear()
        self._excluded.update(excluded)
        self.whereabouts.access_points = dict(access_points)

    def report(self, name: str, report: HostReport, taken: float, until: float) -> None:
        """Take in what a host says of itself and of its neighbours, at `taken`."""
        interval = report.interval_seconds
        stations = (link.mac for link in report.links if link.mac)
        places = (*report.addresses, *stations)
        self.presences.report(name, places, taken, until, interval)
        self.radios.report(name, report.links, taken, until, interval)
        near = () if report.of_itself else report.neighbours
        self.neighbours.report(name.casefold(), near, taken - interval, taken, until)

    def owner(self, address: str, moment: float | None = None) -> str | None:
        """The one device that has an address, now or had it at a moment; None in doubt.

        Leases and neighbours count for a moment only. Whom nobody names is to be asked about.
        """
        found = self.whose(address, math.inf if moment is None else moment)
        if found.reasons[-1].code == "nobody":
            self.resolved.want(address)
        return found.device

    def whose(self, address: str, moment: float) -> Holder:
        """The one device that had an address at a moment, and how that is known."""
        if address in self.configured:
            return Holder(self.configured[address], (Reason("configured"),))
        lease = self.leases.holder(address, moment)
        claims = self.presences.claims(address, moment, lease.given if lease else None)
        if claims:
            return _claimed(claims)
        found = Holder(None, ())
        if lease is not None:
            values = {"router": lease.router, "station": lease.mac, "name": lease.hostname}
            told = Reason("lease", {**values, "given": lease.given, "renewed": lease.renewed})
            found = self._checked(address, told, self._station(lease.mac, lease.hostname, moment))
        elif near := self.neighbours.station(address, moment):
            station, observer = near
            seen_by = self.presences.name(observer) or observer
            told = Reason("near", {"station": station, "device": seen_by})
            found = self._checked(address, told, self.station(station, moment))
        if found.reasons and found.reasons[-1].code != "nameless":
            return found
        answered = self._answered(address, moment)
        return Holder(answered.device, (*found.reasons, *answered.reasons))

    def station(self, mac: str, moment: float) -> Holder:
        """The device with a hardware address at a moment: configured, reported, else its name."""
        return self._station(mac, self.leases.name(mac), moment)

    def of_station(self, mac: str) -> str | None:
        """The device with a hardware address."""
        return self.station(mac, math.inf).device

    def held(self, name: str, address: str, moment: float) -> bool:
        """Whether a device itself reported an address as its own at a moment."""
        return self.presences.held(name, address, moment)

    def names(self) -> Iterator[str]:
        """The names of devices that report, or are configured."""
        return chain(self.presences.names(), self._names.values())

    def excluded(self, name: str) -> frozenset[str]:
        """The places that never are a device's."""
        return self._excluded.get(name.casefold(), frozenset())

    def rename(self, old: str, new: str) -> None:
        """Give all that a host reported to the name that it has now."""
        self.presences.rename(old, new)
        self.radios.rename(old, new)
        self.neighbours.forget(old.casefold())

    def forget_old(self, now: float) -> None:
        """Drop what ended more than a day ago."""
        self.presences.forget_old(now)

    def forget(self, name: str) -> None:
        """Drop all that a device reports of itself and others."""
        key = name.casefold()
        self.presences.forget(key)
        self.radios.forget(key)
        self.neighbours.forget(key)

    def erase(self, name: str) -> tuple[int, int]:
        """Drop all that is known of a device; return how many leases, and stations that joined.

        A device is what reports by that name, and what calls itself so.
        """
        key = name.casefold()
        stations = set(filter(is_station, self.presences.places(key)))
        stations.update(
            mac for mac in self.leases.stations() if (self.of_station(mac) or "").casefold() == key
        )
        self.forget(name)
        self.presences.erase(key)
        self.resolved.forget(name)
        leases = self.leases.forget(name, stations)
        stations.update(lease.mac for lease in leases)
        return len(leases), self.associations.forget(stations)

    def _station(self, mac: str, hostname: str, moment: float) -> Holder:
        """The device behind a station, which gives itself a name."""
        if mac in self.configured:
            return Holder(self.configured[mac], (Reason("configured_station", {"station": mac}),))
        claims = self.presences.claims(mac, moment) if mac else []
        if claims:
            return _claimed(claims)
        # The socket for a cable stays the machine's while nothing is plugged in.
        former = None if is_random(mac) else self.presences.former(mac, moment)
        if former is not None:
            told = Reason("former", {"device": former.device, "ended": former.ended or 0.0})
            return Holder(former.device, (told,))
        if not hostname:
            return Holder(None, (Reason("nameless", {"station": mac}),))
        key, values = hostname.casefold(), {"name": hostname, "station": mac}
        known = self.presences.name(key)
        excluded = self.excluded(hostname)
        if mac in excluded:
            return Holder(apart(hostname, mac), (Reason("excluded", {"device": hostname}),))
        if mimicked(hostname, self.names()) or (
            mac and (key in self._names or self._has_stations(key))
        ):
            # A guest may call itself what a device is called already.
            return Holder(None, (Reason("guest", {**values}),))
        if not self.leases.is_one(hostname, excluded):
            name = apart(hostname, mac) if mac else None
            return Holder(name, (Reason("shared_name", {**values}),))
        return Holder(known or self._names.get(key, hostname), (Reason("host_name", {**values}),))

    def _has_stations(self, key: str) -> bool:
        return any(map(is_station, self.presences.places(key)))

    def _checked(self, address: str, told: Reason, found: Holder) -> Holder:
        """What was found by a station, unless configuration says that it is not so."""
        reasons = (told, *found.reasons)
        if address in self.excluded(found.device or ""):
            reasons = (*reasons, Reason("excluded", {"device": found.device or ""}))
            return Holder(None, reasons)
        return Holder(found.device, reasons)

    def _answered(self, address: str, moment: float) -> Holder:
        """The device that the LAN's resolver names, where nobody knows better of that name."""
        answer = self.resolved.answer(address, moment)
        if answer is None:
            return Holder(None, (Reason("nobody"),))
        key = answer.name.casefold()
        told = Reason("resolver", {"name": answer.name, "server": answer.server})
        if key in self._names or any(self.presences.places(key)) or self.leases.knows(answer.name):
            return Holder(None, (told, Reason("elsewhere", {"name": answer.name})))
        device = self.presences.name(key) or answer.name
        return self._checked(address, told, Holder(device, ()))


def _claimed(claims: Sequence[Presence]) -> Holder:
    """The one device of several claims, if it is one."""
    devices = dict.fromkeys(claim.device for claim in claims)
    if len(devices) == 1:
        values = {"since": claims[0].since, "seen": claims[0].seen}
        return Holder(claims[0].device, (Reason("reported", {**values}),))
    return Holder(None, (Reason("contested", {"devices": ", ".join(devices)}),))
