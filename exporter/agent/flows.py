"""The conversations of this host and of those behind it, from all that the kernel tells.

Sockets that were closed are told to anybody; connection tracking needs CAP_NET_ADMIN and knows in
addition who is behind us, the port outside, and how much was said. Every look reads what was told
since the last one, so that nothing is too short to be noticed; every report reads the table.
"""

import time
from collections.abc import Callable, Iterable, Iterator

from loguru import logger

from exporter.agent import conntrack, sockdiag
from exporter.agent.conversations import Conversations
from exporter.agent.ends import Home, crosses, flow
from exporter.host_report import Flow

SHARE = 100.0  # times as long as reading the table took it is not read again: 1 % of a core

_NEVER = float("-inf")


class Flows:
    """Reads what the kernel tells, for as long as it lives."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` tells seconds; nothing is opened before the first report."""
        self._clock = clock
        self._home = Home(())
        self._conversations = Conversations()
        self._closings: sockdiag.Closings | None = None
        self._changes: conntrack.Changes | None = None
        self.refused = False  # whether connection tracking is closed to us
        self._started = False
        self._read_again = _NEVER

    def report(self, home: Home, moved: Iterable[Flow] = ()) -> list[Flow]:
        """Return the conversations of the last minutes, the newest first.

        `moved` are connections of this host with their bytes, which connection tracking counts for
        those who ask it to, and for them only.
        """
        self._home = home
        self._start()
        if self._clock() >= self._read_again:
            self._list()
        self.hear()
        counted = [
            flow for flow in moved if flow.bytes and crosses(flow.local_ip, flow.remote_ip, home)
        ]
        return self._conversations.told(self._clock(), counted)

    def hear(self) -> None:
        """Note what was told since the last time."""
        now = self._clock()
        try:
            if self._changes:
                self._hear_of_connections(self._changes, now)
            if self._closings:
                for seen in self._closings.waiting():
                    if crosses(seen.local_ip, seen.remote_ip, self._home):
                        self._conversations.closed(seen, now)
        except OSError as error:
            logger.debug("what the kernel tells of conversations cannot be read: {}", error)

    def _hear_of_connections(self, changes: conntrack.Changes, now: float) -> None:
        for entry in changes.waiting():
            seen = flow(entry, self._home)
            if seen is None:
                continue
            if entry.ended:
                self._conversations.ended(seen, now)
            else:
                self._conversations.opened(seen, now)
        if changes.lost and now >= self._read_again:
            logger.debug("the kernel could not tell of all connections, the table is read again")
            self._list()

    def _start(self) -> None:
        if not self._started:
            self._started = True
            try:
                self._closings = sockdiag.Closings()
            except OSError as error:
                logger.info("the kernel does not tell of closed sockets: {}", error)
        # A firewall may be started later than we are.
        if self._changes is None and not self.refused and conntrack.connections() is not None:
            self._track()

    def _track(self) -> None:
        try:
            self._changes = conntrack.Changes()
        except OSError as error:
            self.refused = True
            logger.info(
                "connection tracking is closed to us, so no conversations of devices behind this"
                " host are told; it needs CAP_NET_ADMIN: {}",
                error,
            )
            return
        if not conntrack.counts_bytes():
            logger.info(
                "net.netfilter.nf_conntrack_acct is 0: of conversations by UDP, and of devices"
                " behind this host, no bytes are told"
            )

    def _list(self) -> None:
        """Read the table; how long that may take is bounded by doing it more rarely."""
        if self._changes is None:
            return
        before, now = time.thread_time(), self._clock()
        try:
            self._conversations.listed(self._entries(), now)
        except OSError as error:
            logger.debug("the table of connections cannot be read: {}", error)
        self._read_again = now + SHARE * (time.thread_time() - before)

    def _entries(self) -> Iterator[Flow]:
        if not conntrack.connections():
            return
        for entry in conntrack.table():
            seen = flow(entry, self._home)
            if seen is not None:
                yield seen
