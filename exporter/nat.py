"""What a router's address translation does to ports, as far as its log and the hosts show it.

A home that shares its address has only a few of its ports (MAP-E, v6 Plus). The ports at which
packets come are then those of one port set of RFC 7597: 15 blocks of 16 ports, which have the same
eight bits in the middle. Packets for other ports of the address go to other homes, so that the log
itself tells; the port that a device has inside says nothing about the port outside.

    port   i i i i  p p p p p p p p  j j j j      i: block, not 0; p: the home's own bits (PSID)

Most routers keep the port that the device chose. It is seen where a packet comes from the very end
to which a device talked from the very port: random ports do not meet twice.
"""

from exporter.events import Rejection

MIN_PORTS = 12  # distinct ones; so many of one set by chance: once in 2^88
MIN_BLOCKS = 4
MAX_PORTS = 64  # of a router; the one seen longest ago is forgotten
MIN_KEPT = 2  # distinct ports that were seen to be kept
MAX_ROUTERS = 1000


class Nats:
    """What is known of each router's translation."""

    def __init__(self) -> None:
        self._ports: dict[str, dict[int, None]] = {}  # at which strangers' packets came
        self._kept: dict[str, set[int]] = {}

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

    def kept(self, rejection: Rejection) -> None:
        """Note that a packet came back to the port from which a device had talked to its sender."""
        if rejection.inside or not rejection.our_port:
            return
        if rejection.router not in self._kept and len(self._kept) >= MAX_ROUTERS:
            del self._kept[next(iter(self._kept))]
        ports = self._kept.setdefault(rejection.router, set())
        if len(ports) < MIN_KEPT:
            ports.add(rejection.our_port)

    def keeps_ports(self, router: str) -> bool:
        """Whether the router gives devices the port that they chose, unless another has it."""
        return len(self._kept.get(router, ())) >= MIN_KEPT
