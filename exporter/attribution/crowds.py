"""Packets of strangers that are alike but for who knocked where: one record for all of them.

What does not depend on which one it is can be found out for all at once. They are spelled out, each
a record of its own, where they must wait, or where something is known of them.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import compress
from typing import Any, NamedTuple

import msgspec

from exporter.attribution.waiting import Ends, Group, Waiting, ends, place
from exporter.events import Network, Rejection
from exporter.syslog.columns import Column

MAX_LINE = 500  # characters that are kept of a line about a rejected packet


class Crowd(NamedTuple):
    """Such packets; each sequence has a place for each of them."""

    like: Rejection  # the first
    networks: Mapping[str, Network]  # of their sources, and perhaps of others
    moments: Sequence[float]  # never backwards
    sources: Column
    source_ports: Sequence[str]
    ports: Column  # ours
    lines: Sequence[bytes]

    def part(self, begin: int, end: int) -> "Crowd":
        """Those from a place on up to another."""
        return self._with(column[begin:end] for column in self[2:])

    def those(self, places: Sequence[int]) -> "Crowd":
        """Those in some places."""
        return self._with([column[at] for at in places] for column in self[2:])

    def _with(self, columns: Iterable[Sequence[Any]]) -> "Crowd":
        those = _crowd(self.like, self.networks, columns)
        return those._replace(like=those.packet(0)) if those.ports else those

    @classmethod
    def of(cls, parts: Sequence["Crowd | Rejection"]) -> "Crowd":
        """One crowd of crowds, and of packets that have what those of a crowd have."""
        first = parts[0]
        if len(parts) == 1 and isinstance(first, Crowd):
            return first
        columns: list[list[Any]] = [[] for _ in cls._fields[2:]]
        networks = dict[str, Network]()
        for part in parts:
            if isinstance(part, Crowd):
                networks.update(part.networks)
                more: Iterable[Any] = part[2:]
            else:
                networks[part.remote_ip] = part.remote
                more = zip(_places(part))
            for column, values in zip(columns, more, strict=True):
                column += values
        return _crowd(first.like if isinstance(first, Crowd) else first, networks, columns)

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
            source=self.networks[self.sources[at]],
            remote=self.networks[self.sources[at]],
            line=self.lines[at].decode()[:MAX_LINE] if self.like.line else "",
        )

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

    def numbers(self) -> list[int]:
        """Our ports as numbers."""
        number = {port: int(port) for port in self.ports.amounts}
        return [number[port] for port in self.ports]

    def grouped(self) -> "Groups":
        """The first packet of each source and port, how many each has, and when the last came."""
        pairs = list(zip(self.sources, self.ports, strict=True))
        packets = Counter(pairs)
        if len(packets) == len(pairs):
            return Groups(self, [1] * len(pairs), self.moments)
        last = dict(zip(pairs, self.moments, strict=True))
        first = dict(zip(reversed(pairs), reversed(range(len(pairs))), strict=True))
        firsts = self.those([first[pair] for pair in packets])
        return Groups(firsts, list(packets.values()), [last[pair] for pair in packets])


class Groups(NamedTuple):
    """Groups of packets that are alike but for who knocked where; a place for each of them."""

    firsts: Crowd  # the first packet of each; never more of one source and port
    packets: Sequence[int]
    last: Sequence[float]
    spelled: Sequence[Group] = ()  # the same, if they are spelled out; no lines are needed then

    @classmethod
    def of(cls, groups: Sequence[Group]) -> "Groups":
        """The same of groups of inbound packets of one place, which have ports."""
        crowd = Crowd.of([group.rejection for group in groups])
        return cls(crowd, [g.packets for g in groups], [g.last for g in groups], groups)

    def without(self, places: Sequence[int]) -> "Groups":
        """Those in all other places."""
        if not places:
            return self
        left_out = set(places)
        places = [at for at in range(len(self.packets)) if at not in left_out]
        packets, last = [self.packets[at] for at in places], [self.last[at] for at in places]
        spelled = [self.spelled[at] for at in places] if self.spelled else ()
        return Groups(self.firsts.those(places), packets, last, spelled)

    def group(self, at: int) -> Group:
        """The group in a place."""
        if self.spelled:
            return self.spelled[at]
        packet = self.firsts.packet(at)
        return Group(rejection=packet, packets=self.packets[at], last=self.last[at])

    def all(self) -> Sequence[Group]:
        """All of them, spelled out."""
        return [self.group(at) for at in range(len(self.packets))]


class Touched:
    """The packets that a batch told of: those that came to what waits, and the others."""

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self._joined: dict[Hashable, dict[Ends, Group]] = {}  # by place
        self._others: dict[Hashable, list[Crowd | Rejection]] = {}

    def add(self, packets: Rejection) -> None:
        """Take equal packets in."""
        where, pair = place(packets), ends(packets)
        group = self._waiting.at(where).get(pair)
        if group is None:
            self._others.setdefault(where, []).append(packets)
        else:
            group.join(packets.count, packets.received)
            self._joined.setdefault(where, {})[pair] = group

    def gather(self, crowd: Crowd) -> None:
        """Take a crowd of one place in."""
        where = place(crowd.like)
        others = self._join(crowd, where) if self._waiting.at(where) else crowd
        if others is not None:
            self._others.setdefault(where, []).append(others)

    def joined(self) -> Iterator[list[Group]]:
        """The groups that wait since before, and to which packets came, by their place."""
        return (list(groups.values()) for groups in self._joined.values())

    def others(self) -> Iterator[Crowd | list[Group]]:
        """The packets with which none wait yet, by their place."""
        for parts in self._others.values():
            crowds = any(isinstance(part, Crowd) for part in parts)
            if crowds and all(isinstance(part, Crowd) or fits(part) for part in parts):
                yield Crowd.of(parts)
            else:
                yield _spelled_out(parts)

    def _join(self, crowd: Crowd, where: Hashable) -> Crowd | None:
        """Let those of a crowd wait with which others wait already; return the rest, if any."""
        waiting = self._waiting.at(where)
        rest = []
        for at, pair in enumerate(zip(crowd.sources, crowd.numbers(), strict=True)):
            group = waiting.get(pair)
            if group is None:
                rest.append(at)
            else:
                group.join(1, crowd.moments[at])
                self._joined.setdefault(where, {})[pair] = group
        return crowd.those(rest) if rest else None


def fits(packets: Rejection) -> bool:
    """Whether a packet is one as those of crowds are."""
    return packets.count == 1 and has_columns(packets)


def has_columns(packets: Rejection) -> bool:
    """Whether packets are a stranger's, with the ports of both sides."""
    has_ports = packets.our_port is not None and packets.remote_port is not None
    return packets.direction == "inbound" and has_ports and bool(packets.remote_ip)


def _places(packet: Rejection) -> tuple[object, ...]:
    """What a packet has in the columns of a crowd."""
    ports = str(packet.remote_port), str(packet.our_port)
    return packet.received, packet.remote_ip, *ports, packet.line.encode()


def _crowd(
    like: Rejection, networks: Mapping[str, Network], columns: Iterable[Sequence[Any]]
) -> Crowd:
    moments, sources, source_ports, ports, lines = columns
    return Crowd(like, networks, moments, Column(sources), source_ports, Column(ports), lines)


def _spelled_out(parts: Sequence[Crowd | Rejection]) -> list[Group]:
    """All packets of one place, each group for itself."""
    found = Waiting()
    for part in parts:
        if isinstance(part, Crowd):
            for group in part.grouped().all():
                found.add(group)
        else:
            found.add(Group(rejection=part, packets=part.count, last=part.received))
    return found.groups()
