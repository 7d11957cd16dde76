"""Tell our side of a packet from the other side, and build the `Rejection` that says so.

In: an event of kind `rejected`, what belongs to the home, and which of the router's interfaces face
where. Out: a direction, or the rejection with both sides named. The home is RFC 1918, ULA,
link-local and the configured prefixes; documentation ranges are nobody's home.
"""

from collections.abc import Iterable, Set
from functools import lru_cache

import msgspec

from exporter.addresses import CACHED, Prefixes, canonical, is_private, scope
from exporter.enrichment.networks import Networks
from exporter.events import Direction, Event, Rejection


class Interfaces(msgspec.Struct, frozen=True):
    """The names of a router's interfaces that face the home and the Internet, if configured."""

    lan: frozenset[str] = frozenset()
    wan: frozenset[str] = frozenset()


NOT_CONFIGURED = Interfaces()


class Home:
    """What belongs to the home."""

    def __init__(self, lan_prefixes: Iterable[str] = ()):
        """Raise ValueError naming a prefix that is not one."""
        configured = Prefixes((prefix, True) for prefix in lan_prefixes)
        self._is_lan = lru_cache(CACHED)(
            lambda ip: is_private(ip) or configured.look_up(ip) is True
        )
        self._strangers: set[str] = set()  # at most CACHED and one block's

    def is_lan(self, ip: str) -> bool:
        """Tell whether an address belongs to the home."""
        return self._is_lan(ip)

    def no_strangers(self, ips: Set[str]) -> Set[str]:
        """Return those of addresses from which packets may take another way than strangers'."""
        unknown = ips - self._strangers
        others = {ip for ip in unknown if not self._is_stranger(ip)}
        if len(self._strangers) > CACHED:
            self._strangers.clear()
        self._strangers |= unknown - others
        return others

    def direction(
        self, event: Event, interfaces: Interfaces = NOT_CONFIGURED, *, outside: bool = False
    ) -> Direction:
        """Return which way the packet went; unreadable addresses count as from outside.

        `outside` says that it came in the way by which strangers do. Multicast and broadcast are
        `local` on every interface: they are meant for nobody.
        """
        source, destination = event.source_ip, event.destination_ip
        if destination is not None and scope(destination) in ("multicast", "broadcast"):
            return "local"
        if source is not None and scope(source) in ("loopback", "unspecified"):
            return "local"
        from_home = event.ingress_interface in interfaces.lan
        if (outside and not from_home) or event.ingress_interface in interfaces.wan:
            return "inbound"
        if source is not None and source == destination:
            return "local"  # to the home's own outside address, by way of the router's NAT
        if source is None or destination is None:
            return "outbound" if from_home else "inbound"
        if not (from_home or self.is_lan(source)):
            return "inbound"
        return "local" if self.is_lan(destination) else "outbound"

    def _is_stranger(self, ip: str) -> bool:
        return canonical(ip) == ip and scope(ip) == "global" and not self.is_lan(ip)


def rejection(
    event: Event,
    *,
    router: str,
    received: float,
    home: Home,
    networks: Networks,
    interfaces: Interfaces = NOT_CONFIGURED,
    outside: bool = False,
    line: str = "",
) -> Rejection:
    """Return a rejected packet with its sides and networks named."""
    direction = home.direction(event, interfaces, outside=outside)
    source = (event.source_ip or "", event.source_port)
    destination = (event.destination_ip or "", event.destination_port)
    # Whoever of ours sent it is who it belongs to, even if the packet stayed within the home.
    ours, remote = (destination, source) if direction == "inbound" else (source, destination)
    source_network = networks.look_up(source[0])
    return Rejection(
        received=received,
        router=router,
        direction=direction,
        transport=event.transport or "",
        remote_ip=remote[0],
        remote_port=remote[1],
        our_ip=ours[0],
        our_port=ours[1],
        destination_port=event.destination_port,
        source=source_network,
        remote=source_network if remote is source else networks.look_up(remote[0]),
        inside=_is_device(event, home, direction),
        count=event.packets,
        signal=event.signal or "",
        line=line,
    )


def _is_device(event: Event, home: Home, direction: Direction) -> bool:
    """Tell whether our side is a device itself, not the router's NAT."""
    destination = event.destination_ip
    if destination is None:
        return direction != "inbound"
    if direction != "inbound":  # from the router's own address to itself: NAT stands between
        return event.source_ip != destination or home.is_lan(destination)
    if home.is_lan(destination):
        return event.egress_interface is not None  # forwarded: the address after NAT
    return ":" in destination and scope(destination) == "global"
