"""The way to the brokers: a writer while there is one; another when it broke, or none answers."""

import asyncio
import random
from collections.abc import Callable

from loguru import logger

from exporter.fleet.writer import Writer
from exporter.transports import OncePerMinute

LONGEST_PAUSE = 30.0  # seconds between two tries


class Link:
    """At most one writer. `keep` belongs in the caller's TaskGroup."""

    def __init__(
        self,
        connect: Callable[[], Writer],
        *,
        clock: Callable[[], float],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`connect` blocks; `clock` tells seconds that no time server sets."""
        self.writer: Writer | None = None
        self.missing_since: float | None = clock()  # None while there is a writer
        self._connect, self._clock, self._jitter = connect, clock, jitter
        self._needed = asyncio.Event()
        self._needed.set()
        self._pause = 0.0
        self._log_due = OncePerMinute()

    async def keep(self) -> None:
        """Make a writer whenever there is none, until cancelled."""
        while await self._needed.wait():
            await asyncio.sleep(self._pause * (0.5 + 0.5 * self._jitter()))
            self._pause = min(LONGEST_PAUSE, max(1.0, 2 * self._pause))
            try:
                self.writer = await asyncio.to_thread(self._connect)
            except (OSError, ValueError) as error:
                if self._log_due(self._clock(), str(error)):
                    logger.error("nothing can be relayed, what comes is kept: {}", error)
            else:
                self.missing_since = None
                self._needed.clear()

    def works(self) -> None:
        """Take it that a broker has acknowledged something: the next try may be soon."""
        self._pause = 0.0

    async def lose(self) -> None:
        """Give the writer up."""
        writer, self.writer = self.writer, None
        if writer is not None:
            self.missing_since = self._clock()
            self._needed.set()
            if writer.broken and self._log_due(self._clock(), writer.broken):
                logger.error(
                    "sent again, as it could not be relayed: {}; a broker's log says more",
                    writer.broken,
                )
            await asyncio.to_thread(writer.close)
