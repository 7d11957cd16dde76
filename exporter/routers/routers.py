"""Which router a message is from, and what is known of each.

A router's name is the configured one; else the header's host, when the sender is loopback or our
own gateway (a relay, or a container network that hides the sender), or a file; else the sender's
address or the file's path.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import PurePath

import msgspec

from exporter.events import STDIN, Rejection
from exporter.routers.clocks import Clock
from exporter.routers.plateau import Plateau
from exporter.routers.uplinks import Uplinks

FILE = "replay"  # the router of lines of a file that name none
MAX_ROUTERS = 1000  # spoofed senders and host names beyond these push out the least recently heard


class RouterRule(msgspec.Struct, frozen=True, kw_only=True):
    """What the configuration says of one router."""

    name: str
    senders: frozenset[str] = frozenset()  # addresses, canonical
    hosts: frozenset[str] = frozenset()  # host names in the header
    files: frozenset[str] = frozenset()  # absolute paths and patterns of them, STDIN


class Router(msgspec.Struct, kw_only=True):
    """What was last heard of a router."""

    name: str
    last_message: float
    sender: str  # of that message
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
        self._configure({rule.name: rule for rule in rules})
        self._gateways = frozenset(gateways)
        self._masks = frozenset(masks)
        self.uplinks = Uplinks()
        self._heard: dict[str, Router] = {}
        self._clocks: dict[str, Clock] = {}  # as they were known before a restart

    def use(self, others: "Routers") -> None:
        """Name routers as others do; who has another name now begins anew, but for its clock."""
        former = self.rules.keys() - others.rules.keys()
        self._configure(others.rules)
        for name, router in list(self._heard.items()):
            now = self._by_sender.get(router.sender, name)
            if name in former or now != name:
                del self._heard[name]
                self._clocks.setdefault(now, router.clock)

    def name(self, sender: str, hostname: str | None) -> str:
        """The name of the router behind a sender's address and a header's host."""
        name = self._by_sender.get(sender) or self._of_file(sender)
        if name is not None:
            return name
        if hostname is not None and self._relayed(sender):
            return self._by_host.get(hostname.casefold(), hostname)
        return sender or FILE

    def at(self, address: str) -> str | None:
        """The name of the router that has that address; None where several speak from it."""
        if (name := self._by_sender.get(address)) is not None:
            return name
        heard = [router.name for router in self._heard.values() if router.sender == address]
        if len(heard) > 1:
            return None
        return heard[0] if heard else address

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
            router = Router(
                name=name, last_message=received, sender=sender, clock=clock, plateau=Plateau()
            )
        self._heard[name] = router  # the least recently heard comes first
        router.last_message, router.sender = received, sender
        router.masked = sender in self._masks
        if stamp is not None:
            router.clock.heard(received, stamp)
        return router

    def rejected(self, packets: Rejection, now: float) -> None:
        """Note a line of a router about rejected packets; it was `heard` already."""
        router = self._heard.get(packets.router)
        if router is not None:
            router.plateau.add(packets.remote_ip, now)
        if not packets.inside:
            self.uplinks.met(packets.router, packets.our_ip)

    def rejected_each(
        self, like: Rejection, sources: Sequence[str], moments: Sequence[float]
    ) -> None:
        """Note many lines about packets that are alike; `moments` never go backwards."""
        router, at = self._heard.get(like.router), 0
        while router is not None and at < len(moments):
            end = bisect_left(moments, (moments[at] // 60 + 1) * 60, at)  # of the minute
            router.plateau.add_each(islice(sources, at, end), end - at, moments[at])
            at = end
        if not like.inside:
            self.uplinks.met(like.router, like.our_ip)

    def known(self) -> Iterable[Router]:
        """Every router that was heard."""
        return self._heard.values()

    def limited(self, now: float) -> frozenset[str]:
        """The routers whose log is at a limit: what they say is the least that happened."""
        return frozenset(name for name, one in self._heard.items() if one.plateau.limited(now))

    def offsets(self) -> dict[str, float]:
        """The clock offsets by router, to be remembered over a restart."""
        heard = {name: router.clock for name, router in self._heard.items()}
        clocks = list({**self._clocks, **heard}.items())[-MAX_ROUTERS:]
        return {name: clock.offset for name, clock in clocks if clock.offset is not None}

    def restore(self, offsets: Mapping[str, float]) -> None:
        """Take back what `offsets` gave: what was spooled meanwhile is late, and shows it."""
        self._clocks = {name: Clock(offset=offset) for name, offset in offsets.items()}

    def _configure(self, rules: Mapping[str, RouterRule]) -> None:
        self.rules = dict(rules)
        self._by_sender = {sender: r.name for r in rules.values() for sender in r.senders}
        self._by_host = {host.casefold(): r.name for r in rules.values() for host in r.hosts}
        self._by_file: dict[str, str | None] = {}

    def _of_file(self, sender: str) -> str | None:
        """The router whose lines a followed file holds; None where that is not configured."""
        if not _is_file(sender):
            return None
        if sender not in self._by_file:
            if len(self._by_file) >= MAX_ROUTERS:
                self._by_file.clear()
            # The one that names the file itself comes before patterns.
            owners = [rule.name for rule in self.rules.values() if sender in rule.files] + [
                rule.name
                for rule in self.rules.values()
                if any(PurePath(sender).match(pattern) for pattern in rule.files)
            ]
            self._by_file[sender] = owners[0] if owners else None
        return self._by_file[sender]

    def _relayed(self, sender: str) -> bool:
        """Whether the sender speaks for others."""
        if not sender or sender in self._gateways or _is_file(sender):
            return True
        return sender.startswith("127.") or sender == "::1"


def _is_file(sender: str) -> bool:
    """Whether a sender is a path or standard input; no address is written like one."""
    return "/" in sender or "\\" in sender or sender == STDIN
