"""Whose packet was it: the evidence ladder, from the router's own word down to nobody.

In go a `Rejection` and what the hosts reported; out comes an `Attribution`, a pure function of
both. A wrong name is worse than none: the score sets confidence, and never breaks a tie between
devices. A `mapping` is the router's own word: its line names the inside host, or a forward does.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import msgspec

from exporter.attribution.candidates import (
    SHARED_DECIBANS,
    candidates,
    devices,
    history,
    inside,
    name,
)
from exporter.attribution.candidates import asked as asked_for
from exporter.attribution.decoys import decoy
from exporter.attribution.lookups import Lookups
from exporter.attribution.mappings import Mappings
from exporter.attribution.nat import Nats
from exporter.attribution.patience import Patience
from exporter.attribution.silence import Silence
from exporter.attribution.traces import Traces, Windows, same_port
from exporter.events import Attribution, Candidate, Evidence, Reason, Rejection
from exporter.hosts import Hosts
from exporter.hosts.listeners import Span

MANY_PORTS = 5  # of ours, tried by one sender: it looks for any that answers

Untellable = Literal["tcp", "low_port", "sweep", "shared_address", "scan_port", "everyone_port"]
_WINDOWS = Windows()


class Finding(NamedTuple):
    """An attribution, and whether later reports could not make it better."""

    attribution: Attribution
    settled: bool


class Attributor:
    """Names the device and program behind a rejection, or says why it cannot.

    `port_kind(transport, port)` says whether a port is one that scanners try ("scan_port") or that
    every device opens ("everyone_port"); such ports never name anybody by themselves.
    """

    def __init__(
        self,
        hosts: Hosts,
        port_kind: Callable[[str, int], Literal["scan_port", "everyone_port"] | None],
        windows: Windows = _WINDOWS,
        mappings: Mappings | None = None,
        lookups: Lookups | None = None,
    ) -> None:
        self._hosts = hosts
        self.mappings = mappings or Mappings()
        self.lookups = lookups or Lookups()
        self.nats = Nats()
        self.silence = Silence(hosts.listeners, self.lookups, self.mappings)
        self._traces = Traces(hosts, windows)
        self._port_kind = port_kind
        self.patience = Patience(hosts)

    def use(self, other: "Attributor") -> None:
        """Take what is configured of another one; what is known otherwise stays."""
        self._port_kind = other._port_kind
        self._traces.windows = other._traces.windows
        self.mappings.use(other.mappings)

    def attribute(self, rejection: Rejection, tried: int = 1) -> Finding:
        """Decide by what is known now about the moment at which the packet arrived.

        `tried` is how many ports of ours its sender tried lately.
        """
        told = self._told(rejection)
        if rejection.inside and told is None:
            reason = Reason("inside_address_unknown", {"address": rejection.our_ip})
            return Finding(Attribution(reasons=(reason, *self._audience(rejection))), False)
        if told is None and self._is_silent(rejection):
            return Finding(self._nobody(rejection, [], None), False)
        owner = None if told is None else str(told.values["device"])
        talked = self._traces.talked(rejection, owner)
        exact = [span for span in talked if same_port(span, rejection)]
        routed = self._traces.with_programs((s for s in exact if s.routed), rejection)
        if routed:
            best = candidates("mapping", routed, rejection, "spoke_first_same_port")
            return Finding(name(best), len(best) == 1)
        flow = candidates("flow", exact, rejection, "spoke_first_same_port")
        if flow:
            return Finding(name(flow), len(flow) == 1)
        if told is not None and "inside_port" in told.values:
            return Finding(name([inside(told)]), True)  # a socket of the outside port is chance
        return self._less(rejection, told, talked, tried)

    def _less(
        self, rejection: Rejection, told: Reason | None, talked: list[Span], tried: int
    ) -> Finding:
        """Decide by what is less than a conversation with that very end from that very port."""
        owner = None if told is None else str(told.values["device"])
        bound = self._traces.bound(rejection, owner)
        shared = not rejection.inside and self.nats.is_shared(rejection.router)
        sure = SHARED_DECIBANS if shared else None
        sockets = candidates("socket", bound, rejection, "port_open", sure)
        opens = _opens(rejection)
        if opens:  # no answer does: whoever knocks must know a port of the device that talked to it
            talked = [span for span in talked if span.device in devices(bound)]
        remote = candidates("remote", self._otherwise(talked, rejection), rejection, "spoke_first")
        untellable = self._untellable(rejection, tried)
        if untellable == "shared_address" and any(span.routed for span in bound):
            untellable = None  # the router's own table knows which port is whose
        if sockets and untellable is None:
            if len(sockets) > 1 and len(remote) == 1 and remote[0].device in devices(sockets):
                return Finding(name(remote, also=sockets), False)
            settled = len(sockets) == 1 and self._settled(rejection, bound, owner)
            return Finding(name(sockets), settled)
        if remote:
            return Finding(name(remote, also=sockets), False)
        asked = self._asked(rejection) if told is None and not opens else []
        if asked:
            return Finding(name(asked, also=sockets), False)
        before = self._traces.before(rejection, owner) if untellable is None else []
        if past := history(before, rejection):
            return Finding(name(past), False)
        if told is not None:
            return Finding(name([inside(told)], also=sockets), True)
        return Finding(self._nobody(rejection, sockets, untellable), False)

    def _otherwise(self, talked: list[Span], rejection: Rejection) -> list[Span]:
        """Who talked to the remote address from another port than the packet's.

        Where the router keeps ports, that is no explanation, unless the port was another's, too.
        """
        if rejection.inside or not self.nats.keeps_ports(rejection.router):
            return talked
        return [span for span in talked if self._traces.is_contended(span, rejection)]

    def decoy(self, rejection: Rejection) -> Evidence | None:
        """The evidence of the same decision for the packet's decoy, if it has one."""
        if rejection.our_port and not rejection.inside and self.silence.is_complete:
            return "none"
        other = decoy(rejection, shared=self.nats.is_shared(rejection.router))
        return None if other is None else self.attribute(other).attribution.evidence

    def _is_silent(self, rejection: Rejection) -> bool:
        """Whether nothing at all is known of the port and the sender: as with most strangers."""
        at_port = (rejection.transport, rejection.our_port) in self._hosts.listeners.ports
        return not at_port and self.silence.about_source(rejection.remote_ip)

    def _asked(self, rejection: Rejection) -> list[Candidate]:
        """One candidate for each asker: whose address is nobody's might be any device."""
        lookups = self.lookups.of(
            rejection.remote_ip, rejection.received, self._traces.windows.talked
        )
        found: dict[str, Candidate] = {}
        for lookup in lookups:
            device = self._hosts.inventory.owner(lookup.asker, lookup.when)
            if device is None:
                return []
            found[device] = asked_for(device, lookup, rejection)
        return list(found.values())

    def _told(self, rejection: Rejection) -> Reason | None:
        """Why the router's own word names a device, if it does."""
        if rejection.inside:
            device = self._hosts.inventory.owner(rejection.our_ip, rejection.received)
            values = {"device": device or "", "address": rejection.our_ip}
            return Reason("inside_address", {**values}) if device else None
        if rejection.our_port is None or rejection.direction != "inbound":
            return None
        port = (rejection.router, rejection.transport, rejection.our_port)
        device = self.mappings.forward(*port)
        if device is not None:
            return Reason("forward", {"device": device, "port": rejection.our_port})
        mapping = self.mappings.at(*port, rejection.received)
        if mapping is None:
            return None
        device = self._hosts.inventory.owner(mapping.ip, rejection.received)
        bound = self._traces.bound(rejection, None)
        if device is None or any(s.device != device and s.opened > mapping.last for s in bound):
            return None  # the port is another's since
        told = {"device": device, "address": mapping.ip}
        behind = mapping.inside_port
        if behind is None or behind == rejection.our_port:
            return Reason("mapped", {**told, "port": rejection.our_port})
        program = self._traces.program(device, rejection.transport, behind, rejection.received)
        told["process"] = program
        return Reason("mapped", {**told, "port": rejection.our_port, "inside_port": behind})

    def _settled(self, rejection: Rejection, bound: list[Span], owner: str | None) -> bool:
        """Whether the socket is older than one interval: then every host has had its say.

        Not while another device has that port, too, and the router may not have told yet; nor
        after a restart, while one may have it that has not reported again.
        """
        if self.patience.is_awaiting(rejection.received):
            return False
        named = devices(bound)
        if devices(self._traces.at_port(rejection, owner)) != named:
            return False
        known = ((span, self._hosts.device(span.device)) for span in bound)
        return any(
            device is not None
            and span.opened <= rejection.received - device.report.interval_seconds
            for span, device in known
        )

    def _untellable(self, rejection: Rejection, tried: int) -> Untellable | None:
        """Why an open port proves nothing: a scan of port 22 must not accuse the NAS with sshd.

        A packet that the device itself sent is no scan: then its port may tell the program.
        """
        port = rejection.our_port
        if port is None or (rejection.inside and rejection.direction != "inbound"):
            return None
        if port < 1024:
            return "low_port"
        if rejection.transport == "tcp":
            return "tcp"
        if tried >= MANY_PORTS:
            return "sweep"
        if not rejection.inside and self.nats.is_shared(rejection.router):
            return "shared_address"
        return self._port_kind(rejection.transport, port)

    def _nobody(
        self, rejection: Rejection, sockets: list[Candidate], untellable: Untellable | None
    ) -> Attribution:
        reasons = list(self._audience(rejection))
        if sockets and untellable is not None:
            reasons.insert(0, Reason(f"untellable_{untellable}", {"port": rejection.our_port or 0}))
        weak = tuple(msgspec.structs.replace(c, evidence="none", confidence=0.0) for c in sockets)
        return Attribution(reasons=tuple(reasons), candidates=weak)

    def _audience(self, rejection: Rejection) -> tuple[Reason, ...]:
        """Who could have been named at all: nobody can be found where nobody reports."""
        live = len(self._hosts.live(rejection.received))
        return (Reason("no_match", {"agents": live}) if live else Reason("no_agents"),)


def _opens(rejection: Rejection) -> bool:
    """Whether a stranger asks for a new TCP connection, by its flags."""
    flags = rejection.signal if rejection.transport == "tcp" else ""
    return rejection.direction == "inbound" and "S" in flags and "A" not in flags
