"""At which station (MAC) hosts see an address: their ARP and neighbour tables.

Tables go in, out comes the station of an address, in whose place a device may be known. A table
says what was there since it first said so, until its report stops to count; an address at which two
hosts see different stations tells nothing. Times are Unix seconds.
"""

from collections.abc import Iterable
from typing import NamedTuple

from exporter.host_report import Neighbour


class Seen(NamedTuple):
    """An address at a station."""

    station: str
    since: float
    until: float


class Neighbours:
    """The tables that count by now: the last one of each host."""

    def __init__(self) -> None:
        self._at: dict[str, dict[str, Seen]] = {}  # by address and who sees it
        self._sees: dict[str, list[str]] = {}  # addresses, by who sees them

    def report(
        self, key: str, table: Iterable[Neighbour], since: float, taken: float, until: float
    ) -> None:
        """Take in a host's table; what is new in it may be there since its report before."""
        before = {ip: self._at[ip].pop(key) for ip in self._sees.pop(key, ())}
        now: dict[str, Seen] = {}
        for near in table:
            known = before.get(near.ip)
            begun = known.since if known and known.station == near.mac else since
            now[near.ip] = Seen(near.mac, min(begun, taken), until)
        for ip, seen in now.items():
            self._at.setdefault(ip, {})[key] = seen
        for ip in before:
            if not self._at[ip]:
                del self._at[ip]
        if now:
            self._sees[key] = list(now)

    def forget(self, key: str) -> None:
        """Drop a host's table."""
        self.report(key, (), 0.0, 0.0, 0.0)

    def station(self, ip: str, moment: float) -> tuple[str, str] | None:
        """The one station at which an address was seen at a moment, and a host that saw it."""
        seen = {
            one.station: key
            for key, one in self._at.get(ip, {}).items()
            if one.since <= moment <= one.until
        }
        return seen.popitem() if len(seen) == 1 else None

    def all(self) -> Iterable[str]:
        """Every address that a host sees."""
        return self._at
