"""A router's clock against ours, and how late its lines come.

In go the times at which messages arrived and the stamps in them; out come the clock's offset and
the lag. A difference that holds for five minutes is the clock's: it was set, or a relay always
takes that long. What comes from a spool does not hold, it catches up; and one forged stamp is
believed by nobody.
"""

import msgspec

STEADY = 300.0  # seconds for which a difference must hold to be believed
JITTER = 30.0  # seconds within which it holds
LATEST = 7 * 86400.0  # seconds; what claims to be older has a clock that was never set


class Clock(msgspec.Struct, kw_only=True):
    """What is known of one router's clock."""

    offset: float | None = None  # the router's time minus ours, in seconds; None: no stamp yet
    lag: float = 0.0  # seconds by which its newest message came late
    held: float = 0.0  # the difference that may be the new offset
    held_since: float = 0.0

    def heard(self, received: float, stamp: float) -> None:
        """Note a message that arrived at `received` and bears `stamp` (both Unix seconds)."""
        difference = stamp - received
        if abs(difference - self.held) > JITTER or received < self.held_since:
            self.held, self.held_since = difference, received
        if self.offset is None or received - self.held_since >= STEADY:
            self.offset = difference
        elif 0 < difference - self.offset <= JITTER:
            self.offset = difference  # messages are late, never early: the earliest knows best
        self.lag = max(0.0, self.offset - difference)

    def happened(self, received: float) -> float:
        """When what a message that arrived just now says came about, as far as is known."""
        return received - self.lag if JITTER < self.lag <= LATEST else received
