"""Standard input: the lines that another program writes, until it ends.

Bytes of a pipe, a file or a terminal go in, batches come out. There is no position to go on from:
what was read and not counted when the program is killed is lost.
"""

import asyncio
import os
import select
import sys
from collections.abc import Callable

from loguru import logger

from exporter.events import STDIN, Batch
from exporter.syslog.lines import cut
from exporter.transports.inbox import Inbox

_CHUNK = 64 * 1024
_PATIENCE = 0.5  # seconds that a thread waits at most: it must end with the program


class StandardInput:
    """The standard input. `serve` belongs in the caller's TaskGroup."""

    def __init__(
        self,
        inbox: Inbox,
        *,
        clock: Callable[[], float],
        source: int | None = None,
        listener: str = "file",
    ) -> None:
        """Read from `source`, a file descriptor, in place of the program's own standard input."""
        self._inbox = inbox
        self._clock = clock
        self._source = source
        self._listener = listener
        self._rest = b""  # of an unfinished line
        self._skipping = False

    async def serve(self) -> None:
        """Read until the end of the input, or until cancelled."""
        source = self._source
        if source is None:
            source = None if sys.stdin is None else 0  # 0 may be another file of ours by now
        try:
            while source is not None:
                # It is not made non-blocking: others may share it.
                if not await asyncio.to_thread(_readable, source):
                    continue
                data = os.read(source, _CHUNK)
                self._hand_over(data)
                if not data:
                    break
                if self._inbox.pressed:
                    relieved = asyncio.Event()
                    self._inbox.when_relieved(relieved.set)
                    await relieved.wait()
        except (OSError, ValueError) as error:
            logger.warning("standard input cannot be read: {}", error)
        logger.info("standard input has ended")

    def _hand_over(self, data: bytes) -> None:
        """Hand over the lines that `data` completes; without data the last one is complete, too."""
        self._rest += data
        while self._rest:
            piece = cut(self._rest, skipping=self._skipping, ended=not data)
            if not piece.used:
                return
            self._rest, self._skipping = self._rest[piece.used :], piece.skipping
            if piece.oversize:
                logger.warning("standard input has a line that is too long: dropped")
            self._inbox.put(
                Batch(
                    received=self._clock(),
                    sender=STDIN,
                    listener=self._listener,
                    messages=piece.messages,
                    oversize=piece.oversize,
                )
            )


def _readable(source: int) -> bool:
    return bool(select.select([source], [], [], _PATIENCE)[0])
