"""A day of a simulated fleet, in minutes: what happens when, and what all of it comes to.

Relays and workers end and come back, devices move, floods and scans begin and end, sites fall
silent. Then everything stops, and what is shown is held against what was sent.
"""

import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tests.bench.topics import Progress, stored
from tests.fleet_day.fleet import GROUP, TOPIC, Fleet, Spent
from tests.fleet_day.happenings import Happenings
from tests.fleet_day.homes import Home
from tests.fleet_day.internet import Internet
from tests.fleet_day.ledger import Balance, Ledger, Shown, balance, names, shown_of
from tests.fleet_day.plan import Plan
from tests.fleet_day.traffic import Gate, Traffic
from tests.system.parts import kafka, web
from tests.system.parts.exposition import Samples
from tests.system.parts.kafka import Kafka
from tests.system.parts.process import until
from tests.system.parts.prometheus import Prometheus

REGIONS = 10
UNDER_REGIONS = 0.7  # of the homes
SETTLED = 180.0  # seconds in which all that was sent is counted and decided


class Outcome(NamedTuple):
    """What it came to."""

    seconds: float
    balance: Balance
    names: dict[tuple[str, str], float]  # of whose packets, named how → packets
    stored: tuple[float, float]  # messages and rejected packets, as Prometheus has them
    resets: float
    series: Shown
    rules: float  # seconds that Prometheus takes for all rules
    reports: Counter[str]
    posted: Counter[str]  # bytes of reports
    happened: Counter[str]
    spent: dict[str, Spent]
    topic: int  # bytes
    changelog: int
    transactions: float
    grown: float  # MB, the workers that run at the end, since they began
    late: float  # seconds, the most by which a router had its turn late


class Day:
    """The fleet, and what is to happen."""

    def __init__(self, plan: Plan, folder: Path, stack: ExitStack, cluster: Kafka) -> None:
        self._plan = plan
        self._chance = random.Random(plan.seed)
        self._ledger = Ledger()
        self._internet = Internet(plan.seed)
        most = plan.workers + 2
        self._fleet = Fleet(folder, stack, cluster, partitions=plan.partitions, workers=most)
        self._homes = self._furnished()
        self._gates = self._connect()
        for _ in range(plan.workers):
            self._fleet.add_worker()
        self._fleet.ready()
        for relay in self._fleet.relays:
            relay.open()
        self._prometheus = self._fleet.prometheus(plan.scrape)
        self._traffic = Traffic(self._gates, self._ledger)

    def run(self) -> Outcome:
        """Let it happen."""
        fleet, length = self._fleet, self._plan.minutes * 60
        before = fleet.spent()
        begun = time.monotonic()
        happenings = Happenings(self._plan, fleet, self._homes, self._traffic, self._ledger)
        with self._traffic as traffic:
            for at, what in happenings.planned(length):
                time.sleep(max(begun + at - time.monotonic(), 0))
                if traffic.failed:
                    break
                what()
            time.sleep(max(begun + length - time.monotonic(), 0))
            traffic.stop()
        seconds = time.monotonic() - begun
        relays = [relay.settled() for relay in fleet.relays]
        Progress(fleet.kafka, TOPIC, GROUP).wait(SETTLED)
        used = fleet.spent()
        spent = {n: Spent(one.core - before[n].core, one.memory) for n, one in used.items()}
        bare = before["workers"].memory / self._plan.workers * len(fleet.running())
        shown = self._decided(relays)
        stored_there = self._stored(sum(self._ledger.lines.values()))
        return Outcome(
            seconds,
            balance(self._ledger, shown, relays),
            names(self._internet.owners, shown),
            stored_there,
            self._prometheus.number("sum(resets(knockwatch_messages_total[1d]))"),
            self._series(shown),
            _rules(self._prometheus),
            self._ledger.reports,
            self._ledger.posted,
            happenings.happened,
            spent,
            stored(fleet.kafka, TOPIC),
            stored(fleet.kafka, f"{TOPIC}-changelog"),
            _committed(self._prometheus),
            spent["workers"].memory - bare,
            traffic.late,
        )

    def _decided(self, relays: Sequence[Samples]) -> list[Samples]:
        """Return what the workers show once nothing waits any more."""
        shown: list[Samples] = []

        def nothing_waits() -> bool:
            shown[:] = self._fleet.shown()
            undecided = balance(self._ledger, shown, relays).undecided
            time.sleep(min(undecided, 2.0))
            return not undecided

        until(nothing_waits, "decisions", seconds=SETTLED)
        return shown

    def _series(self, shown: Sequence[Samples]) -> Shown:
        own = {home.name for home in self._homes if not home.region}
        regions = {home.region for home in self._homes if home.region}
        return shown_of(shown, own, regions)

    def _stored(self, messages: float) -> tuple[float, float]:
        """What Prometheus has in the end, once it has scraped it."""

        def has_all() -> bool:
            known = self._prometheus.number("sum(knockwatch_messages_total)")
            missing = (
                messages - known - self._prometheus.number("sum(knockwatch_dropped_messages_total)")
            )
            return missing <= sum(self._ledger.dropped.values())

        until(has_all, "scrape of all", seconds=120)
        number = self._prometheus.number
        return (
            number("sum(knockwatch_messages_total)"),
            number("sum(knockwatch_rejected_packets_total)"),
        )

    # --- who there is ----------------------------------------------------------------------------

    def _furnished(self) -> list[Home]:
        plan, now = self._plan, datetime.now(UTC).timestamp()
        homes = [Home(n, plan.rate, self._internet, now) for n in range(plan.sites)]
        for home in homes[plan.own :]:
            if self._chance.random() < UNDER_REGIONS:
                home.region = f"region-{self._chance.randrange(REGIONS)}"
        return homes

    def _connect(self) -> list[tuple[Home, Gate]]:
        """Give the first homes a relay of their own, and the others those of a provider."""
        plan, fleet = self._plan, self._fleet
        own = self._homes[: plan.own]
        gates = [(home, fleet.add_relay([home], own=True).gate) for home in own]
        rest = self._homes[plan.own :]
        for number in range(plan.relays):
            homes = rest[number :: plan.relays]
            gate = fleet.add_relay(homes).gate
            gates += [(home, gate) for home in homes]
        return gates


def _committed(server: Prometheus) -> float:
    query = 'sum(max_over_time(knockwatch_transactions_total{outcome="committed"}[1d]))'
    return server.number(query)


def _rules(server: Prometheus) -> float:
    """Return how long the last evaluation of all rules took, one group after the other."""
    groups = web.get_json(f"{server.url}/api/v1/rules")["data"]["groups"]
    if failed := [
        rule["lastError"] for g in groups for rule in g["rules"] if rule.get("lastError")
    ]:
        raise RuntimeError(f"rules failed: {failed[0]}")
    return float(sum(group["evaluationTime"] for group in groups))


def live(plan: Plan, folder: Path, cluster: Kafka) -> Outcome:
    """Run one, with the brokers of a cluster of one node."""
    with ExitStack() as stack:
        return Day(plan, folder, stack, cluster).run()


def alone(plan: Plan) -> Outcome:
    """Run one, with brokers of its own."""
    with tempfile.TemporaryDirectory() as name, kafka.kafka(Path(name)) as cluster:
        return live(plan, Path(name), cluster)
