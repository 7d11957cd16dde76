"""The router's own table: which port of it leads to which device.

Events of kind `port_mapping` (UPnP, NAT-PMP, PCP) go in, and the table itself where an agent reads
it, beside the forwards of the configuration; out comes where a port led at a moment. A mapping
counts until ten minutes after it was given up, at the longest two hours after it was last asked for
or seen in the table: programs ask again within the hour. Log and table may both tell of one.
"""

from collections.abc import Iterable

import msgspec

from exporter.events import Event
from exporter.host_report import PortTable

KEPT = 7200.0  # seconds
CLOSED = 600.0  # seconds
REMOVED = "removed"  # the action of an event by which a mapping is given up
MAX_MAPPINGS = 4096  # the least recently asked for is forgotten

_Key = tuple[str, str, int]  # router ("" for any), transport, outside port


class Forward(msgspec.Struct, frozen=True, kw_only=True):
    """A forward that the configuration names."""

    router: str  # "" is any
    transport: str
    port: int
    device: str


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """A port that a program asked the router to open."""

    router: str
    transport: str
    port: int
    ip: str  # of the device inside
    asked: float
    ended: float | None = None  # when it was given up
    confirmed: float = 0.0  # when it was asked for again, or last seen in the table
    inside_port: int | None = None  # None: the log did not tell
    listed: bool = False  # whether a table had it, so that it has ended when a later one has not

    @property
    def last(self) -> float:
        """When it was last known to be there."""
        return max(self.asked, self.confirmed)

    @property
    def latest(self) -> float:
        """When the last was heard of it, be it its end."""
        return self.last if self.ended is None else self.ended

    @property
    def until(self) -> float:
        """When it stops to count."""
        end = self.last + KEPT
        return end if self.ended is None else min(end, self.ended + CLOSED)


class Mappings:
    """The mappings, the least recently asked for first."""

    def __init__(self, forwards: Iterable[Forward] = ()) -> None:
        self._forwards = {(f.router, f.transport, f.port): f.device for f in forwards}
        self._mappings: dict[_Key, Mapping] = {}

    def use(self, other: "Mappings") -> None:
        """Take the forwards of another one; what the router told stays."""
        self._forwards = other._forwards

    def add(self, router: str, event: Event, now: float) -> None:
        """Take a mapping in, or the end of one; a line without its ends says nothing."""
        if event.transport is None or event.destination_port is None:
            return
        if event.action == REMOVED:
            known = self._mappings.get((router, event.transport, event.destination_port))
            if known is not None and known.ended is None:
                self._keep(msgspec.structs.replace(known, ended=now))
            return
        if event.ip is None:
            return
        self._confirm(
            Mapping(
                router=router,
                transport=event.transport,
                port=event.destination_port,
                ip=event.ip,
                asked=now,
            )
        )

    def read(self, router: str, table: PortTable, when: float) -> None:
        """Take in what the router's table held at `when`; what has left it has ended."""
        found = {
            (router, mapped.transport, mapped.port): Mapping(
                router=router,
                transport=mapped.transport,
                port=mapped.port,
                ip=mapped.ip,
                asked=when,
                inside_port=mapped.inside_port,
                listed=True,
            )
            for mapped in table.mappings
        }
        for mapping in found.values():
            self._confirm(mapping)
        for key, known in list(self._mappings.items()):
            left = known.router == router and known.listed and key not in found
            if left and known.ended is None and when > known.last:
                self._keep(msgspec.structs.replace(known, ended=when))

    @property
    def is_empty(self) -> bool:
        """Whether no port leads anywhere."""
        return not (self._forwards or self._mappings)

    def know(self, router: str, transport: str, port: int) -> bool:
        """Whether a port leads anywhere, or did."""
        known = (router, transport, port) in self._mappings
        return known or self.forward(router, transport, port) is not None

    def forward(self, router: str, transport: str, port: int) -> str | None:
        """The device that the configuration names for a port."""
        for whose in (router, ""):
            if (device := self._forwards.get((whose, transport, port))) is not None:
                return device
        return None

    def at(self, router: str, transport: str, port: int, moment: float) -> Mapping | None:
        """Where a port led at a moment, or had led just before: peers go on calling."""
        mapping = self._mappings.get((router, transport, port))
        if mapping is None or not mapping.asked <= moment <= mapping.until:
            return None
        return mapping

    def all(self) -> list[Mapping]:
        """Every mapping, for the state file."""
        return list(self._mappings.values())

    def restore(self, mappings: Iterable[Mapping]) -> None:
        """Take back what `all` gave."""
        for mapping in mappings:
            self._keep(mapping)

    def _confirm(self, mapping: Mapping) -> None:
        """Keep a mapping that was there when it was `asked`; a known one goes on."""
        now = mapping.asked
        known = self._mappings.get((mapping.router, mapping.transport, mapping.port))
        if known is None or (known.ip != mapping.ip and now >= known.latest):
            self._keep(mapping)
        elif now >= known.latest:  # else it tells of the past
            self._keep(
                msgspec.structs.replace(
                    known,
                    asked=known.asked if now <= known.until else now,
                    ended=None,
                    confirmed=now,
                    inside_port=mapping.inside_port or known.inside_port,
                    listed=mapping.listed or known.listed,
                )
            )

    def _keep(self, mapping: Mapping) -> None:
        key = (mapping.router, mapping.transport, mapping.port)
        self._mappings.pop(key, None)
        if len(self._mappings) >= MAX_MAPPINGS:
            del self._mappings[next(iter(self._mappings))]
        self._mappings[key] = mapping
