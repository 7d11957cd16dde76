"""Receivers, tested with real sockets on loopback; nothing waits for time, only for events."""

import asyncio
import socket
from collections import Counter

import pytest

from exporter.events import Batch
from exporter.transports import DropReason
from exporter.transports.inbox import Inbox

HAS_IPV6 = socket.has_ipv6
try:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as _probe:
        _probe.bind(("::1", 0))
except OSError:
    HAS_IPV6 = False
needs_ipv6 = pytest.mark.skipif(not HAS_IPV6, reason="this machine has no IPv6 loopback")

NOW = 1_700_000_000.0


class Drops:
    """What was dropped, by listener and reason."""

    def __init__(self):
        self.counts: Counter[tuple[str, DropReason]] = Counter()

    def __call__(self, listener: str, reason: DropReason, messages: int):
        self.counts[listener, reason] += messages

    def total(self):
        return self.counts.total()


def anybody(sender: str):
    return True


async def take(inbox: Inbox, messages: int, sender: str | None = None) -> list[bytes]:
    """Return that many messages (of one sender) from the inbox; fail when they do not come."""
    taken: list[bytes] = []
    async with asyncio.timeout(10):
        while len(taken) < messages:
            for batch in await inbox.get():
                assert sender is None or batch.sender == sender
                taken += batch.messages
    return taken


async def rest(inbox: Inbox) -> list[Batch]:
    """Return all that is left of a closed inbox."""
    inbox.close()
    batches = []
    while taken := await inbox.get():
        batches += taken
    return batches
