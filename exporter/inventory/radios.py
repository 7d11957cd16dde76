"""On which access point hosts say that they are: the BSSIDs of their wireless links.

Reports go in; out comes which BSSID a host's station is on, and since when. An access point's own
link has its own station for a BSSID: that is where others are, and no place of its own. Times are
Unix seconds.
"""

from collections.abc import Iterable, Iterator

import msgspec

from exporter.host_report import Link


class Radio(msgspec.Struct, frozen=True, kw_only=True):
    """A wireless link of a host, by its newest report."""

    device: str
    station: str  # MAC; "" when the host does not tell
    bssid: str | None  # None: it was on one, and is on none now
    since: float  # of that BSSID, or when it was seen to be gone
    seen: float
    until: float  # when the report stops to count


class Radios:
    """The wireless links of all hosts that report."""

    def __init__(self) -> None:
        self._of_device: dict[str, dict[str, Radio]] = {}  # by name without case, and interface

    def report(
        self, name: str, links: Iterable[Link], taken: float, until: float, interval: float
    ) -> None:
        """Take in all links of a host; what changed did so since the report before."""
        key = name.casefold()
        before, now = self._of_device.pop(key, {}), dict[str, Radio]()
        for link in links:
            known = before.get(link.interface)
            bssid = link.bssid if link.bssid != link.mac else None
            if bssid is None and known is None:
                continue  # no radio, or a system that does not tell
            since = taken - interval if known else taken
            if known is not None and known.bssid == bssid:
                since = min(known.since, taken)
            now[link.interface] = Radio(
                device=name,
                station=link.mac or "",
                bssid=bssid,
                since=since,
                seen=taken,
                until=until,
            )
        if now:
            self._of_device[key] = now

    def current(self, now: float) -> Iterator[Radio]:
        """The links of which a report counts by now."""
        for radios in self._of_device.values():
            for radio in radios.values():
                if now <= radio.until:
                    yield radio

    def rename(self, old: str, new: str) -> None:
        """Give a host's links to the name that it has now."""
        radios = self._of_device.pop(old.casefold(), {})
        self._of_device[new.casefold()] = {
            interface: msgspec.structs.replace(radio, device=new)
            for interface, radio in radios.items()
        }

    def forget(self, key: str) -> None:
        """Drop a host's links."""
        self._of_device.pop(key, None)
