"""Lines of every dialect, made from its examples: about packets of other ends, and about anything.

A `Template` is one example about a rejected packet; its line is the same about another packet.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from exporter.dialects import Dialect
from exporter.dialects.table import DIALECTS
from exporter.events import Event
from exporter.syslog import header

NOW = 1_795_000_000.0  # when the examples are read; they bear no year
_UDP = (("TCP", "UDP"), ("tcp", "udp"), ("proto=6", "proto=17"))


class Template(NamedTuple):
    """An example about a rejected packet."""

    dialect: str
    text: str
    event: Event

    @property
    def packets(self) -> int:
        """The rejected packets of which each line tells."""
        return self.event.packets

    def line(self, source: str, source_port: int, port: int) -> str:
        """Return the line about a packet from there to that port of ours, where it tells them."""
        line = self.text.replace(self.event.source_ip or "", source)
        for old, new in (
            (self.event.source_port, source_port),
            (self.event.destination_port, port),
        ):
            if old is not None:
                line = re.sub(rf"(?<![0-9.]){old}(?![0-9.])", str(new), line, count=1)
        return line


def rejected(dialect: Dialect) -> Template | None:
    """Return a dialect's first example about a rejected packet of a known source."""
    return next(_rejected(dialect, dialect.examples), None)


def about_udp(dialect: Dialect) -> Template | None:
    """Return one about a UDP packet with both ports, or made to be: few examples are."""
    texts = list(dialect.examples)
    for tcp, udp in _UDP:
        texts += [text.replace(tcp, udp) for text in dialect.examples]
    for template in _rejected(dialect, texts):
        event = template.event
        ports = (event.source_port, event.destination_port)
        if event.transport == "udp" and None not in ports and _holds(template):
            return template
    return None


def others(dialect: Dialect) -> list[str]:
    """Return a dialect's examples that are not about rejected packets."""
    return [text for text in dialect.examples if not _is_rejected(read(dialect, text))]


def one_of_all(text: str) -> Event:
    """Return what the dialect reads that claims a text. Raises ValueError unless it is one."""
    [event] = [event for dialect in DIALECTS if (event := read(dialect, text)) is not None]
    return event


def read(dialect: Dialect, text: str) -> Event | None:
    """Return what a dialect reads in a text, if it claims it."""
    message = header.read(text.encode(), NOW)
    return dialect.parse(message) if dialect.claims(message) else None


def _rejected(dialect: Dialect, texts: list[str] | tuple[str, ...]) -> Iterator[Template]:
    for text in texts:
        event = read(dialect, text)
        if event is not None and _is_rejected(event) and event.source_ip:
            yield Template(dialect.name, text, event)


def _is_rejected(event: Event | None) -> bool:
    return event is not None and event.kind == "rejected"


def _holds(template: Template) -> bool:
    """Whether a line says what it was made to say."""
    event = one_of_all(template.line("23.45.67.89", 40_001, 50_002))
    ends = event.source_ip, event.source_port, event.destination_port, event.packets
    return ends == ("23.45.67.89", 40_001, 50_002, template.packets)
