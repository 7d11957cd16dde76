"""Which heartbeats a relay may pass on: those of devices whose full report it has just passed on.

A worker to which a site moves reads the reports of the last quarter of an hour again. "Unchanged
since" says nothing to it without the report that it means, so that must never be old.
"""

from exporter.host_report import HostReport
from exporter.hosts.machines import SAME_REPORT, Conflict

FULL_EVERY = 300.0  # seconds between two full reports of a device
MOST = 200_000  # devices; whose report is forgotten is asked for a full one

_Device = tuple[str, str]  # site, and name without its case


class Heartbeats:
    """The last full report of each device."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._full: dict[_Device, tuple[float, float]] = {}  # made, passed on; oldest first

    def check(self, site: str, report: HostReport, now: float) -> None:
        """Raise Conflict when a report refers to one that the workers may not know."""
        if report.unchanged_since is None:
            return
        made, passed = self._full.get(_device(site, report), (0.0, 0.0))
        since = now - report.age_seconds - report.unchanged_since
        if abs(since - made) > SAME_REPORT or not 0 <= now - passed <= FULL_EVERY:
            raise Conflict(
                "unchanged_since refers to no report of the last minutes: send a full one"
            )

    def passed(self, site: str, report: HostReport, now: float) -> None:
        """Note a report that a broker has, or the spool."""
        if report.unchanged_since is not None:
            return
        device, made = _device(site, report), now - report.age_seconds
        known, _ = self._full.pop(device, (0.0, 0.0))
        # One that arrives late, from an agent's own spool, is not what heartbeats mean.
        self._full[device] = (max(made, known) if known <= now else made, now)
        if len(self._full) > self._most:
            del self._full[next(iter(self._full))]


def _device(site: str, report: HostReport) -> _Device:
    return site, report.device.casefold()
