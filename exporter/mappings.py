"""The router's own table: which port of it leads to which device.

Events of kind `port_mapping` (UPnP, NAT-PMP, PCP) go in, beside the forwards of the configuration;
out comes where a port led at a moment. A mapping counts until ten minutes after it was given up, at
the longest two hours after it was last asked for: programs ask again within the hour.
"""

from collections.abc import Iterable

import msgspec

from exporter.events import Event

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


class Mappings:
    """The mappings, the least recently asked for first."""

    def __init__(self, forwards: Iterable[Forward] = ()) -> None:
        self._forwards = {(f.router, f.transport, f.port): f.device for f in forwards}
        self._mappings: dict[_Key, Mapping] = {}

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
        self._keep(
            Mapping(
                router=router,
                transport=event.transport,
                port=event.destination_port,
                ip=event.ip,
                asked=now,
            )
        )

    def forward(self, router: str, transport: str, port: int) -> str | None:
        """The device that the configuration names for a port."""
        for whose in (router, ""):
            if (device := self._forwards.get((whose, transport, port))) is not None:
                return device
        return None

    def at(self, router: str, transport: str, port: int, moment: float) -> Mapping | None:
        """Where a port led at a moment, or had led just before: peers go on calling."""
        mapping = self._mappings.get((router, transport, port))
        if mapping is None or not 0 <= moment - mapping.asked <= KEPT:
            return None
        if mapping.ended is not None and moment - mapping.ended > CLOSED:
            return None
        return mapping

    def all(self) -> list[Mapping]:
        """Every mapping, for the state file."""
        return list(self._mappings.values())

    def restore(self, mappings: Iterable[Mapping]) -> None:
        """Take back what `all` gave."""
        for mapping in mappings:
            self._keep(mapping)

    def _keep(self, mapping: Mapping) -> None:
        key = (mapping.router, mapping.transport, mapping.port)
        self._mappings.pop(key, None)
        if len(self._mappings) >= MAX_MAPPINGS:
            del self._mappings[next(iter(self._mappings))]
        self._mappings[key] = mapping
