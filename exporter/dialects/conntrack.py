"""The Linux kernel's connection tracking: its table is full and new connections are lost.

    kernel: nf_conntrack: nf_conntrack: table full, dropping packet
    kernel: [12.5] ip_conntrack: table full, dropping packet.

The kernel limits the rate of this line, so it tells that packets were dropped, never how many.
Source: net/netfilter/nf_conntrack_core.c.
"""

from exporter.dialects import Dialect
from exporter.events import Event, SyslogMessage


def claims(message: SyslogMessage) -> bool:
    """Tell whether connection tracking speaks."""
    return "_conntrack: " in message.text


def parse(message: SyslogMessage) -> Event:
    """Return `conntrack_full`, or `other` for what else it says."""
    says = message.text.rpartition("_conntrack: ")[2].lstrip().lower()
    return Event(kind="conntrack_full" if says.startswith("table full") else "other")


DIALECT = Dialect(
    "conntrack",
    "Linux kernel: connection tracking table",
    claims,
    parse,
    examples=("kernel: nf_conntrack: nf_conntrack: table full, dropping packet",),
)
