"""Floods of packets that are alike, counted and decided by columns.

A flood is thousands of packets a second. What would be done for one after the other is done once
for all that are equal in what it depends on, and comes to the same: counting them at their arrival;
and deciding about them, where nothing is known at home that could make one differ from another.
"""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import compress

from exporter import causes
from exporter.attribution.crowds import Crowd
from exporter.attribution.waiting import TOGETHER
from exporter.bisection import Bisection
from exporter.causes.alike import Ways
from exporter.causes.spread import LATE, Spread
from exporter.events import Batch, CauseName, Rejection
from exporter.intake import Intake, Taken
from exporter.metrics.tallies import Tallies
from exporter.stages import Stages
from exporter.syslog.blocks import Block


class Floods:
    """Counts crowds, and decides about them, with the parts of the pipeline."""

    def __init__(
        self, stages: Stages, intake: Intake, spread: Spread, bisection: Bisection
    ) -> None:
        self._stages = stages
        self._intake = intake
        self._spread = spread
        self._bisection = bisection
        self._tallies = Tallies(stages.metrics.store)
        self._ways = Ways(stages.knowledge, spread)

    def crowd(
        self, batch: Batch, block: Block, first: Taken, packets: Rejection, room: int
    ) -> Crowd | None:
        """The packets of a block whose first line is taken; None if the others must be, as well.

        Notes of all lines of a crowd what is no packet's own; `room` is how many may wait.
        """
        stages = self._stages
        if not (
            packets.direction == "inbound"
            and packets.count == 1
            and len(block.lines) <= room
            and stages.home.are_strangers(set(block.sources), packets.our_ip)
            and stages.metrics.has_place(first.reading)
        ):
            return None
        moments = self._intake.follow(batch, block, first)
        if moments is None:
            return None
        reading = first.reading
        labels = (reading.router, reading.dialect, reading.outcome)
        stages.metrics.message(*labels, moments[-1], len(block.lines) - 1)
        networks = stages.networks.look_up_each(block.sources)
        ends = (block.sources, networks, block.source_ports, block.ports)
        return Crowd(packets, moments, *ends, block.lines)

    def rejected(self, crowd: Crowd) -> Iterator[Crowd]:
        """Count a crowd at its arrival, part by part; packets of one part wait together."""
        begin = 0
        while begin < len(crowd.moments):
            moment = crowd.moments[begin]
            until = min((moment // TOGETHER + 1) * TOGETHER, self._spread.until(moment))
            end = bisect_left(crowd.moments, until, begin)
            part = crowd if end - begin == len(crowd.moments) else crowd.part(begin, end)
            self._arrived(part)
            yield part
            begin = end

    def _arrived(self, crowd: Crowd) -> None:
        like = crowd.like
        number = {port: int(port) for port in set(crowd.ports)}
        ports = [number[port] for port in crowd.ports]
        self._tallies.rejected(crowd, crowd.moments[-1])
        self._stages.routers.rejected_each(like, crowd.sources, crowd.moments)
        self._stages.attributor.nats.add_each(like, ports)
        self._spread.add_each(crowd.sources, like.transport, ports, crowd.moments[0])

    def may_conclude(self, crowd: Crowd, now: float) -> bool:
        """Whether all packets can be decided, and nobody could be named for any."""
        ripe, first, last = self._stages.attributor.ripe(now), crowd.moments[0], crowd.moments[-1]
        return (
            not crowd.like.inside  # else the address may name a device
            and self._stages.attributor.knows_nothing
            and ripe(crowd.like)
            and now - first <= LATE
            and self._renewed(crowd, first) == self._renewed(crowd, last)
        )

    def conclude(self, crowd: Crowd, now: float) -> None:
        """Say why packets came that are nobody's, and count them."""
        crowd, packets = crowd.grouped()
        names = self._names(crowd, now)
        self._tallies.attributed(crowd, names, packets, now)
        decoys = sum(packets) - sum(compress(packets, map("0".__eq__, crowd.ports)))
        if decoys:
            self._stages.metrics.decoy("none", decoys, now)
        at = 0
        while at < len(packets):
            end = bisect_left(
                crowd.moments, (crowd.moments[at] // 60 + 1) * 60, at
            )  # of the minute
            columns = (crowd.ports[at:end], crowd.networks[at:end], names[at:end])
            self._bisection.decided_each(crowd.packet(at), columns, packets[at:end], now)
            at = end

    def _names(self, crowd: Crowd, now: float) -> list[CauseName]:
        """The cause of each packet."""
        like, stages = crowd.like, self._stages

        def decide(at: int) -> CauseName:
            packet = crowd.packet(at)
            seen = self._spread.seen(packet.remote_ip, packet.transport, packet.our_port, now)
            whose = self._stages.attributor.attribute(packet, seen.ports_of_source).attribution
            known = (stages.knowledge, stages.hosts, stages.routers.uplinks)
            return causes.decide(causes.gather(packet, whose, seen, *known)).name

        renewed = self._renewed(crowd, like.received)
        equal = (like.transport, like.signal, renewed)
        columns = (crowd.sources, crowd.networks, crowd.source_ports, crowd.ports)
        return self._ways.names(equal, like.transport, columns, now, decide)

    def _renewed(self, crowd: Crowd, moment: float) -> bool | None:
        """Whether the line's address is known to be another one; None if it is an old one."""
        renewed = self._stages.routers.uplinks.renewed(crowd.like.router, crowd.like.our_ip, moment)
        return None if renewed is None else renewed.changed
