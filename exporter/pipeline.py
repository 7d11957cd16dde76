"""One message's way through the stages: start reading here.

    bytes → header → dialect → enrichment → waiting → attribution → cause → metrics, evidence

This is the one file that names all the stages; `stages` builds them. One event loop drives it, and
nothing here blocks or reads a clock. Batches of one sender go in with `process`, hosts' reports
with `report`, and time with `tick`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain

from exporter.attribution.crowds import MAX_LINE, Crowd, Touched
from exporter.attribution.waiting import Waiting
from exporter.bisection import Bisection
from exporter.causes.spread import Spread, knock
from exporter.deciding import Deciding, Told, ToldEach
from exporter.defects import Defects
from exporter.events import Batch, Reading, Rejection
from exporter.floods import Floods
from exporter.host_report import HostReport
from exporter.hosts.machines import Device
from exporter.hosts.traffic import Traffic
from exporter.intake import Arrived, Intake, Taken
from exporter.reading.unread import UnreadLines, lacks_verdict
from exporter.routers.echoes import Echoes
from exporter.routers.fronts import Fronts
from exporter.settling import Settling
from exporter.stages import Stages
from exporter.syslog import encoding
from exporter.syslog.blocks import Block

FORGET_EVERY = 60.0  # seconds


class Pipeline:
    """All stages in their order, and what waits between them."""

    def __init__(
        self,
        stages: Stages,
        decided: Told | None = None,
        decided_each: ToldEach | None = None,
        *,
        router: str | None = None,
        line_clock: float | None = None,
    ) -> None:
        """Build from its stages; `decided` gets every decision once, see `Deciding`.

        `router` names all messages' router. With `line_clock` the time is that of the lines, never
        backwards, and that is where it starts: for files, which are read later than they happened.
        """
        self.stages = stages
        self.waiting = Waiting()
        self._echoes = Echoes()
        self._fronts = Fronts()
        self.traffic = Traffic()
        self.spread = Spread(live=line_clock is None)
        self.bisection = Bisection(stages.hosts, asked=decided is not None)
        self.unread = UnreadLines()
        self.arrived: dict[str, Arrived] = {}  # by listener
        self._keeps_lines = decided is not None
        self.intake = Intake(stages.routers, stages.reader, router=router, line_clock=line_clock)
        self._floods = Floods(stages, self.intake, self.spread)
        self._defects = Defects()
        self._deciding = Deciding(
            stages,
            self.spread,
            self.bisection,
            self._defects,
            decided=decided,
            decided_each=decided_each,
        )
        self._settling = Settling(stages, self._deciding, self.waiting, self._defects)
        self._forgot = 0.0
        self._counted: list[Sequence[bytes]] = []  # of the batch that is being taken in

    @property
    def line_clock(self) -> float | None:
        """What time it is, by the lines."""
        return self.intake.line_clock

    def use(self, stages: Stages) -> None:
        """Go on as other, new stages are configured; what is known and counted stays."""
        self.stages = self.stages.configured_as(stages)
        self.intake.use(stages.reader)
        self._floods = Floods(self.stages, self.intake, self.spread)
        self._settling.use(self.stages)

    # --- what goes in ----------------------------------------------------------------------------

    def process(self, batch: Batch) -> None:
        """Take messages in and count them: floods of lines of one form by the block.

        Raises what a defect raised, when all is done that can be: then what is left is read line by
        line, and a line that cannot be is counted as dropped.
        """
        touched = self._arrived(batch)
        with self._defects.survived():
            self._pieces(batch, touched)
        if sum(map(len, self._counted)) < len(batch.messages):
            self._rest(batch, touched)
        self._settle(batch, touched)

    def read(self, batch: Batch) -> list[Reading]:
        """The same line by line; the readings tell what became of each."""
        touched = self._arrived(batch)
        readings = [self._message(batch, data, touched) for data in batch.messages]
        self._settle(batch, touched)
        return readings

    def report(self, report: HostReport, received: float) -> Device:
        """Take a host's report in, and decide what it settles; the next tick tells of defects.

        Raises machines.Conflict; nothing is changed then.
        """
        device, moved = self._reported(report, received)
        for process, amount in moved.items():
            self.stages.metrics.process_bytes(device.name, process, amount, received)
        self._pass(received)
        return device

    def recall(self, report: HostReport, received: float) -> None:
        """Take in a report that was counted before. Raises machines.Conflict."""
        self._reported(report, received)

    def _reported(self, report: HostReport, received: float) -> tuple[Device, Mapping[str, int]]:
        """Take a report in; return its device, and how many bytes each program moved since."""
        device = self.stages.hosts.report(report, received)
        self.bisection.reported(device, received)
        table = device.report.port_table  # where a router's ports lead, if it is known whose
        if table is not None and (router := self.stages.routers.at(table.gateway)) is not None:
            self.stages.attributor.mappings.read(router, table, device.taken - table.age_seconds)
        if device.received != received:  # one of a spool, that comes after newer ones
            return device, {}
        complete = report.unchanged_since is None
        return device, self.traffic.add(device.report, complete=complete)

    def tick(self, now: float) -> None:
        """Decide what has waited long enough, and forget what is old.

        Raises what a defect raised, when all is done that can be.
        """
        self._pass(now)
        self._defects.tell()

    def _pass(self, now: float) -> None:
        self._settling.ripen(now)
        if not 0 <= now - self._forgot < FORGET_EVERY:  # below 0: the clock was set back
            self._forgot = now
            self.stages.hosts.forget_old(now)
            self.stages.metrics.store.retire(now)

    def finish(self, now: float) -> None:
        """Decide everything that waits: the program ends, or the file does.

        Raises what a defect raised, when all is done that can be.
        """
        self._settling.finish(now)
        self._defects.tell()

    def _arrived(self, batch: Batch) -> Touched:
        arrived = self.arrived.setdefault(batch.listener, Arrived())
        arrived.messages += len(batch.messages)
        arrived.last = batch.received
        self._counted = []
        return Touched(self.waiting)

    def _settle(self, batch: Batch, touched: Touched) -> None:
        """Decide what can be decided of a batch, and tell of defects."""
        self._settling.settle(
            touched, batch.received if self.line_clock is None else self.line_clock
        )
        self._defects.tell()

    # --- many lines at once ----------------------------------------------------------------------

    def _pieces(self, batch: Batch, touched: Touched) -> None:
        for piece in self.intake.pieces(batch):
            for part in (piece,) if isinstance(piece, bytes) else self._floods.cut(batch, piece):
                if isinstance(part, bytes):
                    self._message(batch, part, touched)
                else:
                    self._block(batch, part, touched)

    def _rest(self, batch: Batch, touched: Touched) -> None:
        """Take in what a defect left of a batch; lines of blocks may stand in another order."""
        counted = Counter(chain.from_iterable(self._counted))
        for data in batch.messages:
            if counted[data]:
                counted[data] -= 1
                continue
            before = len(self._counted)
            with self._defects.survived():
                self._message(batch, data, touched)
            if len(self._counted) == before:
                self.stages.metrics.dropped(batch.listener, "defect", 1, batch.received)

    def _block(self, batch: Batch, block: Block, touched: Touched) -> None:
        """Take a block in: its first line as any line, the others by what differs from it."""
        first = self.intake.take(batch, block.lines[0])
        packets = self._took(first, block.lines[0])
        if packets is not None:
            crowd = None
            with self._defects.survived():
                crowd = self._floods.crowd(batch, block, first, packets)
            if crowd is not None:
                self._counted[-1] = block.lines  # in place of the first
                self._crowd(crowd, touched)
                return
            self._rejected(packets, first.now, touched)
        for data in block.lines[1:]:
            self._message(batch, data, touched)

    def _crowd(self, crowd: Crowd, touched: Touched) -> None:
        """Take in packets by columns; what a defect leaves of them one by one."""
        begin = 0
        with self._defects.survived():
            for part in self._floods.rejected(crowd):
                begin += len(part.ports)
                touched.gather(part)
        for at in range(begin, len(crowd.ports)):
            with self._defects.survived():
                self._rejected(crowd.packet(at), crowd.moments[at], touched)

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
        metrics, packets = self.stages.metrics, self._packets(taken, data)
        metrics.message(router, reading.dialect, reading.outcome, now)
        self._counted.append((data,))
        # A file's lines are shown by `--events`, whole.
        if self.line_clock is None and (event is None or event.kind == "other"):
            self.unread.note(reading, taken.message.text, now)
        if event is None:
            return None
        if packets is None and not self._echoes.again(router, event, happened):
            label = "no_verdict" if lacks_verdict(event) else event.kind
            metrics.router_event(router, label, event.packets, now)
            self.bisection.told(router, event, happened)
            self.stages.learn(event, router, happened)
        return packets

    def _packets(self, taken: Taken, data: bytes) -> Rejection | None:
        router, event = taken.reading.router, taken.reading.event
        if event is None or event.kind != "rejected":
            return None
        line = encoding.decode(data)[:MAX_LINE] if self._keeps_lines else ""
        outside = self._fronts.leads_outside(router, event)
        packets = self.stages.rejection(event, router, taken.happened, line, outside=outside)
        self._fronts.add(packets, event)
        return packets

    # --- enrichment ------------------------------------------------------------------------------

    def _rejected(self, packets: Rejection, now: float, touched: Touched) -> None:
        stages, happened = self.stages, packets.received
        stages.metrics.rejected(packets, now)
        touched.add(packets)
        stages.routers.rejected(packets, happened)
        stages.attributor.nats.add(packets)
        spread, clock = self._deciding.spread(happened, now)
        spread.add(*knock(packets), packets.count, clock)
