"""Which device was there when: what is known of it without any agent on it, and with one.

Joins and leaves of Wi-Fi stations, leases, neighbours and agents' reports go in; out comes for each
minute of a day whether a device was there. Only a leave, or an agent that fell silent, says that it
was not: a lease or a neighbour shows no more than that it was there then. Times are Unix seconds.
"""

from collections.abc import Iterable, Mapping

import msgspec

DAY = 86400.0
MINUTES = 1440  # of which is told
MAX_TIMELINES = 2048  # devices and stations; the one that was heard longest ago is forgotten
MAX_CHANGES = 100  # of one; radios that sleep come and go all day
SHORT = 1800.0  # seconds; after a longer restart nobody knows who is still there

# What is known of one minute. Where several sources speak of one device, the highest counts.
UNKNOWN, ABSENT, PRESENT, AWAY = 0, 1, 2, 3  # away: on an access point that leads elsewhere


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """From when on a device was there, or not, or nobody knew."""

    since: float
    state: int
    place: str = ""  # the access point, when it told


class Timeline(msgspec.Struct, kw_only=True):
    """One device or station in the last day, the oldest change first."""

    changes: list[Change]
    seen: float  # the last sign of it
    until: float | None = None  # when that sign stops to count; None: never
    then: int = UNKNOWN  # what was true from that sign on, if no other came

    def current(self, now: float) -> Change:
        """What is known by now."""
        if self.until is not None and now > self.until:
            return Change(since=self.seen, state=self.then)
        return self.changes[-1]

    def turn(self, state: int, now: float, place: str = "") -> None:
        """Note what is true from now on."""
        last = self.current(now)
        if last != self.changes[-1]:
            self.changes.append(last)
        if (state, place) != (last.state, last.place):
            self.changes.append(Change(since=now, state=state, place=place))
        recent = sum(change.since > now - DAY for change in self.changes)
        del self.changes[: -min(recent + 1, MAX_CHANGES)]


class Attendance:
    """The timelines of devices that report, by name, and of stations, by MAC."""

    def __init__(self) -> None:
        self._timelines: dict[str, Timeline] = {}

    def reported(self, device: str, taken: float, until: float) -> None:
        """An agent's report, which is current `until`; when the next is missing, it went then."""
        self._sign(device, taken, PRESENT, until=until, then=ABSENT)

    def joined(self, station: str, access_point: str, now: float) -> None:
        """A station joined an access point; it stays until that says that it left."""
        self._sign(station, now, PRESENT, until=None, then=UNKNOWN, place=access_point)

    def left(self, station: str, access_point: str, now: float) -> None:
        """A station left; one that roamed meanwhile is still there."""
        if self._known(station, now).place in ("", access_point):
            self._sign(station, now, ABSENT, until=None, then=UNKNOWN)

    def sighted(self, station: str, now: float, lasts: float, *, returns: bool) -> None:
        """Something showed a station, which counts for `lasts` seconds.

        With `returns` even one that had left.
        """
        known = self._known(station, now)
        joined = known.state == PRESENT and self._timelines[station].until is None
        if not joined and (returns or known.state != ABSENT):
            self._sign(station, now, PRESENT, until=now + lasts, then=UNKNOWN)

    def known(self, now: float) -> dict[str, Change]:
        """What is known by now of each device and station."""
        return {name: timeline.current(now) for name, timeline in self._timelines.items()}

    def minutes(self, name: str, end: int, elsewhere: frozenset[str] = frozenset()) -> bytes:
        """The states in the day of minutes before `end` (since the epoch), oldest first.

        `elsewhere` are access points that lead to another router.
        """
        timeline = self._timelines[name]
        changes = [*timeline.changes]
        if (last := timeline.current(end * 60.0)) != changes[-1]:
            changes.append(last)
        starts = [min(max(int(c.since // 60) - end + MINUTES, 0), MINUTES) for c in changes]
        states = bytearray(starts[0])  # unknown
        for change, start, stop in zip(changes, starts, [*starts[1:], MINUTES], strict=True):
            away = change.state == PRESENT and change.place in elsewhere
            states += bytes([AWAY if away else change.state]) * (stop - start)
        return bytes(states)

    def forget(self, names: Iterable[str]) -> int:
        """Drop devices and stations, whatever their case; return how many were known."""
        keys = {name.casefold() for name in names}
        gone = [name for name in self._timelines if name.casefold() in keys]
        for name in gone:
            del self._timelines[name]
        return len(gone)

    def all(self) -> dict[str, Timeline]:
        """A copy of every timeline, for the state file."""
        return {
            name: msgspec.structs.replace(timeline, changes=[*timeline.changes])
            for name, timeline in self._timelines.items()
        }

    def restore(self, timelines: Mapping[str, Timeline], stopped: float, now: float) -> None:
        """Take back what `all` gave when the program stopped."""
        for name, timeline in list(timelines.items())[-MAX_TIMELINES:]:
            if timeline.changes and timeline.seen <= now:  # or the clock was set back
                if now - stopped > SHORT:
                    timeline.turn(UNKNOWN, max(stopped, timeline.seen))
                    timeline.until = None
                self._timelines[name] = timeline

    def _known(self, name: str, now: float) -> Change:
        timeline = self._timelines.get(name)
        return _NEVER if timeline is None else timeline.current(now)

    def _sign(
        self,
        name: str,
        now: float,
        state: int,
        *,
        until: float | None,
        then: int,
        place: str = "",
    ) -> None:
        timeline = self._timelines.pop(name, None) or Timeline(changes=[_NEVER], seen=0.0)
        if len(self._timelines) >= MAX_TIMELINES:
            del self._timelines[next(iter(self._timelines))]
        self._timelines[name] = timeline
        if now >= timeline.seen:  # what came late says nothing about now
            timeline.turn(state, now, place)
            timeline.seen, timeline.until, timeline.then = now, until, then


_NEVER = Change(since=0.0, state=UNKNOWN)
