"""A router's web log page, pasted by a person, perhaps several times a day with overlap.

In goes the text of the page; out come its log lines, what they amount to, and the log that several
pastes make together. Pure: nothing here touches the live counters. Many routers have no syslog, and
this is the only way to read their log.
"""

import itertools
import re
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import NamedTuple

import msgspec

from exporter import causes
from exporter.causes.spread import Spread, knock
from exporter.events import Decision, Event
from exporter.evidence import Bounds, EvidenceStore, Suspect
from exporter.reading import Reader, Sender
from exporter.stages import Stages
from exporter.syslog import header

MAX_LINES = 20_000  # of one log
MAX_PASTED = 100_000  # lines of one paste
MAX_LINE = 2048  # characters; a longer one is no line of a web page
MAX_SHOWN = 5  # lines that were not understood
PACE = 1.0  # seconds between lines without a time: too slow for a flood that nobody saw
AGELESS = 1e11  # seconds: a router whose clock was never set writes 1970

_READER = Reader()  # the dialects that everybody has
_LINE_ENDS = re.compile(r"\r\n|\r|\n")


class TooLongError(ValueError):
    """More lines than any router's page has."""


class Page(NamedTuple):
    """The text of a web page, sorted."""

    lines: list[str]  # of the log, in the order of the page
    others: list[str]  # headings and buttons, and lines of a form that nobody knows


class Account(NamedTuple):
    """What the lines of a log amount to."""

    lines: int
    rejected_packets: int
    other_events: int
    not_understood: int
    examples: tuple[str, ...]  # of what was not understood
    suspects: tuple[Suspect, ...]


def lines(text: str, now: float, reader: Reader = _READER) -> Page:
    """Return the lines of a pasted page: a log line has a time, or a form that `reader` knows.

    A page brings headings, buttons and clocks along, which would hide that two pastes overlap.
    Raises TooLongError.
    """
    page = Page([], [])
    stripped = (line.strip() for line in _LINE_ENDS.split(text.replace("\t", " ")))  # of a table
    filled = list(filter(None, stripped))
    if len(filled) > MAX_PASTED:
        raise TooLongError
    for line in filled:
        known = len(line) <= MAX_LINE and _is_log_line(line, now, reader)
        (page.lines if known else page.others).append(line)
    return page


def merge(known: Sequence[str], pasted: Sequence[str]) -> list[str]:
    """Return the log that two pastes of it make: where they overlap, a line counts once.

    The longest overlap counts, of these: one is part of the other; the pasted begins with the end
    of the known (oldest line first); it ends with the beginning of the known (newest first). Equal
    lines within one paste count as many times as they stand there. Linear in both.
    """
    numbers: dict[str, int] = {}
    a = [numbers.setdefault(line, len(numbers)) for line in known]
    b = [numbers.setdefault(line, len(numbers)) for line in pasted]
    after, is_part = _overlap(a, b)
    if is_part:
        return list(known)
    before, is_whole = _overlap(b, a)
    if is_whole:
        return list(pasted)
    if before > after:
        return [*pasted, *known[before:]]
    return [*known, *pasted[after:]]


def added(known: Sequence[str], pasted: Sequence[str], now: float) -> list[str]:
    """Return the log that a paste makes of the known one, its newest lines."""
    return newest(merge(known, newest(pasted, now)), now)


def _overlap(text: Sequence[int], pattern: Sequence[int]) -> tuple[int, bool]:
    """Return how much of the pattern's beginning ends the text, and whether the text holds it all.

    Knuth, Morris and Pratt: `borders[n]` is the longest end of the first n that also begins them.
    """
    borders = [0] * (len(pattern) + 1)
    border = 0
    for at in range(1, len(pattern)):
        while border and pattern[at] != pattern[border]:
            border = borders[border]
        border += pattern[at] == pattern[border]
        borders[at + 1] = border
    matched = 0
    for number in text:
        if matched == len(pattern):
            return matched, True
        while matched and number != pattern[matched]:
            matched = borders[matched]
        matched += number == pattern[matched]
    return matched, matched == len(pattern)


def newest(lines: Sequence[str], now: float) -> list[str]:
    """Return the lines of a log, or its `MAX_LINES` newest."""
    if len(lines) <= MAX_LINES:
        return list(lines)
    if _is_newest_first([header.read(line.encode(), now).time for line in lines]):
        return list(lines[:MAX_LINES])
    return list(lines[-MAX_LINES:])


