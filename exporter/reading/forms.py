"""Which parts of a line say what, found by experiment: it is read again with others in their place.

One line of a sender goes in, and how lines are read; out comes the form of all lines that are like
it. What can be any other number without a difference to what is read says nothing. What is read as
it stands there as an end's address or port, or as the time, may vary within a block. All else stays
as it is. What was found apart is then tried together, with what is odd among numbers: a form that
does not hold is none.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import NamedTuple

import msgspec

from exporter.events import Event
from exporter.reading.reading import Read
from exporter.reading.tokens import ROLES, Token, tokens
from exporter.syslog import stamps
from exporter.syslog.blocks import Form, Part, Role

MAX_LINE = 1500  # characters
MAX_PATTERN = 2500  # characters, for 17 KB; 512 are kept by `re`, of forms long forgotten, too
MAX_NARROWED = 24  # tokens of a line that are tried one by one, which takes ROUNDS readings each
ROUNDS = 20  # in which all that may vary does so together; a number begins twice with each digit

_FIELDS: dict[Role, str] = {
    "source": "source_ip",
    "source_port": "source_port",
    "destination": "destination_ip",
    "port": "destination_port",
}
_ENDS = frozenset(("source", "source_port", "port"))


class Said(NamedTuple):
    """What the line reader makes of a line: the reading, and what the header says."""

    hostname: str | None
    time: float | None
    read: Read


_Changes = Sequence[tuple[Token, str]]


def find(line: str, read: Callable[[str], Said], received: float) -> Form | None:
    """The form of a line about a rejected packet; None where it has none that holds."""
    if len(line) > MAX_LINE or not line.isascii() or "repeated" in line:
        return None
    said = read(line)
    event = said.read.event
    if event is None or event.kind != "rejected" or event.packets != 1:
        return None
    one = _Experiment(line, said, event, read, received)
    varying = [told for token in tokens(line) if (told := one.told(token))]
    if not one.holds(varying):
        if len(varying) > MAX_NARROWED:
            return None
        varying = [narrowed for token in varying if (narrowed := one.narrowed(token))]
        if not one.holds(varying):
            return None
    bases = {token.base for token in varying if token.role in ("source_port", "port")}
    roles = [token.role for token in varying if token.role]
    if len(roles) != len(set(roles)) or not set(roles) >= _ENDS or len(bases) != 1:
        return None
    parts = list(_parts(line, varying))
    if sum(len(part.pattern) for part in parts) > MAX_PATTERN:
        return None
    form = Form(parts, base=bases.pop())
    return form if form.columns([line.encode()])[0][0] else None  # a port is above 65535


class _Experiment(NamedTuple):
    """A line, what it says, and how it is read when it is changed."""

    line: str
    said: Said
    event: Event
    read: Callable[[str], Said]
    received: float

    def told(self, token: Token) -> Token | None:
        """What a token says, as one other text in its place shows; None if it must stay."""
        said = self._with([(token, token.other)])
        if said == self.said:
            wide = token.kind == "number" and self._with([(token, "9876543210")]) == said
            return token._replace(wide=wide)
        tellings = (
            token._replace(role=role, base=base) for role, base in ROLES.get(token.kind, ())
        )
        return next((one for one in tellings if said == self._expected([(one, one.other)])), None)

    def holds(self, varying: Sequence[Token]) -> bool:
        """Whether all may vary at once."""
        chance = Random(len(varying))  # noqa: S311 - no secret
        rounds = ([(token, token.odd(chance, n)) for token in varying] for n in range(ROUNDS))
        return all(self._with(changes) == self._expected(changes) for changes in rounds)

    def narrowed(self, token: Token) -> Token | None:
        """A token as far as it may vary by itself, whatever is odd; None if not at all."""
        ways = (token, token._replace(wide=False, zero=False))
        return next((way for way in ways if self.holds([way])), None)

    def _with(self, changes: _Changes) -> Said:
        """What is read with other texts in the places of tokens, which come in their order."""
        pieces, at = list[str](), 0
        for token, text in changes:
            pieces += [self.line[at : token.begin], text]
            at = token.end
        return self.read("".join((*pieces, self.line[at:])))

    def _expected(self, changes: _Changes) -> Said | None:
        """What should be read then; None where a stamp is none."""
        fields: dict[str, object] = {}
        time = self.said.time
        for token, text in changes:
            if token.role == "stamp":
                stamp = stamps.at_start(f"{text} ", self.received)
                if stamp is None or stamp.time is None or stamp.end != len(text):
                    return None
                time = fields["time"] = stamp.time
            elif token.role in ("source", "destination"):
                fields[_FIELDS[token.role]] = text
            elif token.role is not None:
                fields[_FIELDS[token.role]] = int(text, token.base)
        event = msgspec.structs.replace(self.event, **fields)
        read = msgspec.structs.replace(self.said.read, event=event)
        return Said(self.said.hostname, time, read)


def _parts(line: str, varying: Sequence[Token]) -> Iterator[Part]:
    at = 0
    for token in varying:
        yield Part(re.escape(line[at : token.begin]))
        yield Part(token.pattern(line[token.end : token.end + 1]), token.role)
        at = token.end
    yield Part(re.escape(line[at:]))
