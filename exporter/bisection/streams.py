"""Packets that nobody is named for, by the minute: what the log says of them over a day.

A stream is all of them at one port of ours, or all from one network, where ports vary. Packets go
in, with when they came; out come their numbers in each minute, and in which minutes we listened.
Minutes are counted since the epoch.
"""

from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from exporter.bisection.attendance import MINUTES

MAX_STREAMS = 1000  # 3 kB each; the one that was quiet for longest is forgotten
MAX_REMEMBERED = 100  # over a restart, those with the most packets
LAG = 2  # minutes; packets wait that long at most until they are decided
MAX_BREAKS = 100  # times in which we did not run
WORTH = 60  # packets in a day; of fewer nothing can be said
_RING = MINUTES + 20  # the newest are not told of yet
_MOST = 2**16 - 1  # packets in one minute; more is as much
_EMPTY = array("H", bytes(2 * _RING))  # to copy it takes a third of the time


class Stream(NamedTuple):
    """Packets that belong together."""

    router: str
    transport: str
    of: int | str  # our port, or the number of the network that they came from


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of a stream."""

    stream: Stream
    packets: list[int]  # by the minute, up to its end


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of all streams, up to a minute."""

    end: int = 0
    begun: int = 0  # the first minute in which we listened
    breaks: list[tuple[int, int]] = []
    streams: list[Kept] = []


class _Minutes:
    """A ring of a day's minutes, and some more."""

    def __init__(self, newest: int) -> None:
        self._ring = _EMPTY[:]
        self._newest = newest

    def add(self, packets: int, minute: int) -> None:
        if minute > self._newest:
            self._turn(minute)
        if minute > self._newest - _RING:
            place = minute % _RING
            self._ring[place] = min(self._ring[place] + packets, _MOST)

    def before(self, end: int) -> list[int]:
        """The day of minutes before `end`."""
        self._turn(end - 1)
        first = max(end - MINUTES, self._newest - _RING + 1)
        told = [self._ring[minute % _RING] for minute in range(first, end)]
        return [0] * (MINUTES - len(told)) + told

    def total(self) -> int:
        return sum(self._ring)

    def _turn(self, minute: int) -> None:
        for passed in range(max(self._newest, minute - _RING) + 1, minute + 1):
            self._ring[passed % _RING] = 0
        self._newest = max(self._newest, minute)


class Streams:
    """All streams, the one that was quiet for longest first."""

    def __init__(self) -> None:
        self._streams: dict[Stream, _Minutes] = {}
        self._begun: int | None = None  # the first minute in which we listened
        self._breaks: list[tuple[int, int]] = []

    def listening(self, now: float) -> None:
        """Note that we listen from now on."""
        if self._begun is None:
            self._begun = int(now // 60) + 1

    def add(self, streams: Iterable[Stream], packets: int, moment: float) -> None:
        """Count packets that came at a moment, in each of their streams."""
        minute = int(moment // 60)
        for stream in streams:
            minutes = self._streams.pop(stream, None) or _Minutes(minute)
            if len(self._streams) >= MAX_STREAMS:
                del self._streams[next(iter(self._streams))]
            self._streams[stream] = minutes
            minutes.add(packets, minute)

    def add_each(self, streams: Sequence[Stream], packets: Sequence[int], moment: float) -> None:
        """Count as many packets of each stream as stand beside it, as `add` does one by one."""
        known, minute = self._streams, int(moment // 60)
        totals: dict[Stream, int] = {}
        unknown = _Minutes(minute)  # of a flood to many ports most are forgotten again at once
        for stream, count in zip(streams, packets, strict=True):
            minutes = known.pop(stream, unknown)
            if len(known) >= MAX_STREAMS:
                oldest = next(iter(known))
                del known[oldest]
                totals.pop(oldest, None)
            known[stream] = minutes
            totals[stream] = totals.get(stream, 0) + count
        for stream, total in totals.items():
            if known[stream] is unknown:
                known[stream] = _Minutes(minute)
            known[stream].add(total, minute)

    def minutes(self, stream: Stream, end: int) -> list[int]:
        """The packets in each of the day of minutes before `end`, oldest first."""
        known = self._streams.get(stream)
        return [0] * MINUTES if known is None else known.before(end)

    def listened(self, end: int) -> bytes:
        """1 for each of those minutes in which we listened."""
        begun = end if self._begun is None else min(max(self._begun, end - MINUTES), end)
        heard = bytearray(MINUTES - (end - begun)) + b"\1" * (end - begun)
        for start, stop in self._breaks:
            first, last = (min(max(m - end + MINUTES, 0), MINUTES) for m in (start, stop))
            heard[first:last] = bytes(last - first)
        return bytes(heard)

    def known(self) -> Iterable[Stream]:
        """Every stream."""
        return self._streams

    def routers(self) -> frozenset[str]:
        """The routers that told of any."""
        return frozenset(stream.router for stream in self._streams)

    def past(self, end: int) -> Past:
        """What is to be remembered: the streams of which something can be said."""
        totals = {stream: minutes.total() for stream, minutes in self._streams.items()}
        most = sorted((s for s in totals if totals[s] >= WORTH), key=lambda s: -totals[s])
        kept = [Kept(stream=s, packets=self.minutes(s, end)) for s in most[:MAX_REMEMBERED]]
        begun = end if self._begun is None else self._begun
        return Past(end=end, begun=begun, breaks=self._breaks, streams=kept)

    def restore(self, past: Past, now: float) -> None:
        """Take back what `past` gave; in between we did not listen."""
        minute = int(now // 60)
        if not minute - MINUTES < past.end <= minute:
            return
        self._begun = past.begun
        self._breaks = [*past.breaks, (past.end, minute + 1)][-MAX_BREAKS:]
        for kept in past.streams:
            minutes = self._streams[kept.stream] = _Minutes(past.end)
            for number, packets in enumerate(kept.packets):
                minutes.add(max(packets, 0), past.end - len(kept.packets) + number)
