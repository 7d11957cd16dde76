"""What a simulated fleet was sent, held against what is shown of it."""

import threading
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from tests.fleet_day.internet import Owner, judged
from tests.system.parts.exposition import Samples

DROPPED = "knockwatch_dropped_messages_total"


class Ledger:
    """The truth, by the label under which each site is counted; in any thread."""

    def __init__(self) -> None:
        self.lines: Counter[str] = Counter()
        self.packets: Counter[str] = Counter()
        self.reports: Counter[str] = Counter()  # by what relays answered
        self.posted: Counter[str] = Counter()  # bytes of accepted ones: "full", "heartbeat"
        self.dropped: Counter[str] = Counter()  # by reason, of relays that have ended since
        self._lock = threading.Lock()

    def sent(self, label: str, lines: int, packets: int) -> None:
        """Note lines that went out, and of how many rejected packets they tell."""
        with self._lock:
            self.lines[label] += lines
            self.packets[label] += packets

    def answered(self, answer: str, kind: str, size: int) -> None:
        """Note how a report was answered."""
        with self._lock:
            self.reports[answer] += 1
            if answer == "accepted":
                self.posted[kind] += size

    def ended(self, relay: Samples) -> None:
        """Note what a relay has dropped, by its last scrape: its next run counts from 0."""
        self.dropped.update(drops(relay))


class Balance(NamedTuple):
    """Both sides of the law."""

    sent: float
    counted: float
    dropped: Mapping[str, float]  # by reason
    wrong: Mapping[str, tuple[float, ...]]  # by label: lines sent and counted, where they differ
    wrong_packets: Mapping[str, tuple[float, ...]]  # the same of packets: told, counted, decided
    packets: tuple[float, float]  # of which was told, and counted
    decided: float
    undecided: float

    @property
    def missing(self) -> float:
        """Messages that nobody knows of; below 0, that were counted twice."""
        return self.sent - self.counted - sum(self.dropped.values())


def balance(ledger: Ledger, workers: Iterable[Samples], relays: Iterable[Samples]) -> Balance:
    """Add up what all show."""
    counted, undecided = defaultdict[str, float](float), 0.0
    packets, decided = defaultdict[str, float](float), defaultdict[str, float](float)
    of_label = {
        "knockwatch_messages_total": counted,
        "knockwatch_rejected_packets_total": packets,
        "knockwatch_attributed_packets_total": decided,
    }
    dropped = Counter[str](ledger.dropped)
    for shown in workers:
        for (name, labels), value in shown.items():
            undecided += value * (name == "knockwatch_undecided_packets")
            if (sums := of_label.get(name)) is not None:
                sums[dict(labels)["site"]] += value
        dropped.update(drops(shown))
    for shown in relays:
        dropped.update(drops(shown))
    return Balance(
        sum(ledger.lines.values()),
        sum(counted.values()),
        {reason: messages for reason, messages in dropped.items() if messages},
        _differing(ledger.lines, counted),
        _differing(ledger.packets, packets, decided) if not undecided else {},
        (sum(ledger.packets.values()), sum(packets.values())),
        sum(decided.values()),
        undecided,
    )


def _differing(*sums: Mapping[str, float]) -> dict[str, tuple[float, ...]]:
    """Return the sums of the labels that have not the same in all."""
    found = {label: tuple(of.get(label, 0.0) for of in sums) for label in set[str]().union(*sums)}
    return {label: numbers for label, numbers in found.items() if len(set(numbers)) > 1}


def drops(shown: Samples) -> Counter[str]:
    """Return what one process or shard has dropped, by reason."""
    found = Counter[str]()
    for (name, labels), value in shown.items():
        if name == DROPPED:
            found[dict(labels)["reason"]] += round(value)
    return found


def names(
    owners: Mapping[str, Owner | None], workers: Iterable[Samples]
) -> dict[tuple[str, str], float]:
    """Return the decided packets by whose they were (its program, "" of nobody) and by verdict.

    A verdict is that of `judged`; packets of networks that have no series are of "?".
    """
    found = defaultdict[tuple[str, str], float](float)
    for shown in workers:
        for (name, labels), value in shown.items():
            if name != "knockwatch_attributed_packets_total":
                continue
            of = dict(labels)
            asn = of["source_asn"]
            owner = owners.get(asn)
            truth = "?" if asn not in owners else owner.program if owner else ""
            verdict = judged(owners, asn, of["device"], of["process"])
            found[truth, verdict or "untold"] += value
    return dict(found)


class Shown(NamedTuple):
    """How many series are shown, on average."""

    site: float  # of one that is counted by itself
    region: float  # in each shard that has sites of it
    subscriber: float  # of a site that is counted under a region: its router's
    all: int


def shown_of(workers: Iterable[Samples], own: Collection[str], regions: Collection[str]) -> Shown:
    """Count the series of all workers, by what they are of."""
    found, everything = Counter[str](), 0
    pairs, routers = set[tuple[str, str]](), set[str]()
    for shown in workers:
        for name, labels in shown:
            if name.endswith("_created"):
                continue
            everything += 1
            of = dict(labels)
            site = of.get("site", "")
            if site in own:
                found["own"] += 1
            elif site in regions and (router := of.get("router")):
                found["router"] += 1
                routers.add(router)
            elif site in regions:
                found["region"] += 1
                pairs.add((site, of["shard"]))
    return Shown(
        found["own"] / max(len(own), 1),
        found["region"] / max(len(pairs), 1),
        found["router"] / max(len(routers), 1),
        everything,
    )
