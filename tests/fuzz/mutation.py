"""Changes that a line survives: the fuzzer's own are blind, so most of them only break a header.

A message goes in, a changed one comes out: words of other lines of the corpus in place of its own,
the head of one line before the tail of another, numbers and characters that readers stumble over.
"""

import random
import re
from collections.abc import Callable, Sequence

Native = Callable[[bytes, int], bytes]  # the fuzzer's own mutation of some bytes, to a size

_PARTS = re.compile(rb"([\s,;=\"'()\[\]<>|/:@#-]+)")
_DIGITS = re.compile(rb"[0-9]+")
_NUMBERS = tuple(
    text.encode()
    for text in (
        *("0", "-1", "00", "1", "255", "256", "65535", "65536", "1000000", "1000001", "9" * 30),
        *("٣", "²", "１２", "1e5", "0x10", "+1", "1_0", ""),
    )
)
_HOSTILE = (
    *_NUMBERS,
    *(
        text.encode("utf-8", "surrogatepass")
        for text in (
            *("İ", "ß", "ſ", "\u212a", "é", "\0", "\x1f", "\x85", "\u2028", "\u3000", "\xa0"),
            *("\ufeff", "\ud800", "\t", "\r", "\n", '"', "'", "\\", '\\"', "[", "]", "(", ")"),
            *("<", ">", "{", "}", "|", "%", ",", ";", "=", "-", ":", "a" * 300, "icmp", "58"),
            *("::", "::1", "0.0.0.0", "255.255.255.255", "::ffff:192.0.2.1", "fe80::1%eth0"),
            *("[2001:db8::7]:53", "192.0.2.1:53", "192.0.2.01", "2001:db8::7.53", "x.x.x.x"),
            *("00:00:00:00:00:00", "00-00-5E-00-53-01", "0000.5e00.5301", "ff:ff:ff:ff:ff:ff"),
            *("message repeated 3 times: [ ", "last message repeated 2 times", "<13>"),
            *("<13>1 - - - - - ", "Nov 10 23:04:06 ", "2026-11-10T23:04:06Z ", "gate kernel: "),
        )
    ),
)


class Mutation:
    """Changes messages by what a corpus is made of; equal numbers make equal changes."""

    def __init__(self, lines: Sequence[bytes], native: Native, *, streams: bool = False):
        self._lines = list(lines)
        self._native = native
        self._words = sorted({word for line in lines for word in _PARTS.split(line) if word})
        self._changes = [
            *(self._replace, self._replace, self._insert, self._drop, self._double, self._swap),
            *(self._splice, self._splice, self._number, self._hostile, self._hostile, self._cut),
            self._another,
        ]
        if streams:
            self._changes += [self._frame] * 6

    def __call__(self, data: bytes, max_size: int, number: int) -> bytes:
        """Return a changed message of at most `max_size` bytes; `number` decides how."""
        chance = random.Random(number)
        if chance.random() < 0.3:
            return self._native(data, max_size)
        for _ in range(chance.choice((1, 1, 2, 3, 5))):
            data = chance.choice(self._changes)(data, chance)
        return data[:max_size]

    def _word(self, chance: random.Random) -> bytes:
        return chance.choice(_HOSTILE if chance.random() < 0.2 else self._words)

    def _replace(self, data: bytes, chance: random.Random) -> bytes:
        parts = _PARTS.split(data)
        parts[chance.randrange(len(parts))] = self._word(chance)
        return b"".join(parts)

    def _insert(self, data: bytes, chance: random.Random) -> bytes:
        parts = _PARTS.split(data)
        word = self._word(chance)
        parts.insert(chance.randrange(len(parts)), word + chance.choice((b" ", b"", b"=", b",")))
        return b"".join(parts)

    def _drop(self, data: bytes, chance: random.Random) -> bytes:
        parts = _PARTS.split(data)
        at = chance.randrange(len(parts))
        del parts[at : at + chance.choice((1, 1, 2, 3, 9))]
        return b"".join(parts)

    def _double(self, data: bytes, chance: random.Random) -> bytes:
        parts = _PARTS.split(data)
        at = chance.randrange(len(parts))
        some = parts[at : at + chance.choice((1, 2, 3, 8))]
        return b"".join([*parts[:at], *some * chance.choice((1, 1, 2, 50)), *parts[at:]])

    def _swap(self, data: bytes, chance: random.Random) -> bytes:
        parts = _PARTS.split(data)
        one, other = chance.randrange(len(parts)), chance.randrange(len(parts))
        parts[one], parts[other] = parts[other], parts[one]
        return b"".join(parts)

    def _splice(self, data: bytes, chance: random.Random) -> bytes:
        parts, others = _PARTS.split(data), _PARTS.split(chance.choice(self._lines))
        if chance.random() < 0.5:
            parts, others = others, parts
        head = parts[: chance.randrange(len(parts)) + 1]
        return b"".join(head + others[chance.randrange(len(others)) :])

    def _number(self, data: bytes, chance: random.Random) -> bytes:
        found = list(_DIGITS.finditer(data))
        if not found:
            return data
        one = chance.choice(found)
        return data[: one.start()] + chance.choice(_NUMBERS) + data[one.end() :]

    def _hostile(self, data: bytes, chance: random.Random) -> bytes:
        at = chance.randint(0, len(data))
        return data[:at] + chance.choice(_HOSTILE) + data[at + chance.choice((0, 0, 1)) :]

    def _cut(self, data: bytes, chance: random.Random) -> bytes:
        """Cut short, as a datagram is."""
        return data[: chance.randint(0, len(data))] or data

    def _another(self, data: bytes, chance: random.Random) -> bytes:
        return chance.choice(self._lines)

    def _frame(self, data: bytes, chance: random.Random) -> bytes:
        """Put a frame behind another: a line, or counted, now and then wrongly."""
        line = chance.choice(self._lines)[: chance.choice((5, 20, 400))]
        if chance.random() < 0.5:
            line = b"<%d>" % chance.choice((0, 13, 191, 999)) + line
        if chance.random() < 0.6:
            line = b"%d %b" % (len(line) + chance.choice((0, 0, 0, 0, 1, -1, 5)), line)
        frame = line + chance.choice((b"", b"", b"\n", b"\r\n", b"\0\n", b"\n\n"))
        at = chance.choice((0, len(data), chance.randint(0, len(data))))
        return data[:at] + frame + data[at:]


def stretched(data: bytes, chance: random.Random, size: int) -> bytes:
    """Return a message with a few of its bytes repeated until it is up to `size` bytes long."""
    if not data:
        return data
    at = chance.randrange(len(data))
    unit = data[at : at + chance.choice((1, 1, 2, 3, 5, 8, 20))]
    times = (size - len(data)) // len(unit) // chance.choice((1, 1, 1, 4, 16))
    return data[:at] + unit * max(0, times) + data[at:]
