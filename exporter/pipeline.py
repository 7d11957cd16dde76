"""One message's way through the stages: start reading here.

    bytes → header → dialect → enrichment → waiting → attribution → cause → metrics, evidence

This is the one file that names all the stages; `stages` builds them. One event loop drives it, and
nothing here blocks or reads a clock. Batches of one sender go in with `process`, hosts' reports
with `report`, and time with `tick`.
"""

from collections.abc import Callable

import msgspec

from exporter import causes
from exporter.attribution import Finding
from exporter.attribution.crowds import MAX_LINE, Touched
from exporter.attribution.mappings import REMOVED
from exporter.attribution.waiting import Group, Waiting
from exporter.bisection import Bisection
from exporter.causes.spread import LATE, Seen, Spread, knock
from exporter.events import Batch, Decision, Event, Reading, Rejection
from exporter.floods import Floods
from exporter.host_report import HostReport
from exporter.hosts.machines import Device
from exporter.hosts.traffic import Traffic
from exporter.intake import Intake, Taken
from exporter.reading.unread import UnreadLines, lacks_verdict
from exporter.routers.echoes import Echoes
from exporter.routers.fronts import Fronts
from exporter.stages import Stages
from exporter.syslog import encoding
from exporter.syslog.blocks import Block

FORGET_EVERY = 60.0  # seconds


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
        self.traffic = Traffic()
        self.spread = Spread(live=line_clock is None)
        self.bisection = Bisection(stages.hosts)
        self.unread = UnreadLines()
        self.arrived: dict[str, Arrived] = {}  # by listener
        self._late = Spread()  # the same for what came late, by its own time
        self._decided = decided
        self.intake = Intake(stages.routers, stages.reader, router=router, line_clock=line_clock)
        self._floods = Floods(stages, self.intake, self.spread, self.bisection)
        self._forgot = 0.0

    @property
    def line_clock(self) -> float | None:
        """What time it is, by the lines."""
        return self.intake.line_clock

    # --- what goes in ----------------------------------------------------------------------------

    def process(self, batch: Batch) -> None:
        """Take messages in and count them: floods of lines of one form by the block."""
        touched = self._arrived(batch)
        for piece in self.intake.pieces(batch):
            if isinstance(piece, bytes):
                self._message(batch, piece, touched)
            else:
                self._block(batch, piece, touched)
        self._settle(batch, touched)

    def read(self, batch: Batch) -> list[Reading]:
        """The same line by line; the readings tell what became of each."""
        touched = self._arrived(batch)
        readings = [self._message(batch, data, touched) for data in batch.messages]
        self._settle(batch, touched)
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
            for process, amount in self.traffic.add(device.report, complete=complete).items():
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

    def _arrived(self, batch: Batch) -> Touched:
        arrived = self.arrived.setdefault(batch.listener, Arrived())
        arrived.messages += len(batch.messages)
        arrived.last = batch.received
        return Touched(self.waiting, spelled=self._decided is not None)

    def _settle(self, batch: Batch, touched: Touched) -> None:
        """Decide what can be decided of the packets that a batch told of."""
        now = batch.received if self.line_clock is None else self.line_clock
        crowds = [] if len(self.waiting) else touched.crowds
        if all(self._floods.may_conclude(crowd, now) for crowd in crowds):
            for crowd in crowds:
                self._floods.conclude(crowd, now)
            crowds.clear()
        touched.spell_out()
        ripe = self.stages.attributor.ripe(now)
        for group in touched.groups.values():
            seen = self._seen(group, now)
            finding = self.stages.attributor.attribute(group.rejection, seen.ports_of_source)
            if finding.settled or ripe(group.rejection):
                self.waiting.remove(group.rejection)
                self._conclude(group, seen, finding, now)

    # --- many lines at once ----------------------------------------------------------------------

    def _block(self, batch: Batch, block: Block, touched: Touched) -> None:
        """Take a block in: its first line as any line, the others by what differs from it."""
        first = self.intake.take(batch, block.lines[0])
        packets = self._took(first, block.lines[0])
        if packets is not None:
            crowd = self._floods.crowd(batch, block, first, packets, touched.room)
            if crowd is not None:
                for part in self._floods.rejected(crowd):
                    touched.gather(part)
                return
            self._rejected(packets, first.now, touched)
        for data in block.lines[1:]:
            self._message(batch, data, touched)

    # --- header, dialect -------------------------------------------------------------------------

    def _message(self, batch: Batch, data: bytes, touched: Touched) -> Reading:
        """Take a message in, and count its packets if it is about rejected ones."""
        taken = self.intake.take(batch, data)
        packets = self._took(taken, data)
        if packets is not None:
            self._rejected(packets, taken.now, touched)
        return taken.reading

    def _took(self, taken: Taken, data: bytes) -> Rejection | None:
        """Count a message, and what it says but for rejected packets; return these."""
        reading, event = taken.reading, taken.reading.event
        router, happened, now = reading.router, taken.happened, taken.now
        metrics = self.stages.metrics
        metrics.message(router, reading.dialect, reading.outcome, now)
        # A file's lines are shown by `--events`, whole.
        if self.line_clock is None and (event is None or event.kind == "other"):
            self.unread.note(reading, taken.message.text, now)
        if event is None:
            return None
        if event.kind == "rejected":
            line = encoding.decode(data)[:MAX_LINE] if self._decided else ""
            outside = self._fronts.leads_outside(router, event)
            packets = self.stages.rejection(event, router, happened, line, outside=outside)
            self._fronts.add(packets, event)
            return packets
        if not self._echoes.again(router, event, happened):
            metrics.router_event(router, _label(event), event.packets, now)
            self._learn(event, router, happened)
        return None

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

    def _rejected(self, packets: Rejection, now: float, touched: Touched) -> None:
        stages, happened = self.stages, packets.received
        stages.metrics.rejected(packets, now)
        stages.routers.rejected(packets, happened)
        stages.attributor.nats.add(packets)
        spread, clock = self._spread(happened, now)
        spread.add(*knock(packets), packets.count, clock)
        if not touched.add(packets):
            self._decide(Group(rejection=packets, packets=packets.count, last=happened), now)

    def _spread(self, happened: float, now: float) -> tuple[Spread, float]:
        """What was seen around a packet, and its clock: what comes late is no flood of today."""
        if now - happened <= LATE:
            return self.spread, now
        return self._late, happened

    def _seen(self, group: Group, now: float) -> Seen:
        spread, clock = self._spread(group.last, now)
        return spread.seen(*knock(group.rejection), clock)

    def _decide(self, group: Group, now: float) -> None:
        seen = self._seen(group, now)
        finding = self.stages.attributor.attribute(group.rejection, seen.ports_of_source)
        self._conclude(group, seen, finding, now)

    def _conclude(self, group: Group, seen: Seen, finding: Finding, now: float) -> None:
        """Say why packets came, of which it is found whose they were, and count them."""
        stages = self.stages
        packets = group.rejection
        if packets.count != group.packets:
            packets = msgspec.structs.replace(packets, count=group.packets)
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
