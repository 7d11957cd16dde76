"""The messages of one syslog stream (RFC 6587): octet counting, or lines that end with LF.

Received bytes go in, whole messages come out, without their framing and without CR, LF and NUL at
the end. Each frame says for itself which of the two it is: `<digits> <PRI>` is octet counted. So is
`<digits> ` before a message without PRI where, after so many octets without LF, a next frame or the
end of the stream follows; once that was seen, it is taken for granted. Whatever else is a line:
routers begin lines with numbers, too (`23 Nov 12:00:01`, `101 1 tap101i0-IN`).
"""

import re
from typing import Literal

MAX_MESSAGE = 64 * 1024  # bytes; RFC 5425 recommends 8192, some firewalls send more

# Seven digits: a count above the limit is skipped exactly, and a stray line costs 10 MB at most.
_COUNTED = re.compile(rb"([1-9][0-9]{0,6}) (<[0-9]{1,3}>)")
_BEGUN = re.compile(rb"[1-9][0-9]{0,6}(?: (?:<[0-9]{0,3})?)?")  # may still become the above
_BARE = re.compile(rb"([1-9][0-9]{0,4}) (?![ \r\n<])")
_BARE_BEGUN = re.compile(rb"[1-9][0-9]{0,4} ")
_NEXT = re.compile(rb"[1-9][0-9]{0,6} |<[0-9]")  # how a frame begins that follows a counted one
_NEXT_BEGUN = re.compile(rb"[1-9][0-9]{0,6}|<|")
_DIGITS = frozenset(b"123456789")
_END = b"\r\n\0"


class FramingError(ValueError):
    """Messages of a stream were lost; those that came whole in the same call are not.

    `messages` are the whole ones, in order. `lost` says how many were given up, and `reason` why:
    "oversize" (longer than allowed) or "bad_frame" (the stream ended inside a counted frame).
    """

    def __init__(
        self, reason: Literal["oversize", "bad_frame"], lost: int, messages: list[bytes], text: str
    ):
        super().__init__(text)
        self.reason = reason
        self.lost = lost
        self.messages = messages


class FrameSplitter:
    """Splits one connection's bytes; holds at most one message beside what it was just fed."""

    def __init__(self, max_message: int = MAX_MESSAGE):
        self._max = max_message
        self._buffer = bytearray()  # begins where the unfinished frame begins
        self._searched = 0  # so many bytes of that frame hold no LF
        self._skip = 0  # so many bytes of an oversize counted frame are still to come
        self._skip_line = False  # inside an oversize line
        self._bare = False  # counted messages without PRI were seen
        self._after_counted = False  # an empty line here is the counted frame's own line end

    def feed(self, data: bytes) -> list[bytes]:
        """Add received bytes; return the messages they completed, in order.

        Raises FramingError ("oversize") when a message is longer than `max_message` bytes. The
        splitter passes over that message and goes on with the next one, so a caller may count it,
        take `error.messages` and keep feeding.
        """
        self._buffer += data
        messages: list[bytes] = []
        lost = at = 0
        while at < len(self._buffer):
            if self._skip or self._skip_line:
                at = self._pass_over(at)
                continue
            frame = self._frame(at)
            if frame is None:
                break
            start, length, counted = frame
            self._searched = 0
            if length > self._max:
                lost += 1
                self._skip, self._skip_line = (length, False) if counted else (0, True)
                at = start
                continue
            message = bytes(self._buffer[start : start + length]).rstrip(_END)
            if message or counted or not self._after_counted:
                messages.append(message)
            self._after_counted = counted
            at = start + length + (not counted)  # a line's LF belongs to it
        del self._buffer[:at]
        if lost:
            text = f"{lost} messages are longer than {self._max} bytes"
            raise FramingError("oversize", lost, messages, text)
        return messages

    def end(self) -> list[bytes]:
        """Return what is left at the end of the stream: a last line may lack its LF.

        Raises FramingError ("bad_frame") when the stream ends inside a counted frame.
        """
        rest = bytes(self._buffer)
        self._buffer.clear()
        if not rest:
            return []
        if _counted(rest, 0):
            raise FramingError("bad_frame", 1, [], "the stream ended inside a counted message")
        if (bare := _BARE.match(rest)) and len(rest) == bare.end() + int(bare[1]):
            rest = rest[bare.end() :]
        message = rest.rstrip(_END)
        return [message] if message or not self._after_counted else []

    def _frame(self, at: int) -> tuple[int, int, bool] | None:
        """Return start, length and kind (counted or not) of the frame at `at`, None if unfinished.

        An unfinished line that is already too long is returned as far as it came.
        """
        buffer = self._buffer
        if buffer[at] in _DIGITS:
            if (counted := _counted(buffer, at)) is not None:
                start, length = counted
                whole = length > self._max or len(buffer) - start >= length
                return (start, length, True) if whole else None
            if _BEGUN.fullmatch(buffer, at) or _BARE_BEGUN.fullmatch(buffer, at):
                return None
            bare = _BARE.match(buffer, at)
            if bare and (length := int(bare[1])) <= self._max:
                end = bare.end() + length
                if buffer.find(b"\n", at + self._searched, end) < 0:
                    self._searched = min(len(buffer), end) - at
                    if len(buffer) < end or not self._counts(end):
                        return None
                    if self._bare:
                        return bare.end(), length, True
        newline = buffer.find(b"\n", at + self._searched)
        if newline >= 0:
            return at, newline - at, False
        self._searched = len(buffer) - at
        return (at, self._searched, False) if self._searched > self._max else None

    def _counts(self, end: int) -> bool:
        """Note whether a frame follows at `end`; False when that cannot be told yet."""
        if not self._bare and _NEXT.match(self._buffer, end):
            self._bare = True
        return self._bare or _NEXT_BEGUN.fullmatch(self._buffer, end) is None

    def _pass_over(self, at: int) -> int:
        """Return where the oversize message ends, or all that came of it so far."""
        if self._skip:
            passed = min(self._skip, len(self._buffer) - at)
            self._skip -= passed
            self._after_counted = True
            return at + passed
        newline = self._buffer.find(b"\n", at)
        if newline < 0:
            return len(self._buffer)
        self._skip_line = self._after_counted = False
        return newline + 1


def _counted(buffer: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """Return start and length of the message of a counted frame, None when it is a line."""
    found = _COUNTED.match(buffer, at)
    if found is None:
        return None
    length = int(found[1])
    return (found.start(2), length) if length >= len(found[2]) else None
