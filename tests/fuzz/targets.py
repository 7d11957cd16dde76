"""What must hold of any bytes: one check for each entrance, `TARGETS` by name.

Bytes go in; an exception comes out when a promise is broken, and nothing else. The checks need no
fuzzer, and what they do depends on their bytes alone.
"""

import random
import zlib
from collections.abc import Callable
from itertools import pairwise

from exporter.dialects import Dialect, Malformed, table
from exporter.events import Event, SyslogMessage
from exporter.syslog import header as headers
from exporter.syslog import repeats
from exporter.syslog.framing import FrameSplitter, FramingError
from exporter.syslog.repeats import Repeat, RepeatError
from tests.fuzz import promises
from tests.fuzz.promises import hold
from tests.golden import RECEIVED

MOMENTS = (0.0, RECEIVED, 4_107_542_399.0)  # the last second before 2100-03-01
LIMITS = (16, 200)  # of the largest message
EDGES = (b"\n", b"\r\n\0", b" ")
MAX_SINGLES = 80  # bytes that come one by one; it takes time
MAX_COUNT_DIGITS = 9  # seven, a blank and the first of what follows

Split = tuple[list[bytes], int, int]  # messages, how many were oversize, and how many cut off


def header(data: bytes) -> None:
    """Any bytes are a message; what ends a message is no part of it."""
    for moment in MOMENTS:
        read = headers.read(data, moment)
        promises.message(read)
        hold(headers.read(data, moment) == read, "header: reads the same twice", read)
        for edge in EDGES:
            hold(headers.read(data + edge, moment) == read, "header: edges are no text", read)
        if (repeat := _repeat(read)) and repeat.message:
            promises.message(repeat.message, "repeat")


def framing(data: bytes) -> None:
    """A stream gives the same messages however it was cut, and what they are framed again gives."""
    for limit in LIMITS:
        whole = _split([data], limit)
        for message in whole[0]:
            hold(len(message) <= limit, "framing: no message is oversize", message)
            hold(message == message.rstrip(b"\r\n\0"), "framing: ends are trimmed", message)
        for pieces in _cuts(data):
            again = _split(pieces, limit)
            hold(again == whole, "framing: any chunking gives the same", (limit, again, whole))
        told = [message for message in whole[0] if message[:1] == b"<"]
        if all(_has_pri(message) for message in told):
            counted = b"".join(b"%d %b" % (len(message), message) for message in told)
            hold(_split([counted], limit) == (told, 0, 0), "framing: counts are believed", told)


def dialects(data: bytes) -> None:
    """A whole message: every dialect that claims it gives an event, None or Malformed."""
    read = headers.read(data, RECEIVED)
    promises.message(read)
    repeat = _repeat(read)
    for message in (read, repeat.message if repeat else None):
        if message is not None:
            for dialect in table.DIALECTS:
                if dialect.claims(message):
                    _dialect(dialect, message)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "header": header,
    "framing": framing,
    "dialects": dialects,
}


def _repeat(message: SyslogMessage) -> Repeat | None:
    try:
        repeat = repeats.read(message)
    except RepeatError:
        return None
    if repeat is not None:
        hold(0 <= repeat.times <= repeats.MAX_COUNT, "repeat: times", repeat)
    return repeat


def _dialect(dialect: Dialect, message: SyslogMessage) -> None:
    answer = _answer(dialect, message)
    hold(_answer(dialect, message) == answer, f"{dialect.name}: reads the same twice", answer)
    if isinstance(answer, Event):
        promises.event(answer, dialect.name)
    else:
        promise = f"{dialect.name}: gives an event, None or Malformed"
        hold(answer is None or isinstance(answer, str), promise, answer)


def _answer(dialect: Dialect, message: SyslogMessage) -> Event | str | None:
    """Return what a dialect says, or why it says that the line is malformed."""
    try:
        return dialect.parse(message)
    except Malformed as error:
        return str(error)


def _split(pieces: list[bytes], limit: int) -> Split:
    splitter, messages = FrameSplitter(limit), []
    lost = {"oversize": 0, "bad_frame": 0}
    for piece in (*pieces, None):
        try:
            messages += splitter.end() if piece is None else splitter.feed(piece)
        except FramingError as error:
            hold(error.lost > 0, "framing: an error lost something", error)
            messages += error.messages
            lost[error.reason] += error.lost
        held = len(splitter._buffer)
        bound = limit + MAX_COUNT_DIGITS + len(piece or b"")
        hold(held <= bound, "framing: holds one message at most", (held, bound))
    return messages, lost["oversize"], lost["bad_frame"]


def _cuts(data: bytes) -> list[list[bytes]]:
    """Return the bytes one by one, and in random pieces that the bytes themselves decide."""
    chance = random.Random(zlib.crc32(data))
    singles = data[:MAX_SINGLES]
    ways = [[*(singles[at : at + 1] for at in range(len(singles))), data[MAX_SINGLES:]]]
    for number in (1, 5):
        places = sorted({0, len(data), *(chance.randint(0, len(data)) for _ in range(number))})
        ways.append([data[start:end] for start, end in pairwise(places)])
    return ways


def _has_pri(message: bytes) -> bool:
    digits, closed, _ = message[1:5].partition(b">")
    return bool(closed) and digits.isdigit()
