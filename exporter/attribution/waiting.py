"""Rejected packets that are not decided yet, aggregated and bounded.

A decision may wait until the hosts have reported after the packet. Packets of one router,
transport, remote address, port of ours and flags, and of the same two minutes, wait together: they
are judged by the moment of the first, and what a file gives at once may have come over hours.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping

import msgspec

from exporter.events import Rejection

TOGETHER = 120.0  # seconds; no decision takes longer
MAX_GROUPS = 10_000  # one per remote address and port; when full, newcomers are decided at once

Ends = tuple[str, int | None]  # remote address, port of ours
_NOBODY: Mapping[Ends, "Group"] = {}


class Group(msgspec.Struct, kw_only=True):
    """Packets that wait together. `rejection.received` is the first one's arrival."""

    rejection: Rejection
    packets: int
    last: float  # arrival of the newest

    def join(self, packets: int, last: float) -> None:
        """Let more of the same wait with them."""
        self.packets += packets
        self.last = last


class Waiting:
    """The groups by their place, which is all but source and port; in both the oldest first.

    Whoever adds looks at `room` first.
    """

    def __init__(self) -> None:
        self._places: dict[Hashable, dict[Ends, Group]] = {}
        self._groups = 0

    def __len__(self) -> int:
        return self._groups

    @property
    def packets(self) -> int:
        """How many packets wait."""
        return sum(group.packets for group in self.groups())

    @property
    def room(self) -> int:
        """How many more groups may wait."""
        return max(MAX_GROUPS - self._groups, 0)

    def at(self, place: Hashable) -> Mapping[Ends, Group]:
        """The groups of a place."""
        return self._places.get(place, _NOBODY)

    def add(self, group: Group) -> None:
        """Let packets wait, with those that wait already."""
        there = self._places.setdefault(place(group.rejection), {})
        known = there.setdefault(ends(group.rejection), group)
        if known is group:
            self._groups += 1
        else:
            known.join(group.packets, group.last)

    def take(self, ripe: Callable[[Group], bool] | None = None) -> list[list[Group]]:
        """Remove and return the groups that are ripe, or all of them, by their place."""
        taken = []
        for groups in list(self._all()):
            found = [g for g in groups.values() if ripe is None or ripe(g)]
            for group in found:
                self.remove(group)
            if found:
                taken.append(found)
        return taken

    def remove(self, group: Group) -> None:
        """Remove a group that waits."""
        where = place(group.rejection)
        there = self._places[where]
        del there[ends(group.rejection)]
        self._groups -= 1
        if not there:
            del self._places[where]

    def groups(self) -> list[Group]:
        """All that waits, for the state file."""
        return [group for groups in self._all() for group in groups.values()]

    def restore(self, groups: Iterable[Group]) -> None:
        """Take back what waited when the program stopped."""
        for group in groups:
            self.add(group)

    def _all(self) -> Iterable[Mapping[Ends, Group]]:
        return self._places.values()


def place(rejection: Rejection) -> Hashable:
    """What packets have in common that wait together, but for source and port."""
    where = (rejection.router, rejection.direction, rejection.transport)
    ours = (rejection.our_ip, rejection.inside, rejection.signal)
    return (*where, *ours, rejection.received // TOGETHER)


def ends(rejection: Rejection) -> Ends:
    """Source and port of packets that wait together."""
    return rejection.remote_ip, rejection.our_port
