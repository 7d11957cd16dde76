"""One message's way through the stages: start reading here.

    bytes → header → dialect → enrichment → waiting → attribution → cause → metrics, evidence

This is the one file that names all the stages; `stages` builds them. One event loop drives it, and
nothing here blocks or reads a clock. Batches of one sender go in with `process`, hosts' reports
with `report`, and time with `tick`.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec
from loguru import logger

from exporter import causes
from exporter.attribution import Attributor, Finding
from exporter.dialects import Dialect, Malformed
from exporter.dialects.table import recognise
from exporter.enrichment.direction import NOT_CONFIGURED, Home, Interfaces, rejection
from exporter.enrichment.networks import Networks
from exporter.events import (
    Batch,
    Decision,
    Event,
    HostReport,
    Outcome,
    Reading,
    Rejection,
    SyslogMessage,
)
from exporter.hosts import Device, Hosts
from exporter.knowledge import Knowledge
from exporter.metrics import Metrics
from exporter.routers import Routers
from exporter.spread import Spread
from exporter.syslog import header, repeats
from exporter.waiting import Group, Waiting

MAX_SENDERS = 1000  # whose dialect and last event are remembered
FORGET_EVERY = 60.0  # seconds


class Stages(NamedTuple):
    """The parts that a pipeline is made of."""

    routers: Routers
    interfaces: Mapping[str, Interfaces]  # by router
    home: Home
    networks: Networks
    knowledge: Knowledge
    hosts: Hosts
    attributor: Attributor
    metrics: Metrics

    def rejection(self, event: Event, router: str, received: float) -> Rejection:
        """The rejected packet of an event, with its sides and networks named."""
        return rejection(
            event,
            router=router,
            received=received,
            home=self.home,
            networks=self.networks,
            interfaces=self.interfaces.get(router, NOT_CONFIGURED),
        )


class Read(NamedTuple):
    """What the dialects made of one message."""

    dialect: str | None
    outcome: Outcome
    event: Event | None
    error: str | None = None
    router: str | None = None  # set when it is not the message's own: a repeat without a host


class Sender(msgspec.Struct, kw_only=True):
    """What is remembered of one sender: a guess where to begin, and what a repeat repeats."""

    dialect: Dialect | None = None
    last: Read | None = None  # what its newest message was
    router: str = ""


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
        self.spread = Spread()
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
        readings = [self._message(batch, data, touched) for data in batch.messages]
        now = batch.received if self.line_clock is None else self.line_clock
        ripe = self.stages.attributor.ripe(now)
        for group in touched.values():
            finding = self.stages.attributor.attribute(group.rejection)
            if finding.settled or ripe(group.rejection):
                self.waiting.remove(group.rejection)
                self._decide(group, now, finding)
        return readings

    def report(self, report: HostReport, received: float) -> Device:
        """Take a host's report in, and decide what it settles.

        Raises hosts.Conflict; nothing is changed then.
        """
        device = self.stages.hosts.report(report, received)
        self.tick(received)
        return device

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
        dialect, outcome, event, error, repeated = read(
            message, sender, self._newest.get(batch.sender)
        )
        if repeated is None:
            self._newest[batch.sender] = sender
        router = repeated or router
        metrics = self.stages.metrics
        metrics.message(router, dialect, outcome, now)
        self.stages.routers.heard(router, batch.sender, now, message.time)
        if event is not None:
            if event.kind == "rejected":
                self._rejected(event, router, now, touched)
            else:
                metrics.router_event(router, event.kind, event.packets, now)
        return Reading(router=router, dialect=dialect, outcome=outcome, event=event, error=error)

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

    # --- enrichment, attribution, cause ----------------------------------------------------------

    def _rejected(self, event: Event, router: str, now: float, touched: dict[int, Group]) -> None:
        stages = self.stages
        packets = stages.rejection(event, router, now)
        stages.metrics.rejected(packets, now)
        stages.routers.rejected(router, packets.remote_ip, now)
        self.spread.add(packets.remote_ip, packets.transport, packets.our_port, packets.count, now)
        group = self.waiting.add(packets)
        if group is None:
            self._decide(Group(rejection=packets, packets=packets.count, last=now), now)
        else:
            touched[id(group)] = group

    def _decide(self, group: Group, now: float, finding: Finding | None = None) -> None:
        stages = self.stages
        packets = msgspec.structs.replace(group.rejection, count=group.packets)
        attribution = (finding or stages.attributor.attribute(packets)).attribution
        seen = self.spread.seen(packets.remote_ip, packets.transport, packets.our_port, now)
        signs = causes.signs(packets, attribution, seen, stages.knowledge)
        cause = causes.decide(signs)
        decision = Decision(
            rejection=packets, attribution=attribution, cause=cause, last=group.last
        )
        stages.metrics.attributed(decision, signs.application, now)
        decoy = stages.attributor.decoy(packets)
        if decoy is not None:
            stages.metrics.decoy(decoy, group.packets, now)
        if self._decided is not None:
            self._decided(decision)


def read(message: SyslogMessage, sender: Sender, newest: Sender | None = None) -> Read:
    """Let the dialects read a message, and expand what repeats.

    A bare repeat is of its own sender's last message; one without a host, or of a host that said
    nothing yet, is of the `newest` message from its address.
    """
    try:
        repeat = repeats.read(message)
    except repeats.RepeatError as error:
        sender.last = Read(None, "malformed", None, str(error))
        return sender.last
    if repeat is None:
        sender.last = _parse(message, sender)
    elif repeat.message is None:
        if newest is not None and (message.hostname is None or sender.last is None):
            sender = newest
        return _again(sender, repeat.times, message.time)
    else:
        sender.last = _times(_parse(repeat.message, sender), repeat.times)
    return sender.last


def _parse(message: SyslogMessage, sender: Sender) -> Read:
    dialect = recognise(message, sender.dialect)
    if dialect is None:
        return Read(None, "unrecognised", None)
    sender.dialect = dialect
    try:
        event = dialect.parse(message)
    except Malformed as error:
        return Read(dialect.name, "malformed", None, str(error))
    except Exception as error:  # noqa: BLE001 - a dialect's defect must not cost other lines
        logger.opt(exception=error).error("dialect {} fails on {!r}", dialect.name, message.text)
        return Read(dialect.name, "malformed", None, f"the dialect fails: {error!r}")
    if event is None:
        return Read(dialect.name, "ignored", None)
    if event.time is None and message.time is not None:
        event = msgspec.structs.replace(event, time=message.time)
    return Read(dialect.name, "event", event)


def _again(sender: Sender, times: int, time: float | None) -> Read:
    """A bare "last message repeated": its predecessor once more, if that was an event."""
    if sender.last is None or sender.last.event is None:
        return Read(None, "event", Event(kind="repeat", count=times, time=time))
    again = msgspec.structs.replace(sender.last.event, count=times, time=time)
    return sender.last._replace(event=again, router=sender.router)


def _times(one: Read, times: int) -> Read:
    if one.event is None:
        return one
    return one._replace(event=msgspec.structs.replace(one.event, count=times))
