"""Lines of one text, which is cut only where somebody asks for some of them.

A flood of lines of one form is searched as it stands: to cut it costs a tenth of all that is done
with it.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import overload


class Lines(Sequence[bytes]):
    """The lines of a text, without their ends; they end at LF only."""

    def __init__(self, text: bytes) -> None:
        """The last line has no end."""
        self._text = text
        self._number = text.count(b"\n") + 1

    def __len__(self) -> int:
        return self._number

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._cut)

    @overload
    def __getitem__(self, at: int) -> bytes: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[bytes]: ...

    def __getitem__(self, at: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(at, slice):
            return self if at.indices(self._number) == (0, self._number, 1) else self._cut[at]
        if "_cut" in self.__dict__:
            return self._cut[at]
        begin = self._begin(range(self._number)[at])
        end = self._text.find(b"\n", begin)
        return self._text[begin:] if end < 0 else self._text[begin:end]

    def texts(self, lines: int) -> Iterator[bytes]:
        """The same as texts of about so many lines each, without the end of the last one."""
        step, begin = len(self._text) * lines // self._number, 0
        while begin <= len(self._text):
            end = self._text.find(b"\n", begin + step)
            end = len(self._text) if end < 0 else end
            yield self._text[begin:end]
            begin = end + 1

    @cached_property
    def _cut(self) -> list[bytes]:
        return self._text.split(b"\n")

    def _begin(self, at: int) -> int:
        """Where a line begins: not far from where it would if all were equally long."""
        begin = len(self._text) * at // self._number
        if 2 * at < self._number:
            missing = at - self._text.count(b"\n", 0, begin)
        else:
            missing = at - self._number + 1 + self._text.count(b"\n", begin)
        for _ in range(missing):
            begin = self._text.index(b"\n", begin) + 1
        for _ in range(1 - missing):
            begin = self._text.rfind(b"\n", 0, begin)
        return begin + (missing <= 0)


def texts_of(lines: Sequence[bytes], number: int) -> Iterator[bytes]:
    """Lines as texts of about so many; in place of those that hold LF or are no ASCII is none."""
    if isinstance(lines, Lines):
        for text in lines.texts(number):
            yield text if text.isascii() else _readable(text.split(b"\n"))
        return
    for begin in range(0, len(lines), number):
        some = lines[begin : begin + number]
        text = b"\n".join(some)
        whole = text.isascii() and text.count(b"\n") == len(some) - 1
        yield text if whole else _readable(some)


def _readable(lines: Sequence[bytes]) -> bytes:
    return b"\n".join(line if line.isascii() and b"\n" not in line else b"" for line in lines)
