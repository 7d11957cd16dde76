"""The past of the home of `home`: what the exporter would have shown at each scrape.

Spacing: as scraped for the last hours, wider before, and never wider than a rate over five minutes
allows. Only what the exporter counts is made up; what the rules record is computed by `rules`.
"""

import math
import random
from collections.abc import Sequence
from typing import NamedTuple

from tests.system.parts import home, shown
from tests.system.parts.shown import Key

DAYS = 8  # one more than the rules' longest window
# Up to this age in seconds → seconds between scrapes.
SPACING = ((7 * 3600, 15), (26 * 3600, 30), (DAYS * 86400, 120))
SILENT_SECONDS = 20 * 60  # how long the exporter has not been scraped when there is no data


class Series(NamedTuple):
    """One series: its name and labels, and its samples."""

    key: Key
    samples: list[tuple[int, float]]  # Unix seconds and value


class Past:
    """Goes on from scrape to scrape; counters keep what they have counted."""

    def __init__(self, end: int) -> None:
        self.end = end
        self.totals: dict[Key, float] = {}

    def live(self, state: str, times: Sequence[int]) -> list[Series]:
        """Return the samples of these times."""
        if state == "nodata":
            times = [when for when in times if when <= self.end - SILENT_SECONDS]
        samples: dict[Key, list[tuple[int, float]]] = {}
        chance = random.Random(f"{state} {times[0] - self.end}")
        usual = shown.sources(state, incident=False)
        unusual = shown.sources(state, incident=True)
        before = times[0] - SPACING[0][1]
        for now in times:
            incident = now > self.end - home.INCIDENT_SECONDS
            self._count(unusual if incident else usual, now, now - before, chance)
            for key, total in self.totals.items():
                if key not in samples:
                    # Born since the last scrape: Prometheus reads the created time as a zero.
                    samples[key] = [] if now == times[0] else [(now - 1, 0.0)]
                samples[key].append((now, total))
            for key, value in shown.gauges(state, now, self.end):
                samples.setdefault(key, []).append((now, value))
            before = now
        return [Series(key, found) for key, found in samples.items()]

    def _count(
        self, sources: Sequence[shown.Source], now: int, seconds: float, chance: random.Random
    ) -> None:
        awake = home.awake(now)
        for source in sources:
            rate = source.per_hour * (1.0 if source.steady else awake)
            number = poisson(rate * seconds / 3600, chance)
            for key in source.keys:
                self.totals[key] = self.totals.get(key, 0) + number
        for device in home.DEVICES:
            for position, interface in enumerate(device.interfaces):
                share = device.megabytes_per_minute * 1e6 / 60 * seconds / (1 + 9 * position)
                received = round(share * awake * chance.uniform(0.4, 1.6))
                for direction, amount in (("received", received), ("sent", received // 8)):
                    key = shown.traffic(device.name, interface, direction)
                    self.totals[key] = self.totals.get(key, 0) + amount
        for key, share in shown.shares():
            amount = round(share * seconds * awake * chance.uniform(0.4, 1.6))
            self.totals[key] = self.totals.get(key, 0) + amount


def times(now: int, oldest: int, newest: int) -> list[int]:
    """When it was scraped: from `oldest` to before `newest`, wider apart the longer ago."""
    found = []
    when = oldest
    while when < newest:
        found.append(when)
        when += next((step for age, step in SPACING if now - when <= age), SPACING[-1][1])
    return found


def poisson(mean: float, chance: random.Random) -> int:
    """A count whose mean is known; above thirty a normal one is close enough."""
    if mean > 30:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count
