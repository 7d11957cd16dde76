"""What one message says: repeats expanded, its dialect found, its verdict as the owner means it.

A SyslogMessage goes in, a Read comes out. The only state is the caller's: a `Sender` for each,
which says where to begin looking and what a repeat repeats.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
from loguru import logger

from exporter.dialects import Dialect, Malformed
from exporter.dialects.table import DIALECTS, recognise
from exporter.events import Event, Kind, Outcome, SyslogMessage
from exporter.syslog import repeats


class Rule(NamedTuple):
    """How the configuration wants one router's lines read."""

    dialects: tuple[Dialect, ...] = ()  # the only ones; (): whichever claims a line
    meanings: Mapping[str, Kind] = {}  # part of a line → what a packet of such a line is


class Read(msgspec.Struct, frozen=True, gc=False):
    """What became of one message."""

    dialect: str | None
    outcome: Outcome
    event: Event | None
    error: str | None = None
    router: str | None = None  # set when it is not the message's own: a repeat without a host


class Sender(msgspec.Struct, kw_only=True):
    """What is remembered of one sender: a guess where to begin, and what a repeat repeats."""

    dialect: Dialect | None = None
    by_tag: dict[str, Dialect] = {}  # the dialect in which each of its programs writes
    last: Read | None = None  # what its newest message was
    router: str = ""


MAX_TAGS = 16  # of one sender; it has a few programs
_WITHOUT_RULE = Rule()
_PACKETS = frozenset({"rejected", "accepted", "other"})


class Reader:
    """Reads messages with the known dialects and those of the configuration."""

    def __init__(
        self, own: Sequence[Dialect] = (), rules: Mapping[str, Rule] | None = None
    ) -> None:
        """`own` are the user's dialects, which are asked first; `rules` are by router."""
        self._own = tuple(own)
        self._rules = dict(rules or {})

    @property
    def dialects(self) -> tuple[Dialect, ...]:
        """All dialects, in the order in which they are asked."""
        return (*self._own, *DIALECTS)

    def only(self, router: str) -> tuple[str, ...]:
        """The names of the only dialects in which a router is read; () where all are tried."""
        return tuple(dialect.name for dialect in self._rules.get(router, _WITHOUT_RULE).dialects)

    def takes_blocks(self, router: str) -> bool:
        """Whether a router's lines mean what their dialect says, whoever knocks."""
        return not self._own and router not in self._rules

    def read(
        self,
        message: SyslogMessage,
        sender: Sender,
        router: str = "",
        newest: Sender | None = None,
    ) -> Read:
        """Read a message of a router, and expand what repeats.

        A bare repeat is of its own sender's last message; one without a host, or of a host that
        said nothing yet, is of the `newest` message from its address.
        """
        try:
            repeat = repeats.read(message)
        except repeats.RepeatError as error:
            sender.last = Read(None, "malformed", None, str(error))
            return sender.last
        if repeat is None:
            sender.last = self._parse(message, sender, router)
        elif repeat.message is None:
            if newest is not None and (message.hostname is None or sender.last is None):
                sender = newest
            return _again(sender, repeat.times, message.time)
        else:
            sender.last = _times(self._parse(repeat.message, sender, router), repeat.times)
        return sender.last

    def _parse(self, message: SyslogMessage, sender: Sender, router: str) -> Read:
        rule = self._rules.get(router, _WITHOUT_RULE)
        dialect = sender.dialect
        if dialect is None or self._own or rule.dialects or not dialect.claims(message):
            dialect = self._recognise(message, sender, rule)
        if dialect is None:
            return Read(None, "unrecognised", None)
        try:
            event = dialect.parse(message)
        except Malformed as error:
            return Read(dialect.name, "malformed", None, str(error))
        except Exception as error:  # noqa: BLE001 - a dialect's defect must not cost other lines
            logger.opt(exception=error).error(
                "dialect {} fails on {!r}", dialect.name, message.text
            )
            return Read(dialect.name, "malformed", None, f"the dialect fails: {error!r}")
        if event is None:
            return Read(dialect.name, "ignored", None)
        if event.time is None and message.time is not None:
            event = msgspec.structs.replace(event, time=message.time)
        if rule.meanings:
            event = _meant(event, message.text, rule.meanings)
        return Read(dialect.name, "event", event)

    def _recognise(self, message: SyslogMessage, sender: Sender, rule: Rule) -> Dialect | None:
        """The dialect of a message that is not, or may not be, in the sender's last one."""
        tag, first = message.app_name, rule.dialects or self._own
        dialect = next((dialect for dialect in first if dialect.claims(message)), None)
        if dialect is None and not rule.dialects:
            dialect = recognise(message, sender.by_tag.get(tag or ""))
        if dialect is not None:
            sender.dialect = dialect
            if tag is not None:
                if len(sender.by_tag) >= MAX_TAGS:
                    sender.by_tag.clear()
                sender.by_tag[tag] = dialect
        return dialect


def _meant(event: Event, text: str, meanings: Mapping[str, Kind]) -> Event:
    """The event as its router's owner reads it: the longest text that the line holds decides."""
    if event.kind not in _PACKETS or not event.names_packet:
        return event
    held = max((part for part in meanings if part in text), key=len, default=None)
    return event if held is None else msgspec.structs.replace(event, kind=meanings[held])


def _again(sender: Sender, times: int, time: float | None) -> Read:
    """A bare "last message repeated": its predecessor once more, if that was an event."""
    if sender.last is None or sender.last.event is None:
        return Read(None, "event", Event(kind="repeat", count=times, time=time))
    again = msgspec.structs.replace(sender.last.event, count=times, time=time)
    return msgspec.structs.replace(sender.last, event=again, router=sender.router)


def _times(one: Read, times: int) -> Read:
    if one.event is None:
        return one
    event = msgspec.structs.replace(one.event, count=times)
    return msgspec.structs.replace(one, event=event)
