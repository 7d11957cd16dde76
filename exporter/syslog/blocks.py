"""Lines that differ only in who knocked where: a flood is read by the block, not by the line.

A dialect may offer a form: a pattern of whole lines in which the stamp, the sender's address and
both ports vary, and some numbers say nothing. In go the messages of one sender; out come, in their
order, blocks of lines between which nothing else differs, and every other line by itself. Of a
block the first line is read as any line is; what the others say follows from it.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import takewhile
from operator import itemgetter
from sys import intern
from typing import NamedTuple

MIN_LINES = 32  # fewer cost less one by one
AT_ONCE = 1024  # lines that are looked at; more do not stay in a processor's cache
SOURCE = "(?P<source>[0-9.]++)"
# As ports are printed: text and number are one, and no number is above 65535.
_NUMBER = (
    r"[1-9][0-9]{0,3}+(?![0-9])|[1-5][0-9]{4}+|6(?:[0-4][0-9]{3}|5(?:[0-4][0-9]{2}|5(?:[0-2][0-9]"
    r"|3[0-5])))|0"
)
SOURCE_PORT = f"(?P<theirs>{_NUMBER})"
PORT = f"(?P<ours>{_NUMBER})"
_STAMP = r"(?P<stamp>[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2})"
# The stamp may vary where it has the usual form, and a host or the text follows: not another stamp,
# which would count in its place.
_STAMPED = (r"(<[0-9]{1,3}>|)", _STAMP, r"( (?=[A-Za-z])(?:[A-Za-z0-9._-]+ |))")
_UNSTAMPED = ("(?P<stamp>)", r"([^\n]{0,120}?)")

_Row = tuple[str, str, str, str]
_Rows = re.Pattern[str]


class Block(NamedTuple):
    """Lines that say the same of different packets; each sequence has a place for each line."""

    lines: Sequence[bytes]
    stamps: Sequence[str]  # "" where they do not vary
    sources: Sequence[str]
    source_ports: Sequence[str]
    ports: Sequence[str]  # ours


class Form:
    """A pattern of whole lines, by the block."""

    def __init__(self, *parts: str) -> None:
        """`parts` are patterns of what follows stamp and host, `SOURCE` and both ports among them.

        A part in brackets stays the same within a block, any other says nothing. No part matches a
        line's end, nor lines that are read otherwise when sender and ports change.
        """
        ways = ((*_STAMPED, *parts), (*_UNSTAMPED, *parts))
        self._ways = [(way, re.compile("".join(way))) for way in ways]

    def cut(self, lines: Sequence[bytes]) -> Iterator[Block | bytes]:
        """The lines in their order, those that go together as blocks."""
        at = 0
        while len(lines) - at >= MIN_LINES:
            pattern = self._alike(lines[at], lines[at + MIN_LINES - 1])
            block = None if pattern is None else _run(pattern, lines, at)
            if block is None or len(block.lines) < MIN_LINES:
                yield from lines[at : at + MIN_LINES]
                at += MIN_LINES
            else:
                yield block
                at += len(block.lines)
        yield from lines[at:]

    def _alike(self, one: bytes, other: bytes) -> _Rows | None:
        """The pattern of all lines that are like these two; None when they are not alike."""
        for way, pattern in self._ways:
            first = pattern.fullmatch(one.decode("latin-1"))
            if first is None:
                continue
            last = pattern.fullmatch(other.decode("latin-1"))
            kept = _kept(first)
            return _rows(way, kept) if last is not None and kept == _kept(last) else None
        return None


def _kept(found: re.Match[str]) -> tuple[str, ...]:
    ends = found.groupdict().keys()
    numbers = set(range(1, len(found.groups()) + 1)) - {found.re.groupindex[end] for end in ends}
    return tuple(found[number] for number in sorted(numbers))


@lru_cache(maxsize=256)
def _rows(way: tuple[str, ...], kept: tuple[str, ...]) -> _Rows:
    """The pattern of lines in which the parts that stay the same are these: one row for a line."""
    known = iter(kept)
    parts = (
        re.escape(next(known)) if part[0] == "(" and part[:2] != "(?" else part for part in way
    )
    return re.compile(rf"^(?:{''.join(parts)}|.*)$", re.MULTILINE)


def _run(pattern: _Rows, lines: Sequence[bytes], begin: int) -> Block:
    """The lines that follow each other in one form, from a line on."""
    stamps: list[str] = []
    sources: list[str] = []
    source_ports: list[str] = []
    ports: list[str] = []
    size, end = MIN_LINES, begin
    while some := lines[end : end + size]:
        text = b"\n".join(some)
        if not text.isascii() or text.count(b"\n") != len(some) - 1:
            break
        rows: list[_Row] = pattern.findall(text.decode("ascii"))
        alike = list(takewhile(itemgetter(1), rows))
        if alike:
            columns = zip(*alike, strict=True)
            stamps += map(intern, next(columns))
            sources += map(intern, next(columns))  # those that come again are the same objects
            source_ports += next(columns)
            ports += map(intern, next(columns))
            end += len(alike)
        if len(alike) < len(some):
            break
        size = AT_ONCE
    return Block(lines[begin:end], stamps, sources, source_ports, ports)
