"""By which interface strangers come to each router, and at which of its addresses.

In go rejected packets, each with the interface that the line names; out comes whether a packet that
arrived the same way is from outside as well, whatever address it bears: the network of a carrier,
or of a second router, has private addresses too.
"""

from exporter.addresses import is_private
from exporter.events import Event, Rejection

MAX_ROUTERS = 1000  # the one that has known its ways for longest is forgotten
MAX_WAYS = 8  # of one router, likewise

_Way = tuple[str | None, str | None]  # interface, address


class Fronts:
    """The ways into each router."""

    def __init__(self) -> None:
        self._ways: dict[str, dict[_Way, None]] = {}

    def add(self, packets: Rejection, event: Event) -> None:
        """Note a packet by its line; those of strangers for the router itself tell.

        What was to go out again is not for the router: a device of ours may have forged it.
        """
        interface, passes = event.ingress_interface, event.egress_interface is not None
        if interface is None or passes or packets.direction != "inbound" or packets.inside:
            return
        ways = self._ways.get(packets.router, {})
        way = (interface, packets.our_ip)
        if way in ways or not packets.remote_ip or is_private(packets.remote_ip):
            return
        if packets.router not in self._ways and len(self._ways) >= MAX_ROUTERS:
            del self._ways[next(iter(self._ways))]
        if len(ways) >= MAX_WAYS:
            del ways[next(iter(ways))]
        ways[way] = None
        self._ways[packets.router] = ways

    def leads_outside(self, router: str, event: Event) -> bool:
        """Tell whether a packet came in the way by which strangers do."""
        ways = self._ways.get(router)
        return ways is not None and (event.ingress_interface, event.destination_ip) in ways
