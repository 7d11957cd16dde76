"""Whether a home shares its address, and has only a few of its ports: MAP-E, v6 Plus.

Rejected packets go in; out comes whether the ports at which they came are those of one port set of
RFC 7597: 15 blocks of 16 ports, which have the same eight bits in the middle. Packets for other
ports of the address go to other homes, so that the log itself tells. The port that a device has
inside says nothing then about the port outside.

    port   i i i i  p p p p p p p p  j j j j      i: block, not 0; p: the home's own bits (PSID)
"""

from exporter.events import Rejection

MIN_PORTS = 12  # distinct ones; so many of one set by chance: once in 2^88
MIN_BLOCKS = 4
MAX_PORTS = 64  # of a router; the one seen longest ago is forgotten
MAX_ROUTERS = 1000


class PortSets:
    """The ports at which strangers' packets came, by router."""

    def __init__(self) -> None:
        self._ports: dict[str, dict[int, None]] = {}

    def add(self, rejection: Rejection) -> None:
        """Note the port of a packet that came in from outside for the router's own address."""
        port = rejection.our_port
        if rejection.direction != "inbound" or rejection.inside or not port:
            return
        ports = self._ports.get(rejection.router)
        if ports is None:
            if len(self._ports) >= MAX_ROUTERS:
                del self._ports[next(iter(self._ports))]
            ports = self._ports[rejection.router] = {}
        ports.pop(port, None)
        ports[port] = None
        if len(ports) > MAX_PORTS:
            del ports[next(iter(ports))]

    def is_shared(self, router: str) -> bool:
        """Whether the router's ports are those of one port set."""
        ports = self._ports.get(router, {})
        if len(ports) < MIN_PORTS or len({port >> 4 & 0xFF for port in ports}) > 1:
            return False
        blocks = {port >> 12 for port in ports}
        return len(blocks) >= MIN_BLOCKS and 0 not in blocks
