"""What hosts and routers show around a rejected packet: the sockets and flows that may explain it.

A Rejection goes in, spans come out, each with the device it belongs to. Which of them say something
is decided here; what they say together is `attribution`'s.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec

from exporter.attribution.candidates import reachable
from exporter.events import Rejection
from exporter.hosts import Hosts
from exporter.hosts.listeners import Span

Seconds = Annotated[float, msgspec.Meta(ge=0, le=86400)]  # sockets are remembered for a day


class Windows(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long evidence counts, in seconds."""

    closed_socket: Seconds = 600.0  # a late reply meets a closed socket
    talked: Seconds = 600.0


class Traces:
    """Looks for the sockets and flows around packets."""

    def __init__(self, hosts: Hosts, windows: Windows) -> None:
        self._hosts = hosts
        self.windows = windows

    def talked(self, rejection: Rejection, owner: str | None) -> list[Span]:
        """Who talked to the remote address, by the packet's own transport; `owner` alone if set.

        A TCP connection to a server says nothing about a UDP packet of it.
        """
        if not rejection.remote_ip:
            return []
        spans = self._hosts.listeners.talked_to(
            rejection.remote_ip, rejection.received, self.windows.talked
        )
        known = self._known(spans, rejection)
        return [s for s in known if owner in (None, s.device) and _fits(s, rejection)]

    def bound(self, rejection: Rejection, owner: str | None) -> list[Span]:
        """Who had our port, and would hear the sender there."""
        found = self.at_port(rejection, owner)
        # Where the router tells whose a port is, a socket of that number elsewhere is chance.
        routed = [span for span in found if span.routed]
        return self.with_programs(routed, rejection) if routed else found

    def at_port(self, rejection: Rejection, owner: str | None) -> list[Span]:
        """All that had our port, whatever the router tells of it."""
        if rejection.our_port is None:
            return []
        spans = self._at(rejection.transport, rejection.our_port, rejection.received)
        return reachable(self._known(spans, rejection), rejection, owner)

    def before(self, rejection: Rejection, owner: str | None) -> list[Span]:
        """Who had our port in the day before."""
        if rejection.our_port is None:
            return []
        spans = self._hosts.listeners.seen_on_port(
            rejection.transport, rejection.our_port, rejection.received
        )
        return reachable(self._known(spans, rejection), rejection, owner)

    def with_programs(self, spans: Iterable[Span], rejection: Rejection) -> list[Span]:
        """A router's flows, each with every program that its device had at the port inside."""
        found = []
        for span in spans:
            near = itertools.chain(
                self._at(span.transport, span.inside_port, rejection.received),
                self._hosts.listeners.talked_to(
                    rejection.remote_ip, rejection.received, self.windows.talked
                ),
            )
            ends = (span.device, span.inside_port)
            programs = {
                s.process
                for s in near
                if (s.device, s.inside_port) == ends and s.opened <= span.last_seen
            } - {""}
            found += [msgspec.structs.replace(span, process=p) for p in programs or {""}]
        return found

    def program(self, device: str, transport: str, port: int, moment: float) -> str:
        """The one program that a device had at a port of its own; "" for none or several."""
        found = {s.process for s in self._at(transport, port, moment) if s.device == device} - {""}
        return found.pop() if len(found) == 1 else ""

    def is_contended(self, span: Span, rejection: Rejection) -> bool:
        """Whether another device had the same port, so that NAT had to give one of them another."""
        at_port = self._at(span.transport, span.inside_port, rejection.received)
        return any(other.device != span.device for other in at_port)

    def _at(self, transport: str, port: int, moment: float) -> Iterator[Span]:
        return self._hosts.listeners.on_port(transport, port, moment, self.windows.closed_socket)

    def _known(self, spans: Iterable[Span], rejection: Rejection) -> Iterator[Span]:
        """The spans, with the device of an inside address that became known since."""
        for span in spans:
            if span.device:
                yield span
            else:
                device = self._hosts.inventory.owner(span.local_ip, rejection.received)
                yield msgspec.structs.replace(span, device=device or "")


def same_port(span: Span, rejection: Rejection) -> bool:
    """Whether the outside sees the span at the packet's own port."""
    return span.local_port == rejection.our_port and span.transport == rejection.transport


def _fits(span: Span, rejection: Rejection) -> bool:
    return rejection.transport not in ("udp", "tcp") or span.transport == rejection.transport
