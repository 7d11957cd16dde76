"""What must be true of everything that a scrape shows, whatever happened before it.

In go what was sent and what was shown; `Broken` comes out when a law does not hold. Counted is by
input: each has a router's name of its own, and drops bear the listener's.
"""

import itertools
from collections import Counter
from collections.abc import Collection, Mapping

from tests.system.parts.exposition import Samples

INPUTS = ("udp", "tcp", "tls", "stdin", "file", "reports")
LASTING = ("file",)  # what is counted exactly once, over kills too
# Counters that tell of this process alone, or are the host's own.
OWN = ("knockwatch_state_errors", "knockwatch_device_network_bytes")
Key = tuple[str, frozenset[tuple[str, str]]]  # name, labels
REJECTED = "knockwatch_rejected_packets_total"


class Broken(AssertionError):
    """A law that does not hold; the text says which, and by how much."""


def router(name: str) -> str:
    """The router whose messages come by that input."""
    return f"gate-{name}"


def total(samples: Samples, metric: str, **labels: str) -> float:
    """The sum over all series of a metric that carry these labels."""
    wanted = labels.items()
    return sum(v for (name, carried), v in samples.items() if name == metric and carried >= wanted)


def arrived(samples: Samples, name: str) -> float:
    """Messages of an input that were counted, or counted as dropped."""
    if name == "reports":
        return total(samples, "knockwatch_reports_total")
    dropped = total(samples, "knockwatch_dropped_messages_total", listener=name)
    return dropped + total(samples, "knockwatch_messages_total", router=router(name))


def kept(samples: Samples) -> Samples:
    """The samples that must outlive the process: counters, and since when they count."""
    return {
        key: value
        for key, value in samples.items()
        if key[0].startswith("knockwatch_")
        and key[0].endswith(("_total", "_created"))
        and not key[0].startswith(OWN)
    }


class Ledger:
    """What was sent and what was shown, since the counters began."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()  # by input, since `_base`
        self.rejected: Counter[str] = Counter()  # of them: lines about one rejected packet
        self.shown: Samples = {}  # the newest value of each series, and when it began
        self._base: dict[str, float] = {}  # by input, what was counted when the process began
        self._rejected_base: dict[str, float] = {}

    def begin_anew(self, lines: int, rejected: int) -> None:
        """Take it that all was lost, and a followed file with so many lines is read again."""
        self.__init__()  # type: ignore[misc]  # nothing of it outlives the state file
        self.sent["file"], self.rejected["file"] = lines, rejected

    def begin(self, samples: Samples, exact: Collection[str] = ()) -> None:
        """A process began, and this is its first scrape; `exact` inputs can have lost nothing."""
        self.check(samples)
        for name in exact:
            self._equal(samples, name)
        for name in INPUTS:
            if name not in LASTING:
                self._base[name] = arrived(samples, name)
                self._rejected_base[name] = total(samples, REJECTED, router=router(name))
                self.sent[name] = self.rejected[name] = 0

    def settled(self, samples: Samples, names: Collection[str] = INPUTS) -> bool:
        """Whether everything that was sent has been counted."""
        return all(arrived(samples, name) == self._due(name) for name in names)

    def missing(self, samples: Samples) -> dict[str, float]:
        """By input, how many messages are not counted yet."""
        found = {name: self._due(name) - arrived(samples, name) for name in INPUTS}
        return {name: number for name, number in found.items() if number}

    def check(self, samples: Samples) -> None:
        """Hold a complete scrape against all laws."""
        self.compare(samples)
        if gone := kept(self.shown).keys() - samples.keys():
            raise Broken(f"{len(gone)} of {len(self.shown)} no longer shown: {_some(gone)}")
        rejected = total(samples, REJECTED)
        decided = total(samples, "knockwatch_attributed_packets_total")
        waiting = total(samples, "knockwatch_undecided_packets")
        if rejected != decided + waiting:
            raise Broken(f"{rejected:g} rejected, but {decided:g} decided and {waiting:g} waiting")
        by_country = total(samples, "knockwatch_rejected_packets_by_country_total")
        if rejected != by_country:
            raise Broken(f"{rejected:g} rejected, but {by_country:g} by country")
        for name in INPUTS:
            if (seen := arrived(samples, name)) > self._due(name):
                raise Broken(f"{seen:g} of {name} arrived, but {self._due(name):g} were sent")
            self._check_rejected(samples, name)

    def compare(self, samples: Samples) -> None:
        """Hold what was read of a scrape, perhaps its beginning alone, against what was shown."""
        for key, value in kept(samples).items():
            before = self.shown.get(key, value)
            if key[0].endswith("_created") and value != before:
                raise Broken(f"{_some([key])} began at {before!r}, now at {value!r}")
            if value < before:
                raise Broken(f"{_some([key])} was {before:g}, now {value:g}")
        self.shown |= kept(samples)

    def _check_rejected(self, samples: Samples, name: str) -> None:
        """Of the messages that are counted so far, so many at least are of rejected packets."""
        seen = total(samples, REJECTED, router=router(name))
        most = self._rejected_base.get(name, 0.0) + self.rejected[name]
        read = total(samples, "knockwatch_messages_total", router=router(name), outcome="event")
        if seen > most or (name != "reports" and seen != read):
            raise Broken(f"{seen:g} packets rejected by {name}, {most:g} sent, {read:g} read")

    def _equal(self, samples: Samples, name: str) -> None:
        if (seen := arrived(samples, name)) != self._due(name):
            raise Broken(f"{seen:g} of {name} after a clean stop, {self._due(name):g} were taken")

    def _due(self, name: str) -> float:
        return self._base.get(name, 0.0) + self.sent[name]


def _some(keys: Collection[Key]) -> str:
    shown = [f"{name}{dict(sorted(labels))}" for name, labels in list(keys)[:3]]
    return "; ".join(shown)


def increases(series: Mapping[Key, list[float]]) -> dict[Key, tuple[float, int]]:
    """By series, by how much it grew as Prometheus reckons, and how often it seemed to restart."""
    found = {}
    for name, values in series.items():
        steps = list(itertools.pairwise(values))
        grown = sum(new - old if new >= old else new for old, new in steps)
        found[name] = (grown, sum(new < old for old, new in steps))
    return found
