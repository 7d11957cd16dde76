"""Floods of packets that are alike, counted by columns at their arrival.

A flood is thousands of packets a second. What would be done for one after the other is done once
for all that are equal in what it depends on, and comes to the same. `deciding` goes on with them.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise

from exporter.attribution.crowds import Crowd
from exporter.attribution.waiting import TOGETHER
from exporter.causes.spread import Spread
from exporter.events import Batch, Rejection
from exporter.intake import Intake, Taken
from exporter.metrics.tallies import Tallies
from exporter.stages import Stages
from exporter.syslog.blocks import MIN_LINES, Block
from exporter.syslog.columns import runs


class Floods:
    """Counts crowds with the parts of the pipeline."""

    def __init__(self, stages: Stages, intake: Intake, spread: Spread) -> None:
        self._stages = stages
        self._intake = intake
        self._spread = spread
        self._tallies = Tallies(stages.metrics.store)

    def cut(self, batch: Batch, block: Block) -> Iterator[Block | bytes]:
        """What is from strangers, as blocks, and the other lines behind it.

        Where stamps tell the time, only lines of the same stamp come in another order.
        """
        others = self._stages.home.no_strangers(block.sources.amounts.keys())
        if not others:  # as a rule
            yield block
            return
        ends: Iterable[int] = (len(block.lines),)
        if self._intake.stamps_tell(batch):
            ends = accumulate(count for _, count in runs(block.stamps))
        for begin, end in pairwise((0, *ends)):
            rest: Sequence[int] = range(begin, end)
            strange = [at for at in rest[:-1] if block.sources[at] not in others]
            if len(strange) >= MIN_LINES:
                yield block.those(strange)
                # What a repeat would repeat is the last line.
                rest = [at for at in rest[:-1] if block.sources[at] in others] + [end - 1]
            for at in rest:
                yield block.lines[at]

    def crowd(self, batch: Batch, block: Block, first: Taken, packets: Rejection) -> Crowd | None:
        """The packets of a block of strangers' whose first line is taken; None if all must be.

        Notes of all lines of a crowd what is no packet's own.
        """
        stages = self._stages
        if not (
            packets.direction == "inbound"
            and packets.count == 1
            and packets.our_ip not in block.sources.amounts
            and stages.metrics.has_place(first.reading)
        ):
            return None
        moments = self._intake.follow(batch, block, first)
        if moments is None:
            return None
        reading = first.reading
        networks = stages.networks.look_up_each(block.sources.amounts.keys())
        labels = (reading.router, reading.dialect, reading.outcome)
        stages.metrics.message(*labels, moments[-1], len(block.lines) - 1)
        ends = (block.sources, block.source_ports, block.ports)
        lines = block.lines if packets.line else [b""] * len(moments)
        return Crowd(packets, networks, moments, *ends, lines)

    def rejected(self, crowd: Crowd) -> Iterator[Crowd]:
        """Count a crowd at its arrival, part by part; packets of one part wait together."""
        begin = 0
        while begin < len(crowd.moments):
            moment = crowd.moments[begin]
            until = min((moment // TOGETHER + 1) * TOGETHER, self._spread.until(moment))
            end = bisect_left(crowd.moments, until, begin)
            part = crowd if end - begin == len(crowd.moments) else crowd.part(begin, end)
            self._tallies.rejected(part, part.moments[-1])
            yield part
            self._note(part)
            begin = end

    def _note(self, crowd: Crowd) -> None:
        like = crowd.like
        self._stages.routers.rejected_each(like, crowd.sources, crowd.moments)
        self._stages.attributor.nats.add_each(like, crowd.ports)
        self._spread.add_each(crowd.sources, like.transport, crowd.ports, crowd.moments[0])
