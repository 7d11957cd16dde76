"""The inbox: batches on their way from the receivers to the one consumer, in its event loop.

Batches go in, also from a receiver's own thread, and come out in the order of arrival. It is
bounded in messages and in bytes. Who cannot wait (UDP) leaves to the kernel what there is no `room`
for; what then still does not fit is lost, the newest first, counted. Who can wait (TCP) hands over
everything and then stops reading. The latter stop at half of the bound: else one sender with a
backlog would keep the inbox full, and the datagrams of all others would be lost. They stop, too,
while the consumer has nowhere to put what it takes.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable

import msgspec
from loguru import logger

from exporter.events import Batch
from exporter.transports import Dropped, OncePerMinute

MAX_MESSAGES = 20_000
MAX_BYTES = 16 * 1024 * 1024  # 800 bytes each; the container has 160 MB for everything
_TURN = 256  # messages the consumer gets at once, so that receivers are served in between


class Inbox:
    """Batches that wait. To stop: close the receivers, then `close`, then `get` until []."""

    def __init__(
        self, dropped: Dropped, max_messages: int = MAX_MESSAGES, max_bytes: int = MAX_BYTES
    ):
        self.messages = 0  # that wait now
        self.bytes = 0
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._dropped = dropped
        self._log_due = OncePerMinute()
        self._batches: deque[Batch] = deque()
        self._waiting: list[Callable[[], None]] = []
        self._closed = False
        self._held = False
        self._lock = threading.Lock()
        self._sleeper: asyncio.AbstractEventLoop | None = None  # where the consumer waits
        self._wake = asyncio.Event()

    def offer(self, batch: Batch) -> None:
        """Take the messages that fit; drop and count the rest."""
        with self._lock:
            kept = batch.messages[: self.room]
            if kept:
                self._append(msgspec.structs.replace(batch, messages=kept))
        if lost := len(batch.messages) - len(kept):
            self._dropped(batch.listener, "queue_full", lost)
            if self._log_due(batch.received, batch.listener):
                logger.warning("messages of {} dropped: the inbox is full", batch.listener)

    def put(self, batch: Batch) -> None:
        """Take the whole batch, even beyond the bound; then look at `pressed`."""
        with self._lock:
            self._append(batch)

    @property
    def room(self) -> int:
        """How many more messages `offer` would take."""
        return max(self._max_messages - self.messages, 0) if self.bytes < self._max_bytes else 0

    @property
    def pressed(self) -> bool:
        """Whether a receiver that can wait has to stop reading until `when_relieved` calls it."""
        return (
            self._held
            or 2 * self.messages >= self._max_messages
            or 2 * self.bytes >= self._max_bytes
        )

    def hold(self, held: bool) -> None:
        """Press receivers that can wait, whatever room there is; or do so no longer."""
        self._held = held
        self._relieve()

    def when_relieved(self, resume: Callable[[], None]) -> None:
        """Call `resume` once, as soon as the inbox is no longer pressed."""
        self._waiting.append(resume)

    async def get(self) -> list[Batch]:
        """Wait for batches; return the oldest, or [] when the inbox is closed and empty.

        Every call lets the receivers run first, so that a busy consumer cannot starve them.
        """
        if self._batches:
            await asyncio.sleep(0)
        while not (taken := self._take()) and not self._closed:
            await self._wake.wait()
        self._relieve()
        return taken

    def close(self) -> None:
        """Say that nothing more will come: `get` returns what is left, then []."""
        with self._lock:
            self._closed = True
            self._rouse()

    def _relieve(self) -> None:
        if not self.pressed:
            waiting, self._waiting = self._waiting, []
            for resume in waiting:
                resume()

    def _append(self, batch: Batch) -> None:
        self.messages += len(batch.messages)
        self.bytes += _size(batch)
        self._batches.append(batch)
        self._rouse()

    def _rouse(self) -> None:
        sleeper, self._sleeper = self._sleeper, None
        if sleeper is not None:
            sleeper.call_soon_threadsafe(self._wake.set)

    def _take(self) -> list[Batch]:
        """Take the oldest batches; when there are none, the next one sets `_wake`."""
        taken: list[Batch] = []
        turn = 0
        with self._lock:
            while self._batches and turn < _TURN:
                batch = self._batches.popleft()
                taken.append(batch)
                turn += len(batch.messages)
                self.bytes -= _size(batch)
            self.messages -= turn
            if not taken:
                self._wake.clear()
                self._sleeper = asyncio.get_running_loop()
        return taken


def _size(batch: Batch) -> int:
    return sum(map(len, batch.messages))
