"""Lines that differ only in who knocked where: a flood is read by the block, not by the line.

The messages of one sender go in, and the forms that its lines are known to have; out come blocks of
lines between which nothing else differs, and every other line by itself. Of a block the first line
is read as any line is; what the others say follows from it. `reading.forms` finds the forms.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from sys import intern
from typing import Literal, NamedTuple

MIN_LINES = 32  # fewer cost less one by one
AT_ONCE = 1024  # lines that are looked at; more do not stay in a processor's cache
MAX_FORMS = 16  # of one sender; the one that its lines had longest ago is forgotten
TRIALS = 8  # forms that may be looked for at once
LINES_A_TRIAL = 512  # after so many lines for one more: looking for a form costs some fifty lines

# As ports are printed: text and number are one, and no number is above 65535.
PORT = (
    r"(?:[1-9][0-9]{0,3}+(?![0-9])|[1-5][0-9]{4}+|6(?:[0-4][0-9]{3}|5(?:[0-4][0-9]{2}"
    r"|5(?:[0-2][0-9]|3[0-5])))|0)"
)
Role = Literal["stamp", "source", "source_port", "destination", "port"]
_Row = tuple[str, ...]


class Part(NamedTuple):
    """A part of a line: a pattern, and what it says. Parts of no role say nothing, or are fixed."""

    pattern: str
    role: Role | None = None


class Block(NamedTuple):
    """Lines that say the same of different packets; each sequence has a place for each line."""

    lines: Sequence[bytes]
    stamps: Sequence[str]  # "" where they do not vary
    sources: Sequence[str]
    source_ports: Sequence[str]
    ports: Sequence[str]  # ours


class Form:
    """A pattern of whole lines, by the block."""

    def __init__(self, parts: Sequence[Part], *, base: int = 10) -> None:
        """A stamp may be among the parts, and all ends are; ports are printed to that base."""
        pattern = "".join(f"({part.pattern})" if part.role else part.pattern for part in parts)
        self._rows = re.compile(rf"(?:{pattern}|.*)\n")
        self._at = {role: at for at, role in enumerate(part.role for part in parts if part.role)}
        self._destination = self._at.get("destination")
        self._stamp = self._at.get("stamp")
        self._base = base

    def rows(self, lines: Sequence[bytes]) -> list[_Row]:
        """What each line says; of those that are not of this form every part is empty."""
        text = b"\n".join(lines)
        if not text.isascii() or text.count(b"\n") != len(lines) - 1:
            text = b"\n".join(
                line if line.isascii() and b"\n" not in line else b"" for line in lines
            )
        return self._rows.findall(text.decode("ascii") + "\n")

    def are_alike(self, rows: Sequence[_Row]) -> bool:
        """Whether all lines are of this form, and tell of one address of ours."""
        texts = list(map(itemgetter(self._destination or 0), rows))
        if self._destination is None:
            return all(texts)
        return texts[0] != "" and texts.count(texts[0]) == len(texts)

    def destination(self, row: _Row) -> str:
        """The address of ours that a line tells of; "" where it does not vary."""
        return "" if self._destination is None else row[self._destination]

    def stamp(self, row: _Row) -> str:
        """The stamp of a line; "" where it does not vary."""
        return "" if self._stamp is None else row[self._stamp]

    def block(self, lines: Sequence[bytes], rows: Sequence[_Row]) -> Block:
        """The block of lines that are alike."""
        columns = list(zip(*rows, strict=True))
        # Texts that come again are the same objects.
        stamps = [""] * len(lines) if self._stamp is None else map(intern, columns[self._stamp])
        sources = map(intern, columns[self._at["source"]])
        theirs, ours = (self._ports(columns[self._at[end]]) for end in ("source_port", "port"))
        return Block(lines, list(stamps), list(sources), theirs, list(map(intern, ours)))

    def _ports(self, texts: Sequence[str]) -> Sequence[str]:
        if self._base == 10:
            return texts
        decimal = {text: str(int(text, self._base)) for text in set(texts)}
        return [decimal[text] for text in texts]


_Find = Callable[[bytes], Form | None]


class _Line(NamedTuple):
    """A line of a known form."""

    at: int  # its place
    data: bytes
    kind: tuple[int, str]  # what lines of one block have in common: form, and address of ours
    form: Form
    row: _Row


class Forms:
    """The forms of one sender's lines, most frequent first; looked for when lines have none.

    Looking for one is a trial, and trials are limited: lines of ever new forms cost little more.
    """

    def __init__(self) -> None:
        self._forms: list[Form] = []
        self._trials = float(TRIALS)
        self._others = 0  # lines of no form that came since the last one

    def cut(
        self, lines: Sequence[bytes], find: _Find, *, within_stamp: bool = False
    ) -> Iterator[Block | bytes]:
        """The lines in their order, those that go together as blocks.

        Lines of known forms may change places with each other, but not with any other line, and the
        last one stays the last; `within_stamp` they do it only with those of the same stamp.
        """
        for begin in range(0, len(lines), AT_ONCE):
            some = lines[begin : begin + AT_ONCE]
            self._trials = min(TRIALS, self._trials + len(some) / LINES_A_TRIAL)
            if len(some) < MIN_LINES:
                yield from some
                continue
            if self._forms:
                rows = self._forms[0].rows(some)
                if self._forms[0].are_alike(rows):
                    yield self._forms[0].block(some, rows)
                    continue
            yield from _pieces(self._told(some, find), within_stamp=within_stamp)

    def _told(self, lines: Sequence[bytes], find: _Find) -> Sequence[bytes | _Line]:
        """What the lines say, as far as they are of known forms; new forms are looked for."""
        told: list[bytes | _Line] = list(lines)
        rest: Sequence[int] = range(len(lines))
        found = list[tuple[int, Form]]()
        known = iter(self._forms)
        while rest:
            form = next(known, None) or self._new([lines[at] for at in rest], find)
            if form is None:
                break
            rows = zip(rest, form.rows([lines[at] for at in rest]), strict=True)
            had = [
                _Line(at, lines[at], (id(form), form.destination(row)), form, row)
                for at, row in rows
                if row[0]
            ]
            found.append((len(had), form))
            for line in had:
                told[line.at] = line
            rest = [at for at in rest if not isinstance(told[at], _Line)] if had else rest
        found += ((0, form) for form in known)
        found.sort(key=itemgetter(0), reverse=True)
        self._forms = [form for _, form in found[:MAX_FORMS]]
        return told

    def _new(self, lines: Sequence[bytes], find: _Find) -> Form | None:
        """The form of one of the lines, which have none that is known."""
        if self._others + len(lines) < MIN_LINES or self._trials < 1:
            self._others += len(lines)
            return None
        self._others = 0
        self._trials -= 1
        return find(lines[len(lines) // 2]) or find(lines[0])


def _pieces(told: Iterable[bytes | _Line], *, within_stamp: bool) -> Iterator[Block | bytes]:
    """Lines that go together in a row, mixtures of what is between, and lines of no form."""
    mixture = list[_Line]()
    for _, row in groupby(told, lambda line: line.kind if isinstance(line, _Line) else None):
        some = list(row)
        known = [line for line in some if isinstance(line, _Line)]
        if known and len(known) < MIN_LINES:
            mixture += known
            continue
        yield from _sorted(mixture, within_stamp=within_stamp)
        mixture.clear()
        if known:
            yield _block(known)
        else:
            yield from (line for line in some if isinstance(line, bytes))
    yield from _sorted(mixture, within_stamp=within_stamp)


def _sorted(mixture: Sequence[_Line], *, within_stamp: bool) -> Iterator[Block | bytes]:
    """A mixture by what goes together; few of a kind stay lines, in their order."""
    for _, some in groupby(mixture, lambda line: line.form.stamp(line.row) if within_stamp else ""):
        kinds = defaultdict[tuple[int, str], list[_Line]](list)
        for line in some:
            kinds[line.kind].append(line)
        few = sorted(line for kind in kinds.values() if len(kind) < MIN_LINES for line in kind)
        many = [kind for kind in kinds.values() if len(kind) >= MIN_LINES]
        for kind in sorted([*many, few] if few else many, key=lambda kind: kind[-1].at):
            if kind is few:
                yield from (line.data for line in few)
            else:
                yield _block(kind)


def _block(lines: Sequence[_Line]) -> Block:
    return lines[0].form.block([line.data for line in lines], [line.row for line in lines])
