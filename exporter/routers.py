"""Which router a message is from, and what is known of each.

A router's name is the configured one; else the header's host, when the sender is loopback or our
own gateway (a relay, or a container network that hides the sender); else the sender's address.
"""

from collections.abc import Iterable, Mapping

import msgspec

from exporter.clocks import Clock
from exporter.plateau import Plateau

FILE = "replay"  # the router of lines of a file that name none
MAX_ROUTERS = 1000  # spoofed senders and host names beyond these push out the least recently heard


class RouterRule(msgspec.Struct, frozen=True, kw_only=True):
    """What the configuration says of one router."""

    name: str
    senders: frozenset[str] = frozenset()  # addresses, canonical
    hosts: frozenset[str] = frozenset()  # host names in the header


class Router(msgspec.Struct, kw_only=True):
    """What was last heard of a router."""

    name: str
    last_message: float
    clock: Clock
    plateau: Plateau
    masked: bool = False  # its address is hidden behind our own gateway's


class Routers:
    """Names routers, and remembers when each was heard."""

    def __init__(
        self,
        rules: Iterable[RouterRule] = (),
        gateways: Iterable[str] = (),
        masks: Iterable[str] = (),
    ) -> None:
        """`gateways` are our own; `masks` are those among them that hide senders."""
        self.rules = {rule.name: rule for rule in rules}
        self._by_sender = {sender: r.name for r in self.rules.values() for sender in r.senders}
        self._by_host = {host.casefold(): r.name for r in self.rules.values() for host in r.hosts}
        self._gateways = frozenset(gateways)
        self._masks = frozenset(masks)
        self._heard: dict[str, Router] = {}
        self._clocks: dict[str, Clock] = {}  # as they were known before a restart

    def name(self, sender: str, hostname: str | None) -> str:
        """The name of the router behind a sender's address and a header's host."""
        name = self._by_sender.get(sender)
        if name is not None:
            return name
        if hostname is not None and self._relayed(sender):
            return self._by_host.get(hostname.casefold(), hostname)
        return sender or FILE

    def heard(
        self,
        name: str,
        sender: str,
        received: float,
        stamp: float | None,
        *,
        in_file: bool = False,
    ) -> Router:
        """Note that a message of that router arrived; `stamp` is the router's own time.

        The first line of a file may be days old: until more is known, its clock is taken for right.
        """
        router = self._heard.pop(name, None)
        if router is None:
            if len(self._heard) >= MAX_ROUTERS:
                del self._heard[next(iter(self._heard))]
            clock = self._clocks.pop(name, None) or Clock(offset=0.0 if in_file else None)
            router = Router(name=name, last_message=received, clock=clock, plateau=Plateau())
        self._heard[name] = router  # the least recently heard comes first
        router.last_message = received
        router.masked = sender in self._masks
        if stamp is not None:
            router.clock.heard(received, stamp)
        return router

    def rejected(self, name: str, source: str, now: float) -> None:
        """Note a line of that router about a rejected packet; it was `heard` already."""
        router = self._heard.get(name)
        if router is not None:
            router.plateau.add(source, now)

    def known(self) -> Iterable[Router]:
        """Every router that was heard."""
        return self._heard.values()

    def offsets(self) -> dict[str, float]:
        """The clock offsets by router, to be remembered over a restart."""
        heard = {name: router.clock for name, router in self._heard.items()}
        clocks = list({**self._clocks, **heard}.items())[-MAX_ROUTERS:]
        return {name: clock.offset for name, clock in clocks if clock.offset is not None}

    def restore(self, offsets: Mapping[str, float]) -> None:
        """Take back what `offsets` gave: what was spooled meanwhile is late, and shows it."""
        self._clocks = {name: Clock(offset=offset) for name, offset in offsets.items()}

    def _relayed(self, sender: str) -> bool:
        """Whether the sender speaks for others; a file has none."""
        if not sender or sender in self._gateways:
            return True
        return sender.startswith("127.") or sender == "::1"
