"""All dialects, in the order in which they are tried.

A message goes in, the dialect that wrote it comes out. No two dialects claim the same line, so the
order costs time and never changes the answer.
"""

from exporter.dialects import Dialect, connection, netfilter
from exporter.events import SyslogMessage

DIALECTS: tuple[Dialect, ...] = (
    connection.DIALECT,
    netfilter.DIALECT,
)


def recognise(message: SyslogMessage, first: Dialect | None = None) -> Dialect | None:
    """Return the dialect that claims `message`; `first` is the sender's last one, tried before."""
    if first is not None and first.claims(message):
        return first
    for dialect in DIALECTS:
        if dialect is not first and dialect.claims(message):
            return dialect
    return None
