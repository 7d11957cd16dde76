"""Of which packets nothing at all is known at home, as of most strangers': they are nobody's.

Ends of packets go in. What is known is whatever could name a device: a socket at the port, or where
the router leads it; a conversation with the sender, or that somebody asked for its name.
"""

from collections.abc import Sequence, Set

from exporter.attribution.lookups import Lookups
from exporter.attribution.mappings import Mappings
from exporter.hosts.listeners import Listeners


class Silence:
    """What could name a device, and does not."""

    def __init__(self, listeners: Listeners, lookups: Lookups, mappings: Mappings) -> None:
        self._listeners = listeners
        self._lookups = lookups
        self._mappings = mappings

    @property
    def is_complete(self) -> bool:
        """Whether nothing is known of anybody, as where no host reports."""
        known = len(self._listeners) or not self._lookups.is_empty or not self._mappings.is_empty
        return not known

    def about_source(self, ip: str) -> bool:
        """Whether nothing is known of a sender."""
        return not self._known_sources({ip})

    def broken(
        self, router: str, transport: str, sources: Sequence[str], ports: Sequence[int]
    ) -> list[int]:
        """The places of packets to a router's own address of which anything is known.

        All the others are nobody's.
        """
        if self.is_complete:
            return []
        of = self._known_sources(set(sources))
        at = self._known_ports(router, transport, set(ports))
        if not (of or at):
            return []
        pairs = zip(sources, ports, strict=True)
        return [place for place, (source, port) in enumerate(pairs) if source in of or port in at]

    def _known_sources(self, sources: Set[str]) -> Set[str]:
        return (self._listeners.remotes & sources) | (self._lookups.addresses & sources)

    def _known_ports(self, router: str, transport: str, ports: Set[int]) -> Set[int]:
        open_there = self._listeners.ports & {(transport, port) for port in ports}
        known = {port for _, port in open_there}
        if not self._mappings.is_empty:
            known.update(port for port in ports if self._mappings.know(router, transport, port))
        return known
