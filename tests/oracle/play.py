"""Rounds in one home, with a real Prometheus or with a clock that jumps; and what came of them."""

import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from subprocess import SubprocessError
from typing import NamedTuple

from tests.oracle import rounds
from tests.oracle.home import Home, home
from tests.oracle.ledger import OWN, Broken, Key, increases, kept
from tests.system.parts import knockwatch, prometheus, web
from tests.system.parts.exposition import Samples
from tests.system.parts.prometheus import Prometheus

HOME_ROUNDS = 20
_FILLER = shutil.ignore_patterns("filler")


class Account(NamedTuple):
    """What came of the rounds in one home."""

    seed: int
    seconds: float
    sent: int  # messages
    watched: bool  # by a Prometheus
    series: int  # that Prometheus has seen
    done: Counter[str]
    broken: str  # the law that did not hold, or ""

    def __str__(self) -> str:
        happened = " ".join(f"{name}:{number}" for name, number in sorted(self.done.items()))
        seen = f"Prometheus saw {self.series} series" if self.watched else "the clock was set"
        return (
            f"seed {self.seed}: {self.seconds:.0f} s, {self.sent}"
            f" messages, {seen}; {happened}\n  {self.broken or 'all laws held'}"
        )


def played(folder: Path, seed: int, number: int, *, watched: bool | None = None) -> Account:
    """Play so many rounds; an odd seed's are watched by a Prometheus, unless it is said."""
    watched = seed % 2 == 1 if watched is None else watched
    dice, done, began = random.Random(seed), Counter[str](), time.monotonic()
    series, broken = 0, ""
    with home(folder, dice, clock=not watched) as place, _watch(place, watched) as watch:
        try:
            place.start()
            rounds.acquaint(place)
            for done["rounds"] in range(1, number + 1):
                rounds.lived(place, done, losses=not watched)
            if place.process is None:
                place.start()
            rounds.settle(place)
            series = seen_by(watch, place) if watch else 0
        except (AssertionError, OSError, RuntimeError, SubprocessError) as error:
            broken = f"round {done['rounds']}: {type(error).__name__}: {error}"
            with suppress(OSError):  # it may be at work on it
                shutil.copytree(place.state, folder / "state-then", ignore=_FILLER)
            tail = place.output.read_text("utf-8", "replace")[-1500:]
            broken += f"\n--- end of its output ---\n{tail}"
    seconds = time.monotonic() - began
    return Account(seed, seconds, place.sent, watched, series, done, broken)


def _watch(place: Home, watched: bool) -> AbstractContextManager[Prometheus | None]:
    return watching(place) if watched else nullcontext()


@contextmanager
def watching(place: Home, *, interval: str = "2s") -> Iterator[Prometheus]:
    """Let a real Prometheus scrape the home."""
    target, port = f"127.0.0.1:{place.port}", knockwatch.free_port()
    with prometheus.prometheus(place.output.parent, target, port, interval=interval) as watch:
        prometheus.ready(watch)
        yield watch


def seen_by(watch: Prometheus, place: Home) -> int:
    """Hold what Prometheus adds up against what is shown; return how many series that are."""
    due = _totals(place.ledger.shown)
    deadline = time.monotonic() + 20
    while True:
        found = {key: values for key, values in _raw(watch).items() if not key[0].startswith(OWN)}
        latest = {key: values[-1] for key, values in found.items()}
        if latest == due or time.monotonic() > deadline:
            break
        time.sleep(0.5)
        due = _totals(place.scrape())
    if latest != due:
        odd = [key for key in due.keys() | latest.keys() if due.get(key) != latest.get(key)]
        raise Broken(f"Prometheus has other values, first of {len(odd)}: {odd[0]}")
    for key, (grown, restarts) in increases(found).items():
        if restarts or grown != due[key]:
            raise Broken(
                f"Prometheus sees {key[0]}{dict(sorted(key[1]))} grow by {grown:g} of {due[key]:g},"
                f" with {restarts} restarts: {found[key]}"
            )
    return len(found)


def _totals(shown: Samples) -> Samples:
    """The counters that outlive the process; a label that is empty is none for Prometheus."""
    return {
        (name, frozenset((label, text) for label, text in labels if text)): value
        for (name, labels), value in kept(shown).items()
        if name.endswith("_total")
    }


def _raw(watch: Prometheus) -> dict[Key, list[float]]:
    """Every sample of every counter that Prometheus keeps, oldest first."""
    query = '{__name__=~"knockwatch_.*_total"}[3h]'
    answer = web.get_json(f"{watch.url}/api/v1/query", query=query)
    return {
        (one["metric"]["__name__"], _labels(one["metric"])): [float(v) for _, v in one["values"]]
        for one in answer["data"]["result"]
    }


def _labels(metric: dict[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset((k, v) for k, v in metric.items() if k not in ("__name__", "job", "instance"))
