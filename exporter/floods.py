"""Floods of packets that are alike, counted and decided by columns.

A flood is thousands of packets a second. What would be done for one after the other is done once
for all that are equal in what it depends on, and comes to the same: counting them at their arrival;
and deciding about them, where nothing is known at home that could make one differ from another.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator
from itertools import compress

import msgspec

from exporter import causes
from exporter.attribution.crowds import Crowd
from exporter.attribution.waiting import TOGETHER
from exporter.bisection import Bisection, concerns
from exporter.causes.alike import Sort, Ways
from exporter.causes.spread import LATE, Spread
from exporter.events import Batch, CauseName, Rejection
from exporter.intake import Intake, Taken
from exporter.metrics.tallies import Tallies, Totals
from exporter.stages import Stages
from exporter.syslog.blocks import Block

FEW = 4  # where more than one of so many packets has a cause of its own, each is looked at


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
        self._tallies.rejected(crowd, crowd.moments[-1])
        self._stages.routers.rejected_each(like, crowd.sources, crowd.moments)
        self._stages.attributor.nats.add_each(like, crowd.ports)
        self._spread.add_each(crowd.sources, like.transport, crowd.ports, crowd.moments[0])

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
        self._bisection.streams.listening(now)
        decoys = len(crowd.ports) - crowd.ports.count("0")
        if decoys:
            self._stages.metrics.decoy("none", decoys, now)
        totals, apart = self._alike(crowd, now)
        few = len(apart) * FEW <= len(crowd.ports)
        if few and self._tallies.are_few(len(totals) + len(apart)):
            self._tallies.attributed_in_all(crowd.like, totals, now)
            crowd = crowd.at(apart)
        self._each(crowd, now)

    def _alike(self, crowd: Crowd, now: float) -> tuple[Totals, list[int]]:
        """How many packets of each network have which cause, and the places of all others.

        Most have the cause that all of their sender have, from whatever port to whatever port. What
        a device may have caused is among the others: it is followed by the port.
        """
        like, ways, ports = crowd.like, self._ways, set(crowd.ports)
        sorts = ways.sorts(crowd.sources, crowd.networks, now)
        each = list(map(sorts.__getitem__, crowd.sources))
        amounts = Counter(each)

        def decide(sort: Sort, port: str) -> CauseName:
            packet, number = crowd.packet(each.index(sort)), int(port)
            return self._cause(
                msgspec.structs.replace(
                    packet, our_port=number, destination_port=number, remote_port=None
                ),
                now,
            )

        names = ways.names_of_sorts(self._equal(crowd), like.transport, amounts, ports, now, decide)
        apart = set(crowd.mates(ways.noted(like.transport).keys() | ports))
        concerned = {number for number, name in names.items() if concerns("", like.direction, name)}
        others = {s for s in amounts if s.number not in names or s.number in concerned}
        if others:
            apart.update(compress(range(len(each)), map(others.__contains__, each)))
        amounts.subtract(each[at] for at in apart)
        totals = defaultdict[tuple[str, CauseName], int](int)
        for sort, amount in amounts.items():
            if amount:  # else all of them are apart
                totals[sort.asn, names[sort.number]] += amount
        return totals, sorted(apart)

    def _each(self, crowd: Crowd, now: float) -> None:
        """Count packets, each by the cause that it has itself."""
        crowd, packets = crowd.grouped()
        names = self._ways.names(
            self._equal(crowd),
            crowd.like.transport,
            (crowd.sources, crowd.networks, crowd.source_ports, crowd.ports),
            now,
            lambda at: self._cause(crowd.packet(at), now),
        )
        self._tallies.attributed(crowd, names, packets, now)
        at = 0
        while at < len(packets):
            end = bisect_left(
                crowd.moments, (crowd.moments[at] // 60 + 1) * 60, at
            )  # of the minute
            columns = (crowd.ports[at:end], crowd.networks[at:end], names[at:end])
            self._bisection.decided_each(crowd.packet(at), columns, packets[at:end], now)
            at = end

    def _cause(self, packet: Rejection, now: float) -> CauseName:
        stages = self._stages
        seen = self._spread.seen(packet.remote_ip, packet.transport, packet.our_port, now)
        whose = stages.attributor.attribute(packet, seen.ports_of_source).attribution
        known = (stages.knowledge, stages.hosts, stages.routers.uplinks)
        return causes.decide(causes.gather(packet, whose, seen, *known)).name

    def _equal(self, crowd: Crowd) -> Hashable:
        """What causes depend on that all packets of a crowd have in common."""
        like = crowd.like
        return like.transport, like.signal, self._renewed(crowd, like.received)

    def _renewed(self, crowd: Crowd, moment: float) -> bool | None:
        """Whether the line's address is known to be another one; None if it is an old one."""
        renewed = self._stages.routers.uplinks.renewed(crowd.like.router, crowd.like.our_ip, moment)
        return None if renewed is None else renewed.changed
