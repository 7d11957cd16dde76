"""What hosts report as their own, addresses and stations (MAC), and since when.

Reports go in; out comes who claims a place at a moment, a place being an address or a station. The
end of a claim is seen in the report that lacks it. A host that falls silent keeps what it had until
another one begins to report it. Times are Unix seconds.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

import msgspec

REMEMBERED = 24 * 3600.0  # seconds, after a place was left
MAX_PAST = 8  # former holders of one place
MAX_FORMER = 256  # places that one device had: containers and IPv6 make new ones all the time


class Presence(msgspec.Struct, kw_only=True, eq=False):
    """A device's hold on a place, as its own reports show it."""

    device: str
    since: float  # 0.0: nobody reported it before, so it may have had it for long
    first: float  # when the first report was made that shows it, and `seen` the newest
    seen: float
    until: float  # when that report stops to count
    ended: float | None = None  # when the device was first seen without it

    def held(self, moment: float) -> bool:
        """Whether the device had it at a moment, as far as it told."""
        return self.since <= moment and (self.ended is None or moment < self.ended)


class Presences:
    """All claims, and those of the last day."""

    def __init__(self, excluded: Mapping[str, frozenset[str]]) -> None:
        """`excluded` are places that never are a device's, by its name without case."""
        self._excluded = excluded
        self._present: dict[str, dict[str, Presence]] = {}  # by place, and device without case
        self._past: dict[str, list[Presence]] = {}
        self._former: dict[str, deque[tuple[str, Presence]]] = {}  # what ended, by device
        self._names: dict[str, str] = {}  # as the devices write them
        self._of_device: dict[str, dict[str, None]] = {}  # places, by device

    def report(
        self, name: str, places: Iterable[str], taken: float, until: float, interval: float
    ) -> None:
        """Take in all places of a device, as they were at `taken`."""
        key = name.casefold()
        apart = self._excluded.get(key, frozenset())
        own = dict.fromkeys(place for place in places if place not in apart)
        for place in self._of_device.get(key, ()):
            if place not in own:
                self._leave(place, key, taken)
        for place in own:
            known = self._present.setdefault(place, {}).get(key)
            if known is None:
                before = len(self._present[place]) + len(self._past.get(place, ()))
                since = taken - interval if before else 0.0
                known = Presence(device=name, since=since, first=taken, seen=taken, until=until)
                self._present[place][key] = known
            elif taken < known.seen:
                self._set_back(place, taken)
            known.seen, known.until = taken, until
        self._names[key], self._of_device[key] = name, own

    def claims(self, place: str, moment: float, given: float | None = None) -> list[Presence]:
        """Who had a place at a moment: more than one when several say so.

        `given` is when a router gave it to somebody: who was last seen with it before does not
        count. Nor does who was silent at the moment, once another began to report it since.
        """
        held = [p for p in self._known(place) if p.held(moment)]
        if given is not None:
            held = [p for p in held if p.seen >= given]
        last = max((p.first for p in held), default=0.0)
        return [p for p in held if moment <= p.until or p.seen >= last]

    def former(self, place: str, moment: float) -> Presence | None:
        """Who had a place last before a moment, if it is one device that ever had it."""
        past = [p for p in self._past.get(place, ()) if p.since <= moment]
        return past[-1] if len({p.device for p in past}) == 1 else None

    def held(self, name: str, place: str, moment: float) -> bool:
        """Whether a device itself reported a place as its own at a moment."""
        return any(p.device == name and p.held(moment) for p in self._known(place))

    def name(self, key: str) -> str | None:
        """The device that reports by a name without case, as it writes itself."""
        return self._names.get(key)

    def names(self) -> Iterable[str]:
        """The devices that report, as they write themselves."""
        return self._names.values()

    def places(self, key: str) -> Iterable[str]:
        """What a device has by its last report; `key` is its name without case."""
        return self._of_device.get(key, ())

    def all(self) -> Iterator[str]:
        """Every place that somebody has."""
        return iter(self._present)

    def rename(self, old: str, new: str) -> None:
        """Give all that a device had to the name that it has now."""
        key, now = old.casefold(), new.casefold()
        self._names[now] = new
        del self._names[key]
        for place in self._of_device.get(key, ()):
            self._present[place][now] = self._present[place].pop(key)
            self._present[place][now].device = new
        self._of_device[now] = self._of_device.pop(key, {})
        former = self._former.pop(key, deque())
        for _, presence in former:
            presence.device = new
        # Another one that was called so may have left some.
        both = sorted((*self._former.pop(now, ()), *former), key=lambda one: one[1].ended or 0.0)
        for place, presence in both[:-MAX_FORMER]:
            self._drop_past(place, presence)
        self._former[now] = deque(both[-MAX_FORMER:])

    def forget_old(self, now: float) -> None:
        """Drop what ended more than a day ago."""
        for key, former in list(self._former.items()):
            while former and now - (former[0][1].ended or 0.0) > REMEMBERED:
                self._drop_past(*former.popleft())
            if not former:
                del self._former[key]

    def forget(self, key: str) -> None:
        """Drop what a device has now."""
        self._names.pop(key, None)
        for place in self._of_device.pop(key, ()):
            self._drop(place, key)

    def erase(self, key: str) -> None:
        """Drop what a device has and had."""
        self.forget(key)
        for place, presence in self._former.pop(key, ()):
            self._drop_past(place, presence)

    def _known(self, place: str) -> list[Presence]:
        return [*self._present.get(place, {}).values(), *self._past.get(place, ())]

    def _leave(self, place: str, key: str, taken: float) -> None:
        gone = self._drop(place, key)
        gone.ended = taken
        past = self._past.setdefault(place, [])
        past.append(gone)
        del past[:-MAX_PAST]
        former = self._former.setdefault(key, deque())
        former.append((place, gone))
        if len(former) > MAX_FORMER:
            self._drop_past(*former.popleft())

    def _drop(self, place: str, key: str) -> Presence:
        of_place = self._present[place]
        gone = of_place.pop(key)
        if not of_place:
            del self._present[place]
        return gone

    def _drop_past(self, place: str, presence: Presence) -> None:
        past = self._past.get(place, [])
        if presence in past:
            past.remove(presence)
        if not past:
            self._past.pop(place, None)

    def _set_back(self, place: str, taken: float) -> None:
        """Our clock was set back: what began or ended in its future did so by now."""
        for known in self._known(place):
            known.since, known.first = min(known.since, taken), min(known.first, taken)
            if known.ended is not None:
                known.ended = min(known.ended, taken)
