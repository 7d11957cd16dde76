"""How much each may send: a bucket for each key, that fills with time and never overflows.

Keys and amounts go in, out comes how much of it may pass. Times are arguments, in seconds.
"""

from collections.abc import Hashable


class Rates:
    """The buckets of those that were heard last."""

    def __init__(self, per_second: float, burst: float, most: int) -> None:
        """A bucket holds `burst`, and `most` are remembered: a new key's is full."""
        self._per_second, self._burst, self._most = per_second, burst, most
        self._left: dict[Hashable, tuple[float, float]] = {}  # and when; heard longest ago is first

    def take(self, key: Hashable, now: float, wanted: int = 1) -> int:
        """Return how many may pass now, at most those that are wanted; they count."""
        left, at = self._left.pop(key, (self._burst, now))
        # A clock may be set back.
        left = min(self._burst, left + max(0.0, now - at) * self._per_second)
        taken = min(wanted, int(left))
        self._left[key] = (left - taken, now)
        if len(self._left) > self._most:
            del self._left[next(iter(self._left))]
        return taken
