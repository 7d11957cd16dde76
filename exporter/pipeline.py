"""One message's way through the stages: start reading here.

    bytes → header → dialect → enrichment → waiting → attribution → cause → metrics, evidence

This is the one file that names all the stages; `stages` builds them. One event loop drives it, and
nothing here blocks or reads a clock. Batches of one sender go in with `process`, hosts' reports
with `report`, and time with `tick`.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from exporter import causes
from exporter.attribution import Attributor, Finding
from exporter.bisection import Bisection
from exporter.echoes import Echoes
from exporter.enrichment.direction import NOT_CONFIGURED, Home, Interfaces, rejection
from exporter.enrichment.networks import Networks
from exporter.events import Batch, Decision, Event, HostReport, Reading, Rejection, SyslogMessage
from exporter.fronts import Fronts
from exporter.hosts import Hosts
from exporter.knowledge import Knowledge
from exporter.machines import Device
from exporter.mappings import REMOVED
from exporter.metrics import Metrics
from exporter.reading import Reader, Sender
from exporter.routers import Routers
from exporter.spread import Seen, Spread
from exporter.syslog import encoding, header
from exporter.traffic import Traffic
from exporter.unread import UnreadLines, lacks_verdict
from exporter.waiting import Group, Waiting

MAX_LINE = 500  # characters that are kept of a line about a rejected packet
MAX_SENDERS = 1000  # whose dialect and last event are remembered
FORGET_EVERY = 60.0  # seconds
_LIVE = frozenset({"udp", "tcp", "tls"})  # listeners whose senders speak of now, as a rule
LATE = 300.0  # seconds; a decision takes at most two minutes, so what is older came late


class Stages(NamedTuple):
    """The parts that a pipeline is made of."""

    routers: Routers
    reader: Reader
    interfaces: Mapping[str, Interfaces]  # by router
    home: Home
    networks: Networks
    knowledge: Knowledge
    hosts: Hosts
    attributor: Attributor
    metrics: Metrics

    def rejection(
        self, event: Event, router: str, received: float, line: str = "", *, outside: bool = False
    ) -> Rejection:
        """The rejected packet of an event, with its sides and networks named."""
        return rejection(
            event,
            router=router,
            received=received,
            home=self.home,
            networks=self.networks,
            interfaces=self.interfaces.get(router, NOT_CONFIGURED),
            outside=outside,
            line=line,
        )


class Arrived(msgspec.Struct):
    """What a listener handed over since the start."""

    messages: int = 0
    last: float = 0.0


def _label(event: Event) -> str:
    """What an event counts as; lines about a packet that state no verdict are counted apart."""
    return "no_verdict" if lacks_verdict(event) else event.kind


class Pipeline:
    """All stages in their order, and what waits between them."""

    def __init__(
        self,
        stages: Stages,
        decided: Callable[[Decision], None] | None = None,
        *,
        router: str | None = None,
        line_clock: float | None = None,
    ) -> None:
        """Build from its stages; `decided` gets every decision once.

        `router` names all messages' router. With `line_clock` the time is that of the lines, never
        backwards, and that is where it starts: for files, which are read later than they happened.
        """
        self.stages = stages
        self.waiting = Waiting()
        self._echoes = Echoes()
        self._fronts = Fronts()
        self._traffic = Traffic()
        self.spread = Spread()
        self.bisection = Bisection(stages.hosts)
        self.unread = UnreadLines()
        self.arrived: dict[str, Arrived] = {}  # by listener
        self._late = Spread()  # the same for what came late, by its own time
        self._decided = decided
        self._router = router
        self.line_clock = line_clock  # what time it is, by the lines
        self._senders: dict[tuple[str, str | None], Sender] = {}
        self._newest: dict[str, Sender] = {}  # the one whose message came last, by address
        self._forgot = 0.0

    # --- what goes in ----------------------------------------------------------------------------

    def process(self, batch: Batch) -> list[Reading]:
        """Take messages in and count them; the readings tell what became of each."""
        touched: dict[int, Group] = {}
        arrived = self.arrived.setdefault(batch.listener, Arrived())
        arrived.messages += len(batch.messages)
        arrived.last = batch.received
        readings = [self._message(batch, data, touched) for data in batch.messages]
        now = batch.received if self.line_clock is None else self.line_clock
        ripe = self.stages.attributor.ripe(now)
        for group in touched.values():
            seen = self._seen(group, now)
            finding = self.stages.attributor.attribute(group.rejection, seen.ports_of_source)
            if finding.settled or ripe(group.rejection):
                self.waiting.remove(group.rejection)
                self._conclude(group, seen, finding, now)
        return readings

    def report(self, report: HostReport, received: float) -> Device:
        """Take a host's report in, and decide what it settles.

        Raises machines.Conflict; nothing is changed then.
        """
        device = self.stages.hosts.report(report, received)
        self.bisection.reported(device, received)
        self._read_table(device)
        if device.received == received:  # not one of a spool, that comes after newer ones
            complete = report.unchanged_since is None
            for process, amount in self._traffic.add(device.report, complete=complete).items():
                self.stages.metrics.process_bytes(device.name, process, amount, received)
        self.tick(received)
        return device

    def _read_table(self, device: Device) -> None:
        """Take in where a router's ports lead, if the device tells, and it is known whose."""
        table = device.report.port_table
        if table is not None and (router := self.stages.routers.at(table.gateway)) is not None:
            self.stages.attributor.mappings.read(router, table, device.taken - table.age_seconds)

    def tick(self, now: float) -> None:
        """Decide what has waited long enough, and forget what is old."""
        ripe = self.stages.attributor.ripe(now)
        for group in self.waiting.take(lambda group: ripe(group.rejection)):
            self._decide(group, now)
        if not 0 <= now - self._forgot < FORGET_EVERY:  # below 0: the clock was set back
            self._forgot = now
            self.stages.hosts.forget_old(now)
            self.stages.metrics.store.retire(now)

    def finish(self, now: float) -> None:
        """Decide everything that waits: the program ends, or the file does."""
        for group in self.waiting.take():
            self._decide(group, now)

    # --- header, dialect -------------------------------------------------------------------------

    def _message(self, batch: Batch, data: bytes, touched: dict[int, Group]) -> Reading:
        message = header.read(data, batch.received)
        now = self._now(message)
        router = self._router or self.stages.routers.name(batch.sender, message.hostname)
        sender = self._sender(batch.sender, message.hostname)
        sender.router = router
        dialect, outcome, event, error, repeated = self.stages.reader.read(
            message, sender, router, self._newest.get(batch.sender)
        )
        if repeated is None:
            self._newest[batch.sender] = sender
        router = repeated or router
        metrics = self.stages.metrics
        metrics.message(router, dialect, outcome, now)
        happened = self._heard(batch, router, message.time, now)
        if event is not None:
            if event.kind == "rejected":
                line = encoding.decode(data)[:MAX_LINE] if self._decided else ""
                outside = self._fronts.leads_outside(router, event)
                packets = self.stages.rejection(event, router, happened, line, outside=outside)
                self._fronts.add(packets, event.ingress_interface)
                self._rejected(packets, now, touched)
            elif not self._echoes.again(router, event, happened):
                metrics.router_event(router, _label(event), event.packets, now)
                self._learn(event, router, happened)
        reading = Reading(router=router, dialect=dialect, outcome=outcome, event=event, error=error)
        # A file's lines are shown by `--events`, whole.
        if self.line_clock is None and (event is None or event.kind == "other"):
            self.unread.note(reading, message.text, now)
        return reading

    def _heard(self, batch: Batch, router: str, stamp: float | None, now: float) -> float:
        """Note that a router spoke; return when what it says happened.

        A datagram is never late. What a relay, a file or a broker keeps may be: then it is asked
        who had which port at that time, not now.
        """
        kept = batch.listener not in _LIVE
        heard = self.stages.routers.heard(router, batch.sender, now, stamp, in_file=kept)
        if self.line_clock is not None or batch.listener == "udp":
            return now
        return heard.clock.happened(now)

    def _now(self, message: SyslogMessage) -> float:
        if self.line_clock is None:
            return message.received
        if message.time is not None:
            self.line_clock = max(self.line_clock, message.time)
        return self.line_clock

    def _sender(self, address: str, hostname: str | None) -> Sender:
        """What is remembered of a sender; the least recently heard is forgotten."""
        key = (address, hostname)
        sender = self._senders.pop(key, None) or Sender()
        if len(self._senders) >= MAX_SENDERS:
            forgotten = next(iter(self._senders))
            del self._senders[forgotten]
            self._newest.pop(forgotten[0], None)
        self._senders[key] = sender
        return sender

    def _learn(self, event: Event, router: str, happened: float) -> None:
        """Keep what tells whose a later packet is."""
        self.bisection.told(router, event, happened)
        if event.kind == "dhcp_lease":
            self.stages.hosts.inventory.leases.add(router, event, happened)
        elif event.kind in ("wifi_join", "wifi_leave"):
            self.stages.hosts.inventory.associations.add(router, event, happened)
        elif event.kind == "port_mapping" or event.action == REMOVED:
            self.stages.attributor.mappings.add(router, event, happened)
        elif event.kind == "wan_up":
            self.stages.routers.uplinks.connected(router, event.ip, happened)
        elif event.kind == "dns" or event.action == "cname":
            self.stages.attributor.lookups.add(router, event, happened)

    # --- enrichment, attribution, cause ----------------------------------------------------------

    def _rejected(self, packets: Rejection, now: float, touched: dict[int, Group]) -> None:
        stages, happened = self.stages, packets.received
        stages.metrics.rejected(packets, now)
        stages.routers.rejected(packets, happened)
        stages.attributor.nats.add(packets)
        spread, clock = self._spread(happened, now)
        spread.add(packets.remote_ip, packets.transport, packets.our_port, packets.count, clock)
        group = self.waiting.add(packets)
        if group is None:
            self._decide(Group(rejection=packets, packets=packets.count, last=happened), now)
        else:
            touched[id(group)] = group

    def _spread(self, happened: float, now: float) -> tuple[Spread, float]:
        """What was seen around a packet, and its clock: what comes late is no flood of today."""
        if now - happened <= LATE:
            return self.spread, now
        return self._late, happened

    def _seen(self, group: Group, now: float) -> Seen:
        packets = group.rejection
        spread, clock = self._spread(group.last, now)
        return spread.seen(packets.remote_ip, packets.transport, packets.our_port, clock)

    def _decide(self, group: Group, now: float) -> None:
        seen = self._seen(group, now)
        finding = self.stages.attributor.attribute(group.rejection, seen.ports_of_source)
        self._conclude(group, seen, finding, now)

    def _conclude(self, group: Group, seen: Seen, finding: Finding, now: float) -> None:
        """Say why packets came, of which it is found whose they were, and count them."""
        stages = self.stages
        packets = msgspec.structs.replace(group.rejection, count=group.packets)
        attribution = finding.attribution
        if attribution.evidence == "flow":
            stages.attributor.nats.kept(packets)
        known = (stages.knowledge, stages.hosts, stages.routers.uplinks)
        signs = causes.gather(packets, attribution, seen, *known)
        cause = causes.decide(signs)
        decision = Decision(
            rejection=packets, attribution=attribution, cause=cause, last=group.last
        )
        stages.metrics.attributed(decision, signs.application, now)
        decoy = stages.attributor.decoy(packets)
        if decoy is not None:
            stages.metrics.decoy(decoy, group.packets, now)
        self.bisection.decided(decision, now)
        if self._decided is not None:
            self._decided(decision)
