"""What a router's address translation does to ports, as far as its log and the hosts show it.

A home that shares its address has only a few of its ports (MAP-E, v6 Plus). The ports at which
packets come are then those of one port set of RFC 7597: 15 blocks of 16 ports, which have the same
eight bits in the middle. Packets for other ports of the address go to other homes, so that the log
itself tells; the port that a device has inside says nothing about the port outside.

    port   i i i i  p p p p p p p p  j j j j      i: block, not 0; p: the home's own bits (PSID)

Most routers keep the port that the device chose. It is seen where a packet comes from the very end
to which a device talked from the very port: random ports do not meet twice.
"""

from collections.abc import Iterable, Sequence

from exporter.events import Rejection

MIN_PORTS = 12  # distinct ones; so many of one set by chance: once in 2^88
MIN_BLOCKS = 4
MAX_PORTS = 64  # of a router; the one seen longest ago is forgotten
MIN_KEPT = 2  # distinct ports that were seen to be kept
MAX_ROUTERS = 1000


class Nats:
    """What is known of each router's translation."""

    def __init__(self) -> None:
        self._ports: dict[str, _Ports] = {}  # at which strangers' packets came
        self._kept: dict[str, set[int]] = {}

    def add(self, rejection: Rejection) -> None:
        """Note the port of a packet that came in from outside for the router's own address."""
        if rejection.our_port:
            self._note(rejection, [rejection.our_port])

    def add_each(self, rejection: Rejection, ports: Sequence[str]) -> None:
        """Note the ports of many packets that are alike but for them: the latest push out all."""
        latest = dict[str, None]()
        for port in reversed(ports):
            if port != "0":
                latest[port] = None
            if len(latest) == MAX_PORTS:
                break
        if latest:
            self._note(rejection, map(int, reversed(latest)))

    def _note(self, rejection: Rejection, ports: Iterable[int]) -> None:
        if rejection.direction != "inbound" or rejection.inside:
            return
        known = self._ports.get(rejection.router)
        if known is None:
            if len(self._ports) >= MAX_ROUTERS:
                del self._ports[next(iter(self._ports))]
            known = self._ports[rejection.router] = _Ports()
        for port in ports:
            known.add(port)

    def is_shared(self, router: str) -> bool:
        """Whether the router's ports are those of one port set."""
        ports = self._ports.get(router)
        return ports is not None and ports.are_of_one_set()

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


class _Ports:
    """The ports of one router, the one seen longest ago first; and how many of each set."""

    def __init__(self) -> None:
        self._ports: dict[int, None] = {}
        self._sets: dict[int, int] = {}  # ports by the bits that a port set has in common

    def add(self, port: int) -> None:
        if port in self._ports:
            del self._ports[port]
        else:
            own = port >> 4 & 0xFF
            self._sets[own] = self._sets.get(own, 0) + 1
        self._ports[port] = None
        if len(self._ports) > MAX_PORTS:
            self._forget(next(iter(self._ports)))

    def are_of_one_set(self) -> bool:
        if len(self._sets) > 1 or len(self._ports) < MIN_PORTS:
            return False
        blocks = {port >> 12 for port in self._ports}
        return len(blocks) >= MIN_BLOCKS and 0 not in blocks

    def _forget(self, port: int) -> None:
        del self._ports[port]
        own = port >> 4 & 0xFF
        self._sets[own] -= 1
        if not self._sets[own]:
            del self._sets[own]
