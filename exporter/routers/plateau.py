"""Whether a router limits its log: as many lines each minute, whoever knocks.

ufw writes 3 lines a minute after a burst of 10, others have other limits; what is beyond is never
seen. Strangers come by chance, so that their number in a minute varies by as much as its mean (a
Poisson process, or more); a log at its limit does not vary. One device that calls every 20 seconds
does not either, so the lines must be of several sources.
"""

from collections import deque
from collections.abc import Iterable

WINDOW = 20  # minutes; each of them must be over
MIN_MEAN = 2.0  # lines a minute; below, chance looks even
MAX_DISPERSION = 0.2  # variance by mean; chance alone stays below it once in 9,000 windows
MIN_SOURCES = 5  # distinct ones in the window


class Plateau:
    """The rejected lines of one router, by minute."""

    def __init__(self) -> None:
        self._minutes: deque[int] = deque(maxlen=WINDOW)
        self._minute = -1
        self._lines = 0
        self._sources: set[str] = set()  # of this WINDOW of the clock; a few tell few from many
        self._before: set[str] = set()  # of the one before

    def add(self, source: str, now: float) -> None:
        """Note one line about a rejected packet of `source`."""
        self._turn(int(now // 60))
        self._lines += 1
        if len(self._sources) < MIN_SOURCES:
            self._sources.add(source)

    def add_each(self, sources: Iterable[str], lines: int, now: float) -> None:
        """Note as many lines at once, of sources in their order."""
        self._turn(int(now // 60))
        self._lines += lines
        for source in sources:
            if len(self._sources) >= MIN_SOURCES:
                break
            self._sources.add(source)

    def limited(self, now: float) -> bool:
        """Whether the log is at its limit by now."""
        self._turn(int(now // 60))
        if len(self._minutes) < WINDOW:
            return False
        mean = sum(self._minutes) / WINDOW
        variance = sum((count - mean) ** 2 for count in self._minutes) / WINDOW
        even = mean >= MIN_MEAN and variance <= MAX_DISPERSION * mean
        return even and len(self._sources | self._before) >= MIN_SOURCES

    def _turn(self, minute: int) -> None:
        """Close the minutes that are over; a clock that was set back begins anew."""
        if minute == self._minute:
            return
        if minute < self._minute or self._minute < 0:
            self._minutes.clear()
        else:
            self._minutes.append(self._lines)
            self._minutes.extend([0] * min(minute - self._minute - 1, WINDOW))
        if minute // WINDOW != self._minute // WINDOW:
            self._before, self._sources = self._sources, set()
        self._minute, self._lines = minute, 0
