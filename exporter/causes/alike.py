"""Names of the causes of many packets of strangers at once, of whom nothing is known at home.

Such packets differ in a few ways that the rules ask about; where all of these are equal, the cause
has the same name. Columns of packets go in, each with a place for each packet, and how far they
spread; out come the names, of each packet, or of whole sorts of senders, where it does not matter
which ports their packets have. One packet of each way is decided as any other is.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter, eq

from exporter.causes.signs import FLOOD_PER_MINUTE, MANY_SOURCES
from exporter.causes.spread import Spread
from exporter.causes.strangers import (
    DELUGE_PER_MINUTE,
    FEW_PACKETS,
    MANY_ANSWERS,
    MANY_PORTS,
    SEVERAL_SOURCES,
)
from exporter.events import CauseName, Network
from exporter.knowledge import Knowledge

MOST = 2  # both numbers of ports are reached
MAX_WAYS = 10_000  # that are remembered; more than there are, unless the rules change
MAX_SORTS = 10_000  # likewise; forged senders are of all networks that there are


class Sort:
    """Senders of one network between which no rule tells a difference."""

    def __init__(self, asn: str, number: int) -> None:
        self.asn = asn
        self.number = number  # the same for other networks that no rule tells from it


class Ways:
    """The ways in which packets differ, and the names of their causes."""

    def __init__(self, knowledge: Knowledge, spread: Spread) -> None:
        self._knowledge = knowledge
        self._spread = spread
        self._numbers: dict[Hashable, int] = {}  # of what is equal, since numbers are compared fast
        self._theirs: dict[str, dict[str, int]] = {}  # by transport: known ports of the other side
        self._names: dict[Hashable, dict[Hashable, CauseName]] = {}
        self._sorts: dict[tuple[str, int], Sort] = {}
        self._settled: dict[str, Sort] = {}  # sources of which more packets tell no more
        self._until = 0.0  # the window that these are of

    def names(
        self,
        equal: Hashable,
        transport: str,
        columns: tuple[Sequence[str], Sequence[str], Sequence[str]],
        networks: Mapping[str, Network],
        now: float,
        decide: Callable[[int], CauseName],
    ) -> list[CauseName]:
        """The cause of each packet; `decide` tells that of the one in a place.

        `columns` are source, its port and ours; `networks` those of the sources. `equal` is what
        else causes depend on, which is the same for all of them.
        """
        sources, source_ports, ports = columns
        at_port = {port: self._of_port(transport, port, now) for port in set(ports)}
        sorts = self.sorts(set(sources), networks, now)
        theirs = self.noted(transport)

        def ways() -> Iterator[Hashable]:
            return zip(
                map(at_port.__getitem__, ports),
                map(attrgetter("number"), map(sorts.__getitem__, sources)),
                map(theirs.get, source_ports),
                map(eq, source_ports, ports),
                strict=True,
            )

        names = self._known(equal)
        try:
            return list(map(names.__getitem__, ways()))
        except KeyError:
            for at, way in enumerate(ways()):
                if way not in names:
                    names[way] = decide(at)
        return list(map(names.__getitem__, ways()))

    def names_of_sorts(
        self,
        equal: Hashable,
        transport: str,
        sorts: Collection[Sort],
        ports: Collection[str],
        now: float,
        decide: Callable[[Sort, str], CauseName],
    ) -> dict[int, CauseName]:
        """The causes, by numbers of sorts, of packets to any of `ports`, and from any but these
        and the `noted` ones.

        Left out are sorts of which it matters to which port the packet came. `decide` tells the
        cause of a packet from such a port, of a sort and to a port.
        """
        at_port = {self._of_port(transport, port, now): port for port in ports}
        names, found = self._known(equal), dict[int, CauseName]()
        for number, sort in {sort.number: sort for sort in sorts}.items():
            for at, port in at_port.items():
                if (at, number, None, False) not in names:
                    names[at, number, None, False] = decide(sort, port)
            first, *others = {names[at, number, None, False] for at in at_port}
            if not others:
                found[number] = first
        return found

    def sorts(
        self, sources: Iterable[str], networks: Mapping[str, Network], now: float
    ) -> Mapping[str, Sort]:
        """The sort of each source; of one that tried much it stays the same within a window."""
        until = self._spread.until(now)
        if until != self._until:
            self._settled.clear()
            self._sorts.clear()
            self._until = until
        if len(self._sorts) > MAX_SORTS:
            self._sorts.clear()
        found = self._settled
        unsettled = [source for source in sources if source not in found]
        if not unsettled:
            return found
        found = found.copy()
        for source in unsettled:
            network = networks[source]
            ports, packets = self._spread.of_source(source)
            many, few = (ports >= MANY_PORTS) + (ports >= MANY_ANSWERS), packets <= FEW_PACKETS
            number = self._number(("of", network.kind, network.asn == "private", many, few))
            sort = self._sorts.get((network.asn, number))
            if sort is None:
                sort = self._sorts[network.asn, number] = Sort(network.asn, number)
            found[source] = sort
            if many == MOST and not few:
                self._settled[source] = sort
        return found

    def noted(self, transport: str) -> Mapping[str, int]:
        """The ports of the other side of which anything is known, each with what that is."""
        found = self._theirs.get(transport)
        if found is None:
            found = self._theirs[transport] = {}
            for port in self._knowledge.noted(transport):
                ours = self._knowledge.port(transport, port)
                theirs = self._knowledge.source_port(transport, port)
                hint = None if theirs is None else (theirs.reading, theirs.weight)
                amplifies = ours is not None and ours.kind == "reflection"
                found[str(port)] = self._number(("from", hint, amplifies))
        return found

    def _known(self, equal: Hashable) -> dict[Hashable, CauseName]:
        if sum(map(len, self._names.values())) > MAX_WAYS:
            self._names.clear()
        return self._names.setdefault(equal, {})

    def _number(self, what: Hashable) -> int:
        return self._numbers.setdefault(what, len(self._numbers))

    def _of_port(self, transport: str, text: str, now: float) -> int:
        port = int(text)
        known = self._knowledge.port(transport, port)
        sources, rate = self._spread.of_port(transport, port, now)
        many = (sources >= SEVERAL_SOURCES) + (sources >= MANY_SOURCES)
        much = (rate >= FLOOD_PER_MINUTE) + (rate >= DELUGE_PER_MINUTE)
        low = (port > 0) + (port >= 1024)
        return self._number(("at", known.kind if known else "", low, many, much))
