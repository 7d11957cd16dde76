"""What a vendor writes after the syslog header: the contract that every dialect keeps.

A dialect is one module with `claims`, `parse` and `DIALECT`, and one line in `table.py`. It is a
pure function of a `SyslogMessage`: no clock, no state, no configuration.
"""

from collections.abc import Callable
from typing import NamedTuple

from exporter.events import Event, SyslogMessage


class Malformed(ValueError):
    """A line that its dialect claims but cannot read; the text says what and where."""


class Dialect(NamedTuple):
    """How one family of routers writes.

    `claims` is cheap and never raises. `parse` is only called on what `claims` accepted; it returns
    the event, or None for a line that is known and not worth an event ("ignored"), and raises
    `Malformed`.
    """

    name: str
    title: str  # vendors, for docs/dialects.md
    claims: Callable[[SyslogMessage], bool]
    parse: Callable[[SyslogMessage], Event | None]
    examples: tuple[str, ...] = ()  # a few short lines, as they stand behind the syslog header
