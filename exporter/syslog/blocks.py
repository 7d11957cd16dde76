"""Lines that differ only in who knocked where: a flood is read by the block, not by the line.

The messages of one sender go in, and the forms that its lines are known to have; out come blocks of
lines between which nothing else differs, and every other line by itself. Of a block the first line
is read as any line is; what the others say follows from it. `reading.forms` finds the forms.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, groupby
from operator import itemgetter
from sys import intern
from typing import Literal, NamedTuple

from exporter.syslog.columns import Column, shared
from exporter.syslog.uncut import texts_of

MIN_LINES = 32  # fewer cost less one by one
AT_ONCE = 1024  # lines that are searched; more do not stay in a processor's cache
MAX_FORMS = 16  # of one sender; the one that its lines had longest ago is forgotten
MAX_PATTERNS = 16_384  # characters of their patterns, which a line of no form costs 3 ns each
TRIALS = 32  # forms that may be looked for at once, of all senders' lines
LINES_A_TRIAL = 2048  # for one more: a trial costs some 300 usual lines, 1,000 long ones at most

# As ports are printed: text and number are one, and no number is above 65535. No digit follows.
PORT = (
    r"(?:[1-5][0-9]{0,4}+|[6-9][0-9]{0,3}+(?![0-9])|6(?:[0-4][0-9]{3}|5(?:[0-4][0-9]{2}"
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
    sources: Column
    source_ports: Sequence[str]
    ports: Column  # ours

    def those(self, places: Sequence[int]) -> "Block":
        """The lines in some places."""
        lines = [self.lines[at] for at in places]
        stamps, sources, theirs, ports = ([column[at] for at in places] for column in self[1:])
        return Block(lines, stamps, Column(sources), theirs, Column(ports))


class Form:
    """A pattern of whole lines, by the block."""

    def __init__(self, parts: Sequence[Part], *, base: int = 10) -> None:
        """A stamp may be among the parts, and all ends are; ports are printed to that base."""
        pattern = "".join(f"({part.pattern})" if part.role else part.pattern for part in parts)
        self.size = len(pattern)
        self._rows = re.compile(rf"(?:{pattern}|.*)\n")
        self._at = {role: at for at, role in enumerate(part.role for part in parts if part.role)}
        self._destination = self._at.get("destination")
        self._stamp = self._at.get("stamp")
        self._base = base

    def columns(self, lines: Sequence[bytes]) -> list[list[str]]:
        """What the lines say, by role; of those that are not of this form all is empty.

        What comes again is the same object, but for their ports: few objects stay near.
        """
        columns: list[list[str]] = [[] for _ in self._at]
        again = {self._at["source"], self._at["port"]}
        in_a_row = {self._stamp, self._destination}
        for text in texts_of(lines, AT_ONCE):
            told = zip(*self._rows.findall(text.decode("ascii") + "\n"), strict=True)
            for at, texts in enumerate(told):
                if at in again:
                    columns[at] += map(intern, texts)
                elif at in in_a_row:
                    columns[at] += shared(texts)
                else:
                    columns[at] += texts
        return columns

    def are_alike(self, columns: Sequence[Sequence[str]]) -> bool:
        """Whether all lines are of this form, and tell of one address of ours."""
        texts = columns[self._destination or 0]
        if self._destination is None:
            return "" not in texts
        return texts[0] != "" and texts.count(texts[0]) == len(texts)

    def destination(self, row: _Row) -> str:
        """The address of ours that a line tells of; "" where it does not vary."""
        return "" if self._destination is None else row[self._destination]

    def stamp(self, row: _Row) -> str:
        """The stamp of a line; "" where it does not vary."""
        return "" if self._stamp is None else row[self._stamp]

    def block(self, lines: Sequence[bytes], columns: Sequence[Sequence[str]]) -> Block:
        """The block of lines that are alike."""
        stamps = [""] * len(lines) if self._stamp is None else columns[self._stamp]
        theirs, ours = (self._ports(columns[self._at[end]]) for end in ("source_port", "port"))
        return Block(lines, stamps, Column(columns[self._at["source"]]), theirs, Column(ours))

    def _ports(self, texts: Sequence[str]) -> Sequence[str]:
        if self._base == 10:
            return texts
        decimal = {text: intern(str(int(text, self._base))) for text in set(texts)}
        return [decimal[text] for text in texts]


_Find = Callable[[bytes], Form | None]


class Trials:
    """How many forms may still be looked for: lines of ever new forms must not cost much more."""

    def __init__(self) -> None:
        self._left = float(TRIALS)

    def came(self, lines: int) -> None:
        """Note so many lines, which earn trials."""
        self._left = min(TRIALS, self._left + lines / LINES_A_TRIAL)

    def take(self) -> bool:
        """Take one, if there is one."""
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Forms:
    """The forms of one sender's lines, most frequent first; looked for when lines have none."""

    def __init__(self, trials: Trials) -> None:
        """`trials` are shared with the other senders."""
        self._trials = trials
        self._forms: list[Form] = []
        self._others = 0  # lines of no form that came since the last one

    def cut(
        self, lines: Sequence[bytes], find: _Find, *, within_stamp: bool = False
    ) -> Iterator[Block | bytes]:
        """The lines in their order, those that go together as blocks.

        Lines of known forms may change places with each other, but not with any other line, and
        each host's last one stays its last; `within_stamp` they do it only with those of the same
        stamp.
        """
        self._trials.came(len(lines))
        if len(lines) < MIN_LINES:
            yield from lines
            return
        first = self._forms[0] if self._forms else None
        columns = [] if first is None else first.columns(lines)
        if first is not None and first.are_alike(columns):
            yield first.block(lines, columns)
        else:
            rows = list(zip(*columns, strict=True))
            yield from self._told(list(lines), rows, find).pieces(within_stamp=within_stamp)

    def _told(self, lines: Sequence[bytes], rows: Sequence[_Row], find: _Find) -> "_Told":
        """What lines say that are of known forms, or of new ones; `rows` is it by the first."""
        told = _Told(lines, [None] * len(lines), [()] * len(lines))
        rest: Sequence[int] = range(len(lines))
        found = list[tuple[int, Form]]()
        known = iter(self._forms)
        while rest:
            form = next(known, None) or self._new([lines[at] for at in rest], find)
            if form is None:
                break
            rows = rows or list(zip(*form.columns([lines[at] for at in rest]), strict=True))
            left = told.tell(form, rest, rows)
            found.append((len(rest) - len(left), form))
            rest, rows = left, ()
        found += ((0, form) for form in known)
        found.sort(key=itemgetter(0), reverse=True)
        sizes = accumulate(form.size for _, form in found)
        self._forms = [
            form
            for (_, form), size in zip(found[:MAX_FORMS], sizes, strict=False)
            if size <= MAX_PATTERNS
        ]
        return told

    def _new(self, lines: Sequence[bytes], find: _Find) -> Form | None:
        """The form of one of the lines, which have none that is known."""
        self._others += len(lines)
        if self._others < MIN_LINES or not self._trials.take():
            return None
        self._others = 0
        form = find(lines[len(lines) // 2])
        return form or (find(lines[0]) if self._trials.take() else None)


class _Told(NamedTuple):
    """Lines, the form of each, and what it says."""

    lines: Sequence[bytes]
    forms: list[Form | None]
    rows: list[_Row]

    def tell(self, form: Form, places: Sequence[int], rows: Sequence[_Row]) -> list[int]:
        """Note what lines of a form say; return the places of those that are of another."""
        others = []
        for at, row in zip(places, rows, strict=True):
            if row[0]:
                self.forms[at] = form
                self.rows[at] = row
            else:
                others.append(at)
        return others

    def pieces(self, *, within_stamp: bool) -> Iterator[Block | bytes]:
        """Lines of no form, many of one form in a row, and mixtures of what is between."""
        begin = end = 0
        for form, row in groupby(self.forms):
            at, end = end, end + len(list(row))
            if form is not None and end - at < MIN_LINES:
                continue
            yield from self._mixture(begin, at, within_stamp=within_stamp)
            begin = end
            if form is None:
                yield from self.lines[at:end]
            elif form.are_alike(columns := list(zip(*self.rows[at:end], strict=True))):
                yield form.block(self.lines[at:end], columns)
            else:
                yield from self._mixture(at, end, within_stamp=within_stamp)
        yield from self._mixture(begin, end, within_stamp=within_stamp)

    def _mixture(self, begin: int, end: int, *, within_stamp: bool) -> Iterator[Block | bytes]:
        if end - begin < MIN_LINES:
            yield from self.lines[begin:end]
        elif within_stamp:
            for _, same in groupby(range(begin, end), self._stamp):
                yield from self._sorted(list(same))
        else:
            yield from self._sorted(range(begin, end))

    def _stamp(self, at: int) -> str:
        form = self.forms[at]
        return "" if form is None else form.stamp(self.rows[at])

    def _sorted(self, places: Sequence[int]) -> Iterator[Block | bytes]:
        """A mixture by what goes together, few of a kind as lines; ordered by their last lines."""
        kinds = defaultdict[tuple[Form, str], list[int]](list)  # by form, and address of ours
        for at in places:
            if form := self.forms[at]:
                kinds[form, form.destination(self.rows[at])].append(at)
        # By their last lines, so that the last one of each host stays that: a repeat is of it.
        pieces = [kind for kind in kinds.values() if len(kind) >= MIN_LINES]
        pieces += [[at] for kind in kinds.values() if len(kind) < MIN_LINES for at in kind]
        for piece in sorted(pieces, key=itemgetter(-1)):
            form, lines = self.forms[piece[0]], [self.lines[at] for at in piece]
            if len(piece) < MIN_LINES or form is None:
                yield from lines
            else:
                columns = list(zip(*(self.rows[at] for at in piece), strict=True))
                yield form.block(lines, columns)
