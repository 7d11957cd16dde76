"""What stands for several equal messages: how often, and which message.

    last message repeated 7 times                 syslogd; it is the sender's previous message
    Above message repeated 7 times                D-Link; Cisco has its header in front again
    Last message 'the mess' repeated 7 times, suppressed by syslog-ng on gateway
    message repeated 7 times: [ the message ]     rsyslog; behind the message's tag, or around it

A SyslogMessage goes in, a Repeat or None comes out.
"""

import re
from typing import NamedTuple

import msgspec

from exporter.events import SyslogMessage
from exporter.syslog.header import tag

MAX_COUNT = 1_000_000  # more in one line is a lie or a fault, and would drown every true count

_AGAIN = (  # a header in front of the words: D-Link's exported log, Cisco's own stamp
    r"\[[A-Za-z]{4,8}\] [A-Za-z]{3} [A-Za-z]{3} [ 0-9]{1,2} [0-9:]{8} [0-9]{4} "
    r"|:? ?(?:[\w.-]{1,64}+: )?[*.]?[A-Za-z]{3} [ 0-9]{1,2} [0-9:.]{8,15}(?: [A-Z]{3,5})?: |-+ "
)
_BARE = re.compile(
    rf"(?:{_AGAIN})?(?:the )?(?:last|same|above|previous) message(?: '.{{0,64}}')?"
    r"(?: was)? repeated "
    r"([0-9]++) time(?:s|\(s\))?(?:, suppressed by \S{1,64} on \S{1,255}|[ .]*+-*+)",
    re.IGNORECASE,
)
_WRAPPED = re.compile(r"message repeated ([0-9]++) times?: ?\[ ?", re.IGNORECASE)


class RepeatError(ValueError):
    """A count that cannot be believed; to be counted as a malformed message."""


class Repeat(NamedTuple):
    """So many more of `message`; of the sender's previous message when that is None."""

    times: int
    message: SyslogMessage | None


def read(message: SyslogMessage) -> Repeat | None:
    """Read a repeat; None when `message` speaks for itself.

    Raises RepeatError when the count is above 1,000,000.
    """
    content = message.content
    if "repeated" not in content:
        return None
    if bare := _BARE.fullmatch(content):
        return Repeat(_count(bare[1]), None)
    if wrapped := _WRAPPED.match(content):
        return Repeat(_count(wrapped[1]), _inner(message, content[wrapped.end() :]))
    return None


def _count(digits: str) -> int:
    if len(digits) > len(str(MAX_COUNT)) or int(digits) > MAX_COUNT:
        raise RepeatError(f"repeated {digits[:20]} times")
    return int(digits)


def _inner(message: SyslogMessage, wrapped: str) -> SyslogMessage:
    text = wrapped.removesuffix("]").strip()  # a cut line has lost its bracket
    if message.app_name is None:
        app_name, proc_id, content = tag(text)
        changes = {"app_name": app_name, "proc_id": proc_id, "text": text, "content": content}
    else:
        outside = message.text.removesuffix(message.content)
        changes = {"text": outside + text, "content": text}
    return msgspec.structs.replace(message, **changes)
