"""Packets of strangers of which nothing is known at home, decided by columns: they are nobody's.

What would be done for one after the other is done once for all that are equal in what it depends
on, and comes to the same: their causes, the counters, the decoys, what is bisected and remembered.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from itertools import compress, groupby

import msgspec

from exporter.attribution.crowds import Crowd, Groups
from exporter.attribution.decoys import decoys
from exporter.attribution.waiting import Group
from exporter.bisection import Bisection, concerns
from exporter.causes.alike import Sort, Ways
from exporter.causes.spread import Spread
from exporter.events import CauseName, Decision, Evidence, Rejection
from exporter.metrics.tallies import Tallies, Totals
from exporter.stages import Stages

FEW = 4  # where more than one of so many packets has a cause of its own, each is looked at


class Nobodys:
    """Says why packets came that are nobody's, and counts them, with the parts of the pipeline."""

    def __init__(
        self,
        stages: Stages,
        spread: Spread,
        bisection: Bisection,
        decision: Callable[[Group, float], Decision],
    ) -> None:
        """`decision` decides about one group as about any other."""
        self._stages = stages
        self._bisection = bisection
        self._decision = decision
        self._tallies = Tallies(stages.metrics.store)
        self._ways = Ways(stages.knowledge, spread)

    def all_alike(self, like: Rejection, moments: Collection[float]) -> bool:
        """Whether the line had its address in the same way at all moments."""
        return self._renewed(like, min(moments)) == self._renewed(like, max(moments))

    def conclude(self, groups: Groups, now: float) -> Sequence[CauseName]:
        """Count groups; return the cause of each."""
        for evidence, packets in self._decoys(groups).items():
            self._stages.metrics.decoy(evidence, packets, now)
        return self._each(groups, now)

    def conclude_crowd(self, crowd: Crowd, now: float) -> None:
        """The same where nothing is known of anybody, and nobody asks what became of each packet.

        That takes less: they need not be told apart.
        """
        self._bisection.streams.listening(now)
        if having_decoys := len(crowd.ports) - crowd.ports.amounts["0"]:
            self._stages.metrics.decoy("none", having_decoys, now)
        totals, apart = self._alike(crowd, now)
        few = len(apart) * FEW <= len(crowd.ports)
        if few and self._tallies.are_few(len(totals) + len(apart)):
            self._tallies.attributed_in_all(crowd.like, totals, now)
            crowd = crowd.those(apart)
        if crowd.ports:
            self._each(crowd.grouped(), now)

    def _alike(self, crowd: Crowd, now: float) -> tuple[Totals, list[int]]:
        """How many packets of each network have which cause, and the places of all others.

        Most have the cause that all of their sender have, from whatever port to whatever port. What
        a device may have caused is among the others: it is followed by the port.
        """
        like, ways, ports = crowd.like, self._ways, crowd.ports.amounts.keys()
        sorts = ways.sorts(crowd.sources.amounts, crowd.networks, now)
        amounts = defaultdict[Sort, int](int)
        for source, packets in crowd.sources.amounts.items():
            amounts[sorts[source]] += packets

        def decide(sort: Sort, port: str) -> CauseName:
            source = next(source for source in crowd.sources.amounts if sorts[source] is sort)
            packet, number = crowd.packet(crowd.sources.index(source)), int(port)
            ends = {"our_port": number, "destination_port": number, "remote_port": None}
            group = Group(rejection=msgspec.structs.replace(packet, **ends), packets=1, last=now)
            return self._decision(group, now).cause.name

        names = ways.names_of_sorts(self._equal(like), like.transport, amounts, ports, now, decide)
        apart = set(crowd.mates(ways.noted(like.transport).keys() | ports))
        concerned = {number for number, name in names.items() if concerns("", like.direction, name)}
        others = {s for s in amounts if s.number not in names or s.number in concerned}
        if others:
            senders = {source for source in crowd.sources.amounts if sorts[source] in others}
            where = map(senders.__contains__, crowd.sources)
            apart.update(compress(range(len(crowd.sources)), where))
        for at in apart:
            amounts[sorts[crowd.sources[at]]] -= 1
        totals = defaultdict[tuple[str, CauseName], int](int)
        for sort, amount in amounts.items():
            if amount:  # else all of them are apart
                totals[sort.asn, names[sort.number]] += amount
        return totals, sorted(apart)

    def _each(self, groups: Groups, now: float) -> Sequence[CauseName]:
        """Count packets, each by the cause that it has itself."""
        crowd = groups.firsts
        names = self._ways.names(
            self._equal(crowd.like),
            crowd.like.transport,
            (crowd.sources, crowd.source_ports, crowd.ports),
            crowd.networks,
            now,
            lambda at: self._decision(groups.group(at), now).cause.name,
        )
        self._tallies.attributed(crowd, names, groups.packets, now)
        asns, begin = [crowd.networks[source].asn for source in crowd.sources], 0
        for _, minute in groupby(moment // 60 for moment in crowd.moments):
            part = slice(begin, begin := begin + len(list(minute)))
            columns = (crowd.ports[part], asns[part], names[part])
            like = msgspec.structs.replace(crowd.like, received=crowd.moments[part.start])
            self._bisection.decided_each(like, columns, groups.packets[part], now)
        return names

    def _equal(self, like: Rejection) -> Hashable:
        """What causes depend on that all packets of a crowd have in common."""
        return like.transport, like.signal, self._renewed(like, like.received)

    def _decoys(self, groups: Groups) -> Mapping[Evidence, int]:
        """The packets by what is found for their decoys; those for port 0 have none."""
        attributor, crowd = self._stages.attributor, groups.firsts
        if "0" in crowd.ports:
            groups = groups.without([at for at, port in enumerate(crowd.ports) if port == "0"])
            crowd = groups.firsts
        found: dict[Evidence, int] = {"none": sum(groups.packets)}
        if not attributor.silence.is_complete and groups.packets:
            router, transport = crowd.like.router, crowd.like.transport
            shared = attributor.nats.is_shared(router)
            ends = decoys(crowd.sources, crowd.numbers(), crowd.moments, shared=shared)
            for at in attributor.silence.broken(router, transport, *ends):
                evidence = attributor.decoy(groups.group(at).rejection) or "none"
                found["none"] -= groups.packets[at]
                found[evidence] = found.get(evidence, 0) + groups.packets[at]
        return {evidence: packets for evidence, packets in found.items() if packets}

    def _renewed(self, like: Rejection, moment: float) -> bool | None:
        """Whether the line's address is known to be another one; None if it is an old one."""
        renewed = self._stages.routers.uplinks.renewed(like.router, like.our_ip, moment)
        return None if renewed is None else renewed.changed
