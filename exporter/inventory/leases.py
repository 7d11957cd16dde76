"""Who had which address: the leases that DHCP servers log.

Events of kind `dhcp_lease` go in; out comes who held an address at a moment. A lease holds until
its address is given to another station or its station gets another address, at the longest a week
after it was last renewed: the lines do not say how long it was given for.
"""

from collections.abc import Container, Iterable
from itertools import chain, pairwise

import msgspec

from exporter.events import Event
from exporter.inventory.hostnames import first_label, is_of_a_kind, is_random, is_station

LONGEST = 7 * 86400.0  # seconds; the longest that home routers give by default is ten days
MAX_LEASES = 4096  # of all addresses; the least recently renewed is forgotten
GONE = 12 * 3600.0  # seconds unheard; whoever is there renews within half of a lease, mostly a day
MAX_BEARERS = 8  # stations of one name, beyond which nobody can be told from it


class Lease(msgspec.Struct, kw_only=True, eq=False):
    """One station's hold on an address."""

    router: str  # whose line it was
    ip: str
    mac: str  # "" when the line does not say
    hostname: str  # the first label; "" when the line does not say
    given: float
    renewed: float
    ended: float | None = None

    def holds(self, moment: float) -> bool:
        """Whether the station had the address at that moment."""
        if not self.given <= moment <= self.renewed + LONGEST:
            return False
        return self.ended is None or moment < self.ended

    def is_of(self, other: "Lease") -> bool:
        """Whether both are of one station."""
        if self.mac and other.mac:
            return self.mac == other.mac
        return self.hostname.casefold() == other.hostname.casefold()


