"""What happens to a simulated fleet, and when.

Relays and workers end and come back, devices move, floods and scans begin and end, sites fall
silent.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from tests.fleet_day.fleet import Fleet, Relay
from tests.fleet_day.homes import Home
from tests.fleet_day.ledger import Ledger
from tests.fleet_day.plan import Plan
from tests.fleet_day.traffic import Traffic

FLOOD, SCAN = 100.0, 30.0  # lines a second besides
LASTS = 10.0  # seconds, a flood or a scan
Happening = tuple[float, Callable[[], None]]  # at how many seconds


class Happenings:
    """What happens; each is counted when it does."""

    def __init__(
        self, plan: Plan, fleet: Fleet, homes: Sequence[Home], traffic: Traffic, ledger: Ledger
    ) -> None:
        self.happened = Counter[str]()
        self._plan = plan
        self._fleet = fleet
        self._homes = homes
        self._traffic = traffic
        self._ledger = ledger
        self._chance = random.Random(plan.seed)

    def planned(self, length: float) -> list[Happening]:
        """What happens how many seconds after the beginning, in order."""
        if self._plan.calm:
            return []
        fleet, planned = self._fleet, list[Happening]()
        first, second = fleet.relays[self._plan.own], fleet.relays[-1]
        parts: tuple[Happening, ...] = (
            (0.20, lambda: self._end_worker(0, kill=True)),
            (0.30, self._add_worker),
            (0.40, lambda: self._end_relay(first, kill=True)),
            (0.43, first.start),
            (0.50, self._add_worker),
            (0.60, lambda: self._end_relay(second, kill=False)),
            (0.63, second.start),
            (0.70, lambda: self._end_worker(1, kill=False)),
        )
        planned += [(share * length, what) for share, what in parts]
        number = max(self._plan.sites // 50, 2)
        for _ in range(number):
            planned += self._for_a_while("flood", FLOOD, length)
            planned += self._for_a_while("scan", SCAN, length)
            planned.append((self._drawn(length), self._fall_silent))
            planned.append((self._drawn(length), self._move))
        return sorted(planned, key=lambda one: one[0])

    def _drawn(self, length: float) -> float:
        return self._chance.uniform(0.1, 0.9) * length

    def _for_a_while(self, what: str, rate: float, length: float) -> list[Happening]:
        """A flood or a scan begins and ends. Forged senders take a region's budget, so floods are
        those of homes that have their own.
        """
        homes = [home for home in self._homes if what != "flood" or not home.region]
        home, at = self._chance.choice(homes), self._drawn(length - LASTS)

        def begin() -> None:
            self.happened[what] += 1
            setattr(home, what, rate)

        return [(at, begin), (at + LASTS, lambda: setattr(home, what, 0.0))]

    def _fall_silent(self) -> None:
        self.happened["site fell silent"] += 1
        self._chance.choice(self._homes).silent = True

    def _move(self) -> None:
        """Let a laptop go to another home."""
        now = datetime.now(UTC).timestamp()
        with self._traffic.lock:
            laptops = [
                (home, device)
                for home in self._homes
                for device in home.devices
                if device.name.startswith("LAPTOP")
            ]
            having = {id(home) for home, _ in laptops}
            others = [home for home in self._homes if id(home) not in having]
            if laptops and others:
                home, device = self._chance.choice(laptops)
                home.leave(device, now)
                self._chance.choice(others).enter(device, now)
                self.happened["device moved"] += 1

    def _end_worker(self, number: int, *, kill: bool) -> None:
        self.happened["worker killed" if kill else "worker stopped"] += 1
        self._fleet.end_worker(self._fleet.workers[number], kill=kill)

    def _add_worker(self) -> None:
        self.happened["worker added"] += 1
        self._fleet.add_worker()

    def _end_relay(self, relay: Relay, *, kill: bool) -> None:
        self.happened["relay killed" if kill else "relay stopped"] += 1
        relay.end(self._traffic, self._ledger, kill=kill)
