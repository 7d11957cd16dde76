"""Who had which port, and who talked to whom, when: sockets and flows over time, indexed.

A socket that a report shows is a `Span`, from the moment it was known to be open to the last moment
it was seen so. Nothing here reads a clock: times are arguments, Unix seconds.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import islice
from typing import Generic, TypeVar

import msgspec

from exporter.host_report import Flow, HostReport, Socket

MAX_LOOKED_AT = 500  # spans of one port or remote address: what is older says no more
LOOK = 2.0  # seconds; how often agents look for new sockets
HISTORY = 24 * 3600.0  # seconds; closed sockets are kept that long, for `history` evidence

_Key = TypeVar("_Key")


class Span(msgspec.Struct, kw_only=True, eq=False, gc=False):
    """One socket or flow of a device over time."""

    device: str  # "" when nobody knows whose the inside address is
    transport: str
    local_ip: str
    local_port: int  # as the outside sees it, where a connection table tells
    inside_port: int  # as the device itself sees it
    remote_ip: str | None
    routed: bool = False  # told by a router's connection table, not by the device itself
    process: str  # "" when the system did not tell
    opened: float
    last_seen: float
    current_until: float  # until when its report speaks for it; `last_seen` once it is closed

    def at(self, moment: float, grace: float) -> bool:
        """Whether it was open at `moment`, or had been closed for at most `grace` seconds."""
        return self.opened <= moment <= max(self.last_seen + grace, self.current_until)


class Listeners:
    """Spans by local port and by remote address."""

    def __init__(self) -> None:
        self._by_port: _Index[tuple[str, int]] = _Index()
        self._by_remote: _Index[str] = _Index()
        self._spans = 0

    def __len__(self) -> int:
        return self._spans

    def add(self, span: Span) -> None:
        """Index a span; its device and both ends do not change while it is indexed."""
        self._spans += 1
        if _holds_port(span):
            self._by_port.add((span.transport, span.local_port), span)
        if span.remote_ip is not None:
            self._by_remote.add(span.remote_ip, span)

    def remove(self, span: Span) -> None:
        """Forget a span that was added."""
        self._spans -= 1
        if _holds_port(span):
            self._by_port.remove((span.transport, span.local_port), span)
        if span.remote_ip is not None:
            self._by_remote.remove(span.remote_ip, span)

    def on_port(self, transport: str, port: int, moment: float, grace: float) -> Iterator[Span]:
        """Sockets with that local port at that moment, or closed up to `grace` seconds before."""
        return (s for s in self._by_port.get((transport, port)) if s.at(moment, grace))

    def talked_to(self, remote_ip: str, moment: float, grace: float) -> Iterator[Span]:
        """Sockets and flows to that remote address up to `grace` seconds before that moment."""
        return (s for s in self._by_remote.get(remote_ip) if s.at(moment, grace))

    @property
    def ports(self) -> Set[tuple[str, int]]:
        """Every transport and port for which there is anything to look at."""
        return self._by_port.keys()

    @property
    def remotes(self) -> Set[str]:
        """Every remote address for which there is."""
        return self._by_remote.keys()

    def seen_on_port(self, transport: str, port: int, moment: float) -> Iterator[Span]:
        """Every socket with that local port in the day before that moment."""
        return self.on_port(transport, port, moment, HISTORY)


def spans(
    report: HostReport, taken: float, current_until: float, looked: float | None = None
) -> Iterator[Span]:
    """The sockets and flows of a report that was made at `taken`.

    A socket's age counts from the host's first look at it, and it may have been open since just
    after the look before, but not before its process was started. `looked` is when the host last
    said what was open: the socket was not.
    A flow from an address that is not the host's own is one that it forwards: the host is a router,
    and the device is still to be found by that address.
    """
    owned: dict[tuple[str, int], list[Socket]] = {}
    for socket in report.sockets:
        if socket.process:
            owned.setdefault((socket.transport, socket.local_port), []).append(socket)
        unseen = report.interval_seconds if socket.age_seconds is None else LOOK
        opened = taken - (socket.age_seconds or 0.0)
        if looked is not None and opened > looked:
            age = socket.process_age_seconds
            started = looked if age is None else taken - age
            opened = max(opened - unseen, looked, min(opened, started))
        yield Span(
            device=report.device,
            transport=socket.transport,
            local_ip=socket.local_ip,
            local_port=socket.local_port,
            inside_port=socket.local_port,
            remote_ip=socket.remote_ip,
            process=socket.process or "",
            opened=opened,
            last_seen=taken,
            current_until=current_until,
        )
    own = {*report.addresses, "0.0.0.0", "::"}  # noqa: S104 - nothing is bound here
    for flow in report.flows:
        routed = bool(report.addresses) and flow.local_ip not in own
        seen = taken - flow.age_seconds
        opened = seen - report.interval_seconds  # it began after the look before
        yield Span(
            device="" if routed else report.device,
            transport=flow.transport,
            local_ip=flow.local_ip,
            local_port=flow.local_port if flow.nat_port is None else flow.nat_port,
            inside_port=flow.local_port,
            remote_ip=flow.remote_ip,
            process="" if routed else _program(flow, owned),
            opened=opened if looked is None else min(seen, max(opened, looked)),
            last_seen=seen,
            current_until=seen,
            routed=routed,
        )


def _program(flow: Flow, owned: Mapping[tuple[str, int], Iterable[Socket]]) -> str:
    """The one program of a flow's port; one that has it only since the flow ended is not its."""
    found = {
        socket.process or ""
        for socket in owned.get((flow.transport, flow.local_port), ())
        if socket.remote_ip in (None, flow.remote_ip)
        and (socket.age_seconds is None or socket.age_seconds >= flow.age_seconds)
    }
    return found.pop() if len(found) == 1 else ""


def _holds_port(span: Span) -> bool:
    """A TCP connection is found by its remote end; a server has thousands on one port."""
    return span.transport != "tcp" or span.remote_ip is None


class _Index(Generic[_Key]):
    """Spans by a key; adding and removing cost the same however many share it."""

    def __init__(self) -> None:
        self._spans: dict[_Key, dict[Span, None]] = {}

    def keys(self) -> Set[_Key]:
        return self._spans.keys()

    def add(self, key: _Key, span: Span) -> None:
        self._spans.setdefault(key, {})[span] = None

    def remove(self, key: _Key, span: Span) -> None:
        spans = self._spans[key]
        del spans[span]
        if not spans:
            del self._spans[key]

    def get(self, key: _Key) -> Iterable[Span]:
        """The newest spans of a key, newest first."""
        return islice(reversed(self._spans.get(key, {})), MAX_LOOKED_AT)
