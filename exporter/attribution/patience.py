"""How long a decision waits for what the hosts may still report."""

from collections.abc import Callable, Iterable

from exporter.hosts import Hosts

MAX_GRACE = 120.0  # seconds; a decision waits no longer for the hosts


class Patience:
    """Whose reports are waited for, and until when."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        self._awaited: frozenset[str] = frozenset()  # agents that were alive before a restart
        self._awaited_until = 0.0

    def awaits(self, agents: Iterable[str], until: float) -> None:
        """Wait for these agents, which were alive before a restart; at the latest until then."""
        self._awaited, self._awaited_until = frozenset(agents), until

    def ripe(self, now: float) -> Callable[[float], bool]:
        """Whether waiting for more reports is over for what came at a moment and is not settled.

        At once when no agent is alive; else when every live agent has reported after the packet,
        at the latest after one and a half of the slowest interval. After a restart those that
        were alive before are waited for as well.
        """
        awaits = self._awaited_until - MAX_GRACE <= now and self.is_awaiting(now)
        live = self._hosts.live(now)
        if awaits or not live:
            return lambda _: not awaits
        grace = min(1.5 * max(device.report.interval_seconds for device in live), MAX_GRACE)
        heard = min(device.taken for device in live)
        # Or the clock went back.
        return lambda came: heard > came or not came <= now < came + grace

    def is_awaiting(self, moment: float) -> bool:
        """Whether an agent that was alive before a restart has not reported for that moment."""
        if moment >= self._awaited_until:
            return False
        known = [self._hosts.device(name) for name in self._awaited]
        return any(device is None or device.current_until < moment for device in known)
