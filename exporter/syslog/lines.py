"""Lines of a file or of standard input: whatever ends with LF, and nothing else.

A piece of a file goes in, messages come out, without CR, LF and NUL at the end, and how many bytes
of the piece are done with. A last line without LF stays, to be handed in again with what follows.
"""

from typing import NamedTuple

from exporter.syslog.framing import MAX_MESSAGE

MAX_LINES = 256  # at once, so that the consumer can take turns
_END = b"\r\n\0"


class Cut(NamedTuple):
    """What was cut off the beginning of a piece."""

    messages: list[bytes]
    used: int  # bytes
    skipping: bool  # they end inside a line that is too long: its rest is still to come
    oversize: int  # lines that were found to be too long, each counted once


def cut(
    piece: bytes, *, skipping: bool = False, ended: bool = False, max_message: int = MAX_MESSAGE
) -> Cut:
    """Cut up to MAX_LINES lines off a piece that begins where a line does.

    With `skipping` it begins inside a line that is too long. With `ended` nothing follows, and what
    is left without LF is a line, too. Unless that line is too long, a piece of more than
    `max_message` bytes always yields something.
    """
    begin = 0
    if skipping:
        begin = piece.find(b"\n") + 1
        if begin == 0:
            return Cut([], len(piece), not ended, 0)
    lines = piece[begin:].split(b"\n", MAX_LINES)
    rest = lines.pop()
    messages = []
    for line in lines:
        # A log that was truncated under its writer goes on behind a hole, which reads as NUL.
        text = line.lstrip(b"\0")
        if len(text) <= max_message:
            messages.append(text.rstrip(_END))
    oversize = len(lines) - len(messages)
    used = len(piece) - len(rest)
    if len(lines) == MAX_LINES:
        return Cut(messages, used, False, oversize)
    text = rest.lstrip(b"\0")
    used += len(rest) - len(text)
    if len(text) > max_message:
        return Cut(messages, len(piece), not ended, oversize + 1)
    if ended and text:
        return Cut([*messages, text.rstrip(_END)], len(piece), False, oversize)
    return Cut(messages, used, False, oversize)
