"""Since when each socket has been open, and whether a new report is due.

In go the sightings of a collector and the time; out come sockets with ages. An age never claims
more than was seen: a socket found at the first look is 0 seconds old.
"""

from collections.abc import Hashable, Iterable

from msgspec.structs import replace

from exporter import wire
from exporter.agent.snapshot import Sighting
from exporter.host_report import Socket


class Watch:
    """Remembers the sockets of the last report; closed ones are forgotten with the next."""

    def __init__(self) -> None:
        self._since: dict[Hashable, float] = {}
        self._reported: frozenset[Hashable] = frozenset()

    def aged(self, sightings: list[Sighting], now: float) -> list[Socket]:
        """Return the sockets with their ages; they are the set to compare with from now on."""
        before = self._since
        self._since = {seen.identity: before.get(seen.identity, now) for seen in sightings}
        self._reported = _watched(sightings)
        # Thousands of sockets have few ages: many were found at one look, and are one program's.
        moments = {*self._since.values(), *(seen.started for seen in sightings)}
        ages = {moment: _age(moment, now) for moment in moments}
        return [
            replace(
                seen.socket,
                age_seconds=ages[self._since[seen.identity]],
                process_age_seconds=ages[seen.started],
            )
            for seen in sightings
        ]

    def changed(self, sightings: list[Sighting]) -> bool:
        """Tell whether UDP sockets or TCP listeners came, went or moved since the last report."""
        return _watched(sightings) != self._reported


def _age(since: float | None, now: float) -> float | None:
    if since is None:
        return None
    return min(max(0.0, round(now - since, 3)), wire.MAX_SOCKET_AGE)


def _watched(sightings: Iterable[Sighting]) -> frozenset[Hashable]:
    """Return what must not change unreported; connections are too many and too short for that."""
    return frozenset(
        (seen.identity, seen.socket.local_ip, seen.socket.local_port, seen.socket.remote_ip)
        for seen in sightings
        if seen.socket.transport == "udp" or seen.socket.state == "listen"
    )