class Dated(NamedTuple):
    """A line, and when it happened as far as anybody can tell."""

    line: str
    time: float


def in_order(lines: Sequence[str], now: float) -> list[Dated]:
    """Return the lines oldest first, each with its time: its own, or that of the one before.

    Lines of a log without any times are spread out over the time before `now`.
    """
    stamps = [header.read(line.encode(), now).time for line in lines]
    rows = list(zip(lines, stamps, strict=True))
    if _is_newest_first(stamps):
        rows.reverse()
    time = min((stamp for stamp in stamps if stamp is not None), default=None)
    if time is None:
        first = now - PACE * len(lines)
        return [Dated(line, first + PACE * number) for number, line in enumerate(lines)]
    ordered = []
    for line, stamp in rows:
        # A clock that is set back must not bring the past back; one that is ahead cannot be.
        time = min(max(time, stamp or time), now)
        ordered.append(Dated(line, time))
    return ordered


def _is_newest_first(stamps: Iterable[float | None]) -> bool:
    steps = itertools.pairwise(stamp for stamp in stamps if stamp is not None)
    return sum((a > b) - (a < b) for a, b in steps) > 0


class Examination:
    """A log on its way through the stages, a part at a time. Nothing of `stages` is changed."""

    def __init__(self, stages: Stages, router: str, now: float) -> None:
        self._stages = stages
        self._router = stages.routers.name("", router)  # a person may give it its host name
        self._now = now
        self._sender = Sender()
        self._spread = Spread()
        self._decisions: list[Decision] = []
        self._lines = self._packets = self._others = self._not_understood = 0
        self._examples: list[str] = []

    def take(self, part: Iterable[Dated]) -> None:
        """Read the next lines, oldest first."""
        for line, time in part:
            self._lines += 1
            message = header.read(line.encode(), self._now)
            router = self._router_of(message.hostname)
            got = self._stages.reader.read(message, self._sender, router)
            if got.event is None:
                if got.outcome != "ignored":
                    self._not_understood += 1
                    self._examples += [line] if len(self._examples) < MAX_SHOWN else []
            elif got.event.kind == "rejected":
                self._packets += got.event.packets
                self._decisions.append(self._decide(got.event, router, time))
            else:
                self._others += 1

    def account(self) -> Account:
        """What was read so far."""
        return Account(
            lines=self._lines,
            rejected_packets=self._packets,
            other_events=self._others,
            not_understood=self._not_understood,
            examples=tuple(self._examples),
            suspects=_suspects(self._decisions, self._now),
        )

    def _router_of(self, host: str | None) -> str:
        """Return the configured router that a line names, else that of the whole log."""
        router = self._stages.routers.name("", host) if host is not None else self._router
        return router if router in self._stages.routers.rules else self._router

    def _decide(self, event: Event, router: str, time: float) -> Decision:
        stages = self._stages
        packets = stages.rejection(event, router, time)
        place = knock(packets)
        self._spread.add(*place, packets.count, time)
        seen = self._spread.seen(*place, time)
        tried = seen.ports_of_source
        attribution = stages.attributor.attribute(packets, tried).attribution
        if attribution.evidence == "none":
            # Who pastes a log pastes the sockets afterwards: what is open now may have been then.
            today = msgspec.structs.replace(packets, received=self._now)
            attribution = stages.attributor.attribute(today, tried).attribution
        signs = stages.signs(packets, attribution, seen)
        cause = causes.decide(signs)
        return Decision(rejection=packets, attribution=attribution, cause=cause, last=time)


def _suspects(decisions: Iterable[Decision], now: float) -> tuple[Suspect, ...]:
    with closing(sqlite3.connect(":memory:")) as connection:
        store = EvidenceStore(connection, Bounds(seconds=AGELESS))
        for decision in decisions:
            store.record(decision)
        store.write(store.take(), now)
        return tuple(store.suspects(now - AGELESS, now))


def _is_log_line(line: str, now: float, reader: Reader) -> bool:
    message = header.read(line.encode(), now)
    if message.time is not None:
        return bool(message.text)
    return reader.read(message, Sender()).outcome != "unrecognised"
