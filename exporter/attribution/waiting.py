"""Rejected packets that are not decided yet, aggregated and bounded.

A decision may wait until the hosts have reported after the packet. Packets of one router,
transport, remote address, port of ours and flags, and of the same two minutes, wait together: they
are judged by the moment of the first, and what a file gives at once may have come over hours.
"""

from collections.abc import Callable, Iterable

import msgspec

from exporter.events import Rejection

TOGETHER = 120.0  # seconds; no decision takes longer
MAX_GROUPS = 10_000  # one per remote address and port; when full, newcomers are decided at once


class Group(msgspec.Struct, kw_only=True):
    """Packets that wait together. `rejection.received` is the first one's arrival."""

    rejection: Rejection
    packets: int
    last: float  # arrival of the newest


class Waiting:
    """The groups, oldest first."""

    def __init__(self) -> None:
        self._groups: dict[tuple[object, ...], Group] = {}

    def __len__(self) -> int:
        return len(self._groups)

    @property
    def packets(self) -> int:
        """How many packets wait."""
        return sum(group.packets for group in self._groups.values())

    @property
    def room(self) -> int:
        """How many more groups may wait."""
        return MAX_GROUPS - len(self._groups)

    def add(self, rejection: Rejection) -> Group | None:
        """Let packets wait; None when there is no room, and they must be decided now."""
        key = _key(rejection)
        group = self._groups.get(key)
        if group is None:
            if len(self._groups) >= MAX_GROUPS:
                return None
            group = self._groups[key] = Group(
                rejection=rejection, packets=0, last=rejection.received
            )
        group.packets += rejection.count
        group.last = rejection.received
        return group

    def take(self, ripe: Callable[[Group], bool] | None = None) -> list[Group]:
        """Remove and return the groups that are ripe, or all of them, oldest first."""
        taken = [(key, g) for key, g in self._groups.items() if ripe is None or ripe(g)]
        for key, _ in taken:
            del self._groups[key]
        return [group for _, group in taken]

    def remove(self, rejection: Rejection) -> Group | None:
        """Remove and return the group that such a rejection waits in, if any."""
        return self._groups.pop(_key(rejection), None)

    def groups(self) -> list[Group]:
        """All that waits, for the state file."""
        return list(self._groups.values())

    def restore(self, groups: Iterable[Group]) -> None:
        """Take back what waited when the program stopped."""
        for group in groups:
            self._groups[_key(group.rejection)] = group


def _key(rejection: Rejection) -> tuple[object, ...]:
    return (
        rejection.router,
        rejection.direction,
        rejection.transport,
        rejection.remote_ip,
        rejection.our_ip,
        rejection.our_port,
        rejection.signal,
        rejection.received // TOGETHER,
    )
