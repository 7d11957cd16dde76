"""A router's table of conversations -> the flows of the devices behind it.

In go conversations with both their ends before and after translation, as pf, Linux, RouterOS and
IOS all show them, each in words of its own; out come flows that name the end inside, and the
addresses that the router itself was seen to use. A router's table tells what no host can: which
device has the port that the outside sees.
"""

from collections.abc import Iterable
from typing import NamedTuple

from exporter.addresses import is_private, scope
from exporter.host_report import Flow

TRANSPORTS = ("tcp", "udp")

_NEAR = ("loopback", "multicast", "broadcast", "unspecified")  # nobody outside answers from there

End = tuple[str, int]  # address and port


class Conversation(NamedTuple):
    """One row: what the host that began it sent, and what became of that behind the router."""

    transport: str
    source: End
    destination: End
    translated_source: End  # equal to `source` where nothing was translated
    translated_destination: End
    bytes: int | None = None  # both ways


class Rows(NamedTuple):
    """What a reader of one kind of table made of a text."""

    conversations: list[Conversation]
    rest: list[str]  # the lines that are no part of such a table


def own_addresses(conversations: Iterable[Conversation]) -> tuple[str, ...]:
    """Return the addresses that the router lent to others, and so has itself."""
    found: dict[str, None] = {}
    for row in conversations:
        if row.translated_source[0] != row.source[0]:
            found[row.translated_source[0]] = None
        # A device's question that is diverted to a resolver at home was sent to a stranger.
        if _is_forwarded(row) and row.translated_destination[0] != row.destination[0]:
            found[row.destination[0]] = None
    return tuple(found)


def flows(conversations: Iterable[Conversation], own: Iterable[str]) -> list[Flow]:
    """Return the flows, each once; `own` are the addresses of the router itself.

    A firewall with a state for either side shows a conversation twice: the side with the
    translation says more.
    """
    router = frozenset(own)
    found = [flow for row in conversations if (flow := _flow(row, router)) is not None]
    translated = {_ends(flow) for flow in found if flow.nat_port is not None}
    kept = (f for f in found if f.nat_port is not None or _ends(f) not in translated)
    return list({(*_ends(flow), flow.nat_port): flow for flow in kept}.values())


def _ends(flow: Flow) -> tuple[str, str, int, str, int]:
    return (flow.transport, flow.local_ip, flow.local_port, flow.remote_ip, flow.remote_port)


def _flow(row: Conversation, router: frozenset[str]) -> Flow | None:
    nat_port: int | None = None
    if _is_forwarded(row):
        inside, remote = row.translated_destination, row.source
        nat_port = row.destination[1]
    elif row.translated_source != row.source:
        inside, remote = row.source, row.translated_destination
        nat_port = row.translated_source[1]
    elif _is_answering(row, router):
        inside, remote = row.destination, row.source
    else:
        inside, remote = row.source, row.destination
    if row.transport not in TRANSPORTS or scope(inside[0]) in _NEAR or scope(remote[0]) in _NEAR:
        return None
    return Flow(
        transport=row.transport,
        local_ip=inside[0],
        local_port=inside[1],
        remote_ip=remote[0],
        remote_port=remote[1],
        nat_port=nat_port,
        bytes=row.bytes,
    )


def _is_forwarded(row: Conversation) -> bool:
    """Whether a stranger spoke first, to an address of the router that leads to a device."""
    return row.translated_destination != row.destination and not is_private(row.source[0])


def _is_answering(row: Conversation, router: frozenset[str]) -> bool:
    """Whether, where nothing was translated, the end that was spoken to is the one inside."""
    if is_private(row.source[0]) or row.source[0] in router:
        return False
    return is_private(row.destination[0]) or row.destination[0] in router
