"""Which end of a tracked connection is ours, and how the outside sees it.

In go a connection as sent and as answered, and what the host knows of its networks; out comes a
flow, or None for what concerns nobody: loopback, multicast, and conversations of two at home.
"""

from collections.abc import Iterable

from exporter.addresses import Prefixes, is_private, packed, scope
from exporter.agent.conntrack import Entry
from exporter.host_report import Flow

_End = tuple[str, int]  # address and port


class Home:
    """The addresses that are on our side: the host's own, and those behind it."""

    def __init__(
        self, own: Iterable[str], behind: Iterable[str] = (), contained: Iterable[str] = ()
    ) -> None:
        """`behind` are prefixes of inside interfaces, `contained` those of containers in here.

        Raises ValueError when a prefix is not one.
        """
        self._own = frozenset(own)
        self._behind = Prefixes((prefix, True) for prefix in behind)
        self._contained = Prefixes((prefix, True) for prefix in contained)

    def holds(self, ip: str) -> bool:
        """Tell whether an address is one of ours."""
        if ip in self._own:
            return True
        # A router's own public address may lie in a range that belongs to the provider.
        return is_private(ip) or self._behind.look_up(ip) is not None

    def contains(self, ip: str) -> bool:
        """Tell whether an address belongs to a container that runs in this very host."""
        return ip not in self._own and self._contained.look_up(ip) is not None


def flow(entry: Entry, home: Home) -> Flow | None:
    """Return the conversation as our end has it."""
    sent, answered = entry.original, entry.reply
    source, target = (
        (sent.source_ip, sent.source_port),
        (sent.destination_ip, sent.destination_port),
    )
    replier = (answered.source_ip, answered.source_port)
    replied = (answered.destination_ip, answered.destination_port)
    # Began it outside, its target was ours as the outside sees it; began it here, so was the end
    # that the answers are sent to.
    for ours, seen_as, theirs in ((source, replied, replier), (replier, target, source)):
        if crosses(ours[0], theirs[0], home):
            return _flow(entry, ours, seen_as, theirs, home)
    return None


def crosses(our_ip: str, their_ip: str, home: Home) -> bool:
    """Tell whether two ends are one of ours and a stranger's."""
    if scope(their_ip) != "global" or home.holds(their_ip) or not home.holds(our_ip):
        return False
    # Two that share an IPv6 /64 are neighbours, and need no router.
    return ":" not in our_ip or ":" not in their_ip or packed(our_ip)[:8] != packed(their_ip)[:8]


def _flow(entry: Entry, ours: _End, seen_as: _End, theirs: _End, home: Home) -> Flow:
    if home.contains(ours[0]):  # to its neighbours the host itself speaks
        ours = seen_as
    return Flow(
        transport=entry.transport,
        local_ip=ours[0],
        local_port=ours[1],
        remote_ip=theirs[0],
        remote_port=theirs[1],
        nat_port=None if seen_as[1] == ours[1] else seen_as[1],
        bytes=entry.bytes,
    )
