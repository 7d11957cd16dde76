"""The signs that a cause is told by: all that is known around a rejected packet, gathered.

In go a rejection, whose it is, what else was seen, and what is known of ports, networks, devices
and lines; out come `Signs`, plain values, so that every rule is a function of them.
"""

import msgspec

from exporter.causes.spread import Seen
from exporter.events import Attribution, Evidence, Rejection
from exporter.hosts import Hosts
from exporter.knowledge import Application, Knowledge
from exporter.knowledge.records import Reading
from exporter.routers.uplinks import Renewal, Uplinks

MANY_SOURCES = 8  # at one port of ours: peers that were told of it, or a forged flood
FLOOD_PER_MINUTE = 3000.0  # packets; 50 a second, which a slow line feels
RENTED = frozenset(["cloud", "hosting"])  # networks in which anybody is
_ATTACKED = frozenset(["scan", "iot_botnet", "exploit", "reflection"])  # kinds of ports.yaml
_ERRORS = {"icmp": ("0", "3", "4", "11", "12"), "icmpv6": ("1", "2", "3", "4", "129")}


class Signs(msgspec.Struct, frozen=True, kw_only=True):
    """All that a cause is told by."""

    rejection: Rejection
    attribution: Attribution
    seen: Seen
    port_kind: str = ""  # of the port a packet was sent to: knowledge/ports.yaml
    remote_reading: Reading | None = None  # what a packet from that remote port usually is
    remote_weight: float = 0.0  # 0 to 1: how far that port alone says so
    amplifies: bool = False  # servers at that remote port are abused to multiply traffic
    network_reading: Reading = "unknown"  # what packets from such a network usually are
    application: Application | None = None  # of the program that is named
    listens: bool | None = None  # whether the named device has the port open; None: not told
    renewed: Renewal | None = None  # our line got its address not long ago

    @property
    def level(self) -> Evidence:
        """The evidence, or that of the candidates where several devices have the same."""
        if self.attribution.evidence == "ambiguous" and self.attribution.candidates:
            return self.attribution.candidates[0].evidence
        return self.attribution.evidence

    @property
    def first_reason(self) -> str:
        """The code of what decided whose it is."""
        return self.attribution.reasons[0].code if self.attribution.reasons else ""

    @property
    def closed_for(self) -> float:
        """Seconds since the program, or every candidate's, closed the port; 0 while one has it."""
        seconds = [
            float(candidate.reasons[0].values.get("closed_for", 0))
            for candidate in self.attribution.candidates
            if candidate.evidence == "socket" and candidate.reasons
        ]
        return min(seconds, default=0.0)

    @property
    def is_flood(self) -> bool:
        """Whether so much comes for the port that a line feels it."""
        return self.seen.packets_per_minute >= FLOOD_PER_MINUTE

    @property
    def has_many_sources(self) -> bool:
        """Whether many senders try the port, if the line says which."""
        return self.rejection.our_port is not None and self.seen.sources_of_port >= MANY_SOURCES

    @property
    def is_ephemeral(self) -> bool:
        """Whether a program of ours may have chosen the port; strangers do not know it then."""
        port = self.rejection.our_port
        return (port is None or port >= 1024) and not self.is_attacked

    @property
    def is_attacked(self) -> bool:
        """Whether strangers everywhere try the port that the packet was sent to."""
        return self.port_kind in _ATTACKED

    @property
    def opens(self) -> bool:
        """Whether it asks for a new TCP connection, which no answer and no remains of one do."""
        return "S" in self._flags and "A" not in self._flags

    @property
    def accepts(self) -> bool:
        """Whether it answers the question for a TCP connection."""
        return "S" in self._flags and "A" in self._flags

    @property
    def resets(self) -> bool:
        """Whether it breaks a TCP connection off, or refuses one."""
        return "R" in self._flags

    @property
    def continues(self) -> bool:
        """Whether it belongs to a TCP connection that was there, or ends it."""
        return "A" in self._flags and "S" not in self._flags and "R" not in self._flags

    @property
    def is_no_connection(self) -> bool:
        """Whether no TCP connection has such flags: all but the first packet acknowledge."""
        return bool(self._flags) and not set(self._flags) & set("SAR")

    @property
    def is_icmp_answer(self) -> bool:
        """Whether it is ICMP about another packet: an error, or the answer to a ping."""
        return self.rejection.signal in _ERRORS.get(self.rejection.transport, ())

    @property
    def _flags(self) -> str:
        return self.rejection.signal if self.rejection.transport == "tcp" else ""


def gather(
    rejection: Rejection,
    attribution: Attribution,
    seen: Seen,
    *,
    knowledge: Knowledge,
    hosts: Hosts,
    uplinks: Uplinks,
) -> Signs:
    """What is known about a rejection."""
    transport, port, remote_port = (
        rejection.transport,
        rejection.destination_port,
        rejection.remote_port,
    )
    target = None if port is None else knowledge.port(transport, port)
    answering = None if remote_port is None else knowledge.port(transport, remote_port)
    theirs = None if remote_port is None else knowledge.source_port(transport, remote_port)
    is_told = attribution.evidence == "mapping"
    attacks = theirs is not None and theirs.reading == "attack"
    kind = knowledge.networks.kinds.get(rejection.remote.kind)
    return Signs(
        rejection=rejection,
        attribution=attribution,
        seen=seen,
        port_kind=target.kind if target else "",
        remote_reading=theirs.reading if theirs else None,
        remote_weight=theirs.weight if theirs else 0.0,
        amplifies=attacks or (answering is not None and answering.kind == "reflection"),
        network_reading=kind.default_reading if kind else "unknown",
        application=knowledge.application(attribution.process, transport, rejection.our_port),
        listens=_listens(hosts, attribution, rejection) if is_told else None,
        renewed=uplinks.renewed(rejection.router, rejection.our_ip, rejection.received),
    )


def _listens(hosts: Hosts, attribution: Attribution, rejection: Rejection) -> bool | None:
    """Whether the device that the router names has the port open; None if no report tells."""
    device = hosts.device(attribution.device)
    moment = rejection.received
    if device is None or moment > device.current_until:
        return None
    port = attribution.reasons[0].values.get("inside_port", rejection.our_port)
    spans = hosts.listeners.on_port(rejection.transport, int(port or 0), moment, 0.0)
    return any(span.device == device.name and span.remote_ip is None for span in spans)
