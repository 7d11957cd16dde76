"""What was not understood, by router: how much, and the newest few forms of it, redacted.

Readings go in as they are made; the page, the API and the doctor ask. It is lines that nobody
knows, lines that cannot be read, and packet lines without a verdict. A flood of junk costs a look
at some lines each ten seconds, and memory for a few forms. Nothing of it is stored.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from exporter.events import Event, Reading
from exporter.reading.redaction import redacted

Kind = Literal["unrecognised", "malformed", "no_verdict"]

MAX_ROUTERS = 100  # the least recently heard is forgotten
MAX_FORMS = 5  # of one kind and router; the one that came longest ago is forgotten
LOOKING = 10.0  # seconds, in which there is time for so many looks:
MAX_LOOKS = 50  # at lines of one router
MAX_LOOKS_OF_ALL = 200  # at lines of all routers; a look takes half a millisecond
_SLOT = 300  # seconds; an hour is counted in twelve of them
_SLOTS = 12


class Form(msgspec.Struct, kw_only=True):
    """Lines that are equal but for what is hidden."""

    kind: Kind
    text: str
    error: str | None  # of the newest; why it is malformed
    count: int  # of those that were looked at
    last: float


class Unread(msgspec.Struct, kw_only=True):
    """What was not understood of one router, since the start."""

    router: str
    unrecognised: int = 0
    malformed: int = 0
    no_verdict: int = 0
    not_looked_at: int = 0  # of these: they came too fast
    forms: dict[tuple[Kind, str], Form] = {}  # the one that came longest ago first
    slots: dict[int, int] = {}  # lines by slot of time, of about the last hour
    looking: int = 0  # number of the last ten seconds in which there was a look
    looks: int = 0  # within them

    @property
    def newest(self) -> list[Form]:
        """The forms, newest first."""
        return list(reversed(self.forms.values()))

    def last_hour(self, now: float) -> int:
        """How many lines were not understood within about an hour."""
        slot = int(now // _SLOT)
        return sum(lines for at, lines in self.slots.items() if slot - _SLOTS < at <= slot)


class UnreadLines:
    """What was not understood of every router."""

    def __init__(self) -> None:
        self._routers: dict[str, Unread] = {}
        self._looking = 0
        self._looks = 0

    def note(self, reading: Reading, text: str, now: float) -> None:
        """Note what became of a message, its text without the header, if it was not understood."""
        kind = _kind(reading)
        if kind is None:
            return
        unread = self._of(reading.router)
        setattr(unread, kind, getattr(unread, kind) + 1)
        _count(unread.slots, int(now // _SLOT))
        if self._may_look(unread, int(now // LOOKING)):
            _look(unread, kind, text, reading.error, now)
        else:
            unread.not_looked_at += 1

    def known(self) -> Iterable[Unread]:
        """All routers that sent something that was not understood, least recently heard first."""
        return self._routers.values()

    def of(self, router: str) -> Unread:
        """What was not understood of one router."""
        return self._routers.get(router) or Unread(router=router)

    def _of(self, router: str) -> Unread:
        unread = self._routers.pop(router, None) or Unread(router=router)
        if len(self._routers) >= MAX_ROUTERS:
            del self._routers[next(iter(self._routers))]
        self._routers[router] = unread
        return unread

    def _may_look(self, unread: Unread, looking: int) -> bool:
        """Whether there is time to look at one more line; if so, it is taken."""
        if looking != self._looking:
            self._looking, self._looks = looking, 0
        if looking != unread.looking:
            unread.looking, unread.looks = looking, 0
        if unread.looks >= MAX_LOOKS or self._looks >= MAX_LOOKS_OF_ALL:
            return False
        unread.looks += 1
        self._looks += 1
        return True


def lacks_verdict(event: Event) -> bool:
    """Whether a line about a packet does not say what became of it."""
    return event.kind == "other" and event.names_packet


def _kind(reading: Reading) -> Kind | None:
    if reading.outcome == "unrecognised" or reading.outcome == "malformed":
        return reading.outcome
    return "no_verdict" if reading.event and lacks_verdict(reading.event) else None


def _look(unread: Unread, kind: Kind, text: str, error: str | None, now: float) -> None:
    shown = redacted(text)
    form = unread.forms.pop((kind, shown), None)
    if form is None:
        form = Form(kind=kind, text=shown, error=None, count=0, last=now)
        same = [key for key in unread.forms if key[0] == kind]
        if len(same) >= MAX_FORMS:
            del unread.forms[same[0]]
    form.error = None if error is None else redacted(error)
    form.count += 1
    form.last = now
    unread.forms[kind, shown] = form


def _count(slots: dict[int, int], slot: int) -> None:
    slots[slot] = slots.get(slot, 0) + 1
    if len(slots) > _SLOTS:
        for other in [at for at in slots if not slot - _SLOTS < at <= slot]:
            del slots[other]
