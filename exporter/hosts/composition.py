"""What each device is made of: its addresses and stations, and the rule that made each of them its.

Hosts and their inventory go in, devices come out, those that report first; and what is nobody's,
with the reason, so that a merge is never silent and neither is a name that was not given. Times are
Unix seconds.
"""

from collections.abc import Iterator

import msgspec

from exporter.addresses import packed
from exporter.events import Reason
from exporter.hosts.hosts import Hosts
from exporter.inventory import Holder, Place
from exporter.inventory.hostnames import is_station

MAX_PARTS = 2000  # that are told of at one time
_UNTOLD = frozenset({"nobody"})  # of which there is nothing to say


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """An address or a station of a device."""

    place: str
    reasons: tuple[Reason, ...]
    since: float | None = None  # None: not known, or since before anybody looked
    seen: float | None = None


class Composition(msgspec.Struct, frozen=True, kw_only=True):
    """A device, and what it is made of."""

    device: str
    agent: str | None = None  # None: it does not report
    taken: float | None = None  # its newest report
    is_current: bool = False
    formerly: dict[str, float] = {}  # names that the machine had, and until when
    joined: Place | None = None
    parts: tuple[Part, ...] = ()


class Home(msgspec.Struct, frozen=True, kw_only=True):
    """All devices, and the addresses and stations that name none."""

    devices: tuple[Composition, ...]
    nobodys: tuple[Part, ...]
    left_out: int  # parts, of a home that has too many


def home(hosts: Hosts, now: float) -> Home:
    """Return what is known of who is who."""
    inventory = hosts.inventory
    parts: dict[str, list[Part]] = {device.name: [] for device in hosts.devices()}
    spelled = {name.casefold(): name for name in parts}
    nobodys: list[Part] = []
    places = list(_places(hosts))
    for place in places[:MAX_PARTS]:
        look = inventory.station if is_station(place) else inventory.whose
        held = look(place, now)
        if held.device is not None:
            name = spelled.setdefault(held.device.casefold(), held.device)
            parts.setdefault(name, []).append(_part(place, held))
        elif held.reasons[-1].code not in _UNTOLD:
            nobodys.append(_part(place, held))
    whereabouts = inventory.whereabouts.joined(now)
    joined = {device.casefold(): place for device, place in whereabouts.items()}
    names = sorted(parts, key=lambda name: (hosts.device(name) is None, name.casefold()))
    return Home(
        devices=tuple(
            _composition(hosts, name, parts[name], joined.get(name.casefold()), now)
            for name in names
        ),
        nobodys=tuple(sorted(nobodys, key=_order)),
        left_out=max(0, len(places) - MAX_PARTS),
    )


def _composition(
    hosts: Hosts, name: str, parts: list[Part], joined: Place | None, now: float
) -> Composition:
    known, ordered = hosts.device(name), tuple(sorted(parts, key=_order))
    if known is None:
        return Composition(device=name, joined=joined, parts=ordered)
    return Composition(
        device=name,
        agent=known.report.agent,
        taken=known.taken,
        is_current=now <= known.current_until,
        formerly=known.formerly,
        joined=joined,
        parts=ordered,
    )


def _places(hosts: Hosts) -> Iterator[str]:
    """Yield every address and station of which anything is known, each once."""
    inventory = hosts.inventory
    leased = [place for one in inventory.leases.all() for place in (one.ip, one.mac)]
    joined = [one.station for one in inventory.associations.all()]
    yield from dict.fromkeys(
        place
        for places in (
            *(inventory.configured, inventory.presences.all(), leased, joined),
            *(inventory.resolved.all(), inventory.neighbours.all()),
        )
        for place in places
        if place
    )


def _part(place: str, held: Holder) -> Part:
    """Return a part; the first rule is the one that tells of time."""
    told = held.reasons[0].values
    since = told.get("since") or told.get("given")
    seen = told.get("seen") or told.get("renewed")
    return Part(
        place=place,
        reasons=held.reasons,
        since=float(since) if since else None,
        seen=float(seen) if seen else None,
    )


def _order(part: Part) -> tuple[bool, int, bytes]:
    """Addresses first, IPv4 before IPv6, each by number."""
    if is_station(part.place):
        return True, 0, part.place.encode()
    address = packed(part.place)
    return False, len(address), address