class Leases:
    """All leases, the least recently renewed first."""

    def __init__(self) -> None:
        self._leases: dict[int, Lease] = {}
        self._by_ip: dict[str, dict[str, list[Lease]]] = {}  # and router: all homes have the same
        self._by_station: dict[tuple[str, str, bool], Lease] = {}  # its newest of each family
        # The newest of each station that gives itself a name; by address, where no line names it.
        self._named: dict[str, Lease] = {}
        # When those were first and last heard, by the name without case that they have now.
        self._bearers: dict[str, dict[str, tuple[float, float]]] = {}

    def add(self, router: str, event: Event, now: float) -> None:
        """Take a lease in; a line that names no station says nothing."""
        hostname = first_label(event.hostname or "")
        if event.ip is None or not (event.mac or hostname):
            return
        new = Lease(
            router=router,
            ip=event.ip,
            mac=event.mac or "",
            hostname=hostname,
            given=now,
            renewed=now,
        )
        given = self._by_ip.get(new.ip, {}).get(router, [])
        current = next((old for old in given if old.ended is None), None)
        if current is not None and current.is_of(new):
            self._renew(current, new)
            return
        if current is not None:
            current.ended = now
        self._keep(new)

    def holder(self, ip: str, moment: float) -> Lease | None:
        """Who had an address at a moment; nobody when two servers gave it to two stations."""
        newest: Lease | None = None
        for lease in chain.from_iterable(self._by_ip.get(ip, {}).values()):
            if not lease.holds(moment):
                continue
            if newest is not None and not lease.is_of(newest):
                return None
            if newest is None or lease.renewed > newest.renewed:
                newest = lease
        return newest

    def name(self, station: str) -> str:
        """What a station (MAC) calls itself; "" when it never said."""
        lease = self._named.get(station)
        return "" if lease is None else lease.hostname

    def is_one(self, hostname: str, apart: Container[str] = ()) -> bool:
        """Whether all stations of a name may be one device; those that are `apart` are not asked.

        It changed a made-up address (MAC) while it was away, then: at most one is a lasting one,
        and each was gone before the next came. A name of makers is as good as none.
        """
        bearers = self._bearers.get(hostname.casefold(), {})
        if is_of_a_kind(hostname):
            return sum(one not in apart for one in bearers) < 2
        stations = [one for one in bearers if is_station(one) and one not in apart]
        if len(stations) > MAX_BEARERS:
            return False
        heard = sorted(bearers[mac] for mac in stations)
        lasting = sum(not is_random(mac) for mac in stations)
        return lasting < 2 and all(old[1] + GONE <= new[0] for old, new in pairwise(heard))

    def knows(self, hostname: str) -> bool:
        """Whether a station calls itself so by now."""
        return hostname.casefold() in self._bearers

    def stations(self) -> set[str]:
        """Every station (MAC) of a lease."""
        return {lease.mac for lease in self._leases.values() if lease.mac}

    def forget(self, hostname: str, stations: Container[str] = ()) -> list[Lease]:
        """Drop the leases of stations, and of those that call themselves so; return them."""
        key = hostname.casefold()
        dropped = [
            lease
            for lease in self._leases.values()
            if lease.hostname.casefold() == key or lease.mac in stations
        ]
        for lease in dropped:
            self._forget(lease)
        return dropped

    def all(self) -> list[Lease]:
        """Every lease, for the state file."""
        return list(self._leases.values())

    def restore(self, leases: Iterable[Lease]) -> None:
        """Take back what `all` gave."""
        for lease in leases:
            self._keep(lease)

    def _renew(self, lease: Lease, new: Lease) -> None:
        lease.renewed = max(lease.renewed, new.renewed)
        lease.given = min(lease.given, new.given)  # earlier: our clock was set back
        mac, hostname = new.mac or lease.mac, new.hostname or lease.hostname
        same = (mac, hostname.casefold()) == (lease.mac, lease.hostname.casefold())
        if not same and self._named.get(lease.mac or lease.ip) is lease:
            self._unname(lease)
        lease.mac, lease.hostname = mac, hostname
        self._leases[id(lease)] = self._leases.pop(id(lease))
        self._name(lease)

    def _keep(self, lease: Lease) -> None:
        self._leases[id(lease)] = lease
        self._by_ip.setdefault(lease.ip, {}).setdefault(lease.router, []).append(lease)
        if lease.mac:
            before = self._by_station.get(_station(lease))
            if before is not None and before.ended is None:
                before.ended = lease.given  # it got another address and gave this one back
            self._by_station[_station(lease)] = lease
        self._name(lease)
        if len(self._leases) > MAX_LEASES:
            self._forget(next(iter(self._leases.values())))

    def _name(self, lease: Lease) -> None:
        """Note what a station calls itself by now."""
        if not lease.hostname or (not lease.mac and ":" in lease.ip):
            return  # a device has an IPv4 address, too
        key, name = lease.mac or lease.ip, lease.hostname.casefold()
        before = self._named.get(key)
        if before is not None and before.hostname.casefold() != name:
            self._unname(before)
        self._named[key] = lease
        bearers = self._bearers.setdefault(name, {})
        first, last = bearers.get(key, (lease.given, lease.renewed))
        bearers[key] = (min(first, lease.given), max(last, lease.renewed))

    def _unname(self, lease: Lease) -> None:
        key, name = lease.mac or lease.ip, lease.hostname.casefold()
        del self._named[key]
        del self._bearers[name][key]
        if not self._bearers[name]:
            del self._bearers[name]

    def _forget(self, lease: Lease) -> None:
        del self._leases[id(lease)]
        routers = self._by_ip[lease.ip]
        routers[lease.router].remove(lease)
        if not routers[lease.router]:
            del routers[lease.router]
        if not routers:
            del self._by_ip[lease.ip]
        if self._by_station.get(_station(lease)) is lease:
            del self._by_station[_station(lease)]
        if self._named.get(lease.mac or lease.ip) is lease:
            self._unname(lease)


def _station(lease: Lease) -> tuple[str, str, bool]:
    return lease.router, lease.mac, ":" in lease.ip
