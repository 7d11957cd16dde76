"""Packets of strangers that are alike but for who knocked where: one record for all of them.

They wait to be decided as any others do. As long as nothing else of their batch waits, they need
not be spelled out: what does not depend on which one it is can be found out for all at once.
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence, Set
from itertools import compress
from typing import NamedTuple

import msgspec

from exporter.attribution.waiting import TOGETHER, Group, Waiting
from exporter.events import Network, Rejection

MAX_LINE = 500  # characters that are kept of a line about a rejected packet


class Crowd(NamedTuple):
    """Such packets; each sequence has a place for each of them."""

    like: Rejection  # the first
    moments: Sequence[float]  # never backwards
    sources: Sequence[str]
    networks: Sequence[Network]
    source_ports: Sequence[str]
    ports: Sequence[str]  # ours
    lines: Sequence[bytes]

    @property
    def key(self) -> Hashable:
        """What packets have in common that wait together, but for source and port."""
        like = self.like
        place = (like.router, like.direction, like.transport, like.our_ip, like.inside)
        return (*place, like.signal, like.received // TOGETHER)

    def part(self, begin: int, end: int) -> "Crowd":
        """Those from a place on up to another."""
        part = Crowd._make((self.like, *(column[begin:end] for column in self[1:])))
        return part._replace(like=part.packet(0))

    def and_then(self, other: "Crowd") -> "Crowd":
        """All packets of two that have one key."""
        columns = zip(self[1:], other[1:], strict=True)
        return Crowd._make((self.like, *([*mine, *theirs] for mine, theirs in columns)))

    def packet(self, at: int) -> Rejection:
        """The packet in a place."""
        port = int(self.ports[at])
        return msgspec.structs.replace(
            self.like,
            received=self.moments[at],
            remote_ip=self.sources[at],
            remote_port=int(self.source_ports[at]),
            our_port=port,
            destination_port=port,
            source=self.networks[at],
            remote=self.networks[at],
            line=self.lines[at].decode("ascii")[:MAX_LINE] if self.like.line else "",
        )

    def at(self, places: Sequence[int]) -> "Crowd":
        """Those in some places."""
        return Crowd._make((self.like, *([column[at] for at in places] for column in self[1:])))

    def mates(self, source_ports: Set[str]) -> Iterator[int]:
        """The places of packets from such a port, and of all that wait together with them."""
        places = range(len(self.ports))
        told = compress(places, map(source_ports.__contains__, self.source_ports))
        pairs = {(self.sources[at], self.ports[at]) for at in told}
        senders = {source for source, _ in pairs}
        theirs = map(senders.__contains__, self.sources) if pairs else ()
        for at in compress(places, theirs):
            if (self.sources[at], self.ports[at]) in pairs:
                yield at

    def groups(self) -> Iterator[tuple[Rejection, int, float]]:
        """The first packet of each source and port, how many each has, and when the last came."""
        pairs = zip(self.sources, self.ports, strict=True)
        last = dict(zip(pairs, self.moments, strict=True))
        firsts, packets = self.grouped()
        for at, count in enumerate(packets):
            yield firsts.packet(at), count, last[firsts.sources[at], firsts.ports[at]]

    def grouped(self) -> tuple["Crowd", Sequence[int]]:
        """The first packet of each source and port, and how many each has."""
        packets = Counter(zip(self.sources, self.ports, strict=True))
        if len(packets) == len(self.ports):
            return self, [1] * len(self.ports)
        seen: set[tuple[str, str]] = set()
        again = {pair for pair, count in packets.items() if count > 1}
        drop = []
        for at, pair in enumerate(zip(self.sources, self.ports, strict=True)):
            if pair in again:
                if pair in seen:
                    drop.append(at)
                seen.add(pair)
        columns = [list(column) for column in self[1:]]
        for at in reversed(drop):
            for column in columns:
                del column[at]
        return Crowd._make((self.like, *columns)), list(packets.values())


class Touched:
    """The packets that a batch told of, in the order in which they came; they may be decided."""

    def __init__(self, waiting: Waiting, *, spelled: bool) -> None:
        """`spelled` says that crowds are always spelled out."""
        self.groups: dict[int, Group] = {}
        self.crowds: list[Crowd] = []  # never while there are groups
        self._waiting = waiting
        self._spelled = spelled

    @property
    def room(self) -> int:
        """How many more packets may wait, whoever they are from."""
        return self._waiting.room - sum(len(crowd.lines) for crowd in self.crowds)

    def add(self, packets: Rejection) -> bool:
        """Let equal packets wait; False when there is no room, and they must be decided now."""
        self.spell_out()
        group = self._waiting.add(packets)
        if group is not None:
            self.groups[id(group)] = group
        return group is not None

    def gather(self, crowd: Crowd) -> None:
        """Let a crowd wait for which there is room."""
        keys = [known.key for known in self.crowds]
        if keys and crowd.key == keys[-1]:
            self.crowds[-1] = self.crowds[-1].and_then(crowd)
        else:
            self.crowds.append(crowd)
        if self._spelled or self.groups or crowd.key in keys[:-1]:
            self.spell_out()

    def spell_out(self) -> None:
        """Let each packet of the crowds wait for itself."""
        for crowd in self.crowds:
            for packet, count, last in crowd.groups():
                group = self._waiting.add(packet)
                if group is not None:  # there is room
                    group.packets += count - 1
                    group.last = last
                    self.groups[id(group)] = group
        self.crowds.clear()
