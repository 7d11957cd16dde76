"""What knockwatch says while the episodes play: its metrics, again and again, and its decisions.

In: a running server; out: when how many packets had been attributed, by network, and at the end
each decision as the evidence database has it. Only what anybody could read is read.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.system.parts.exposition import Samples, samples
from tests.system.parts.knockwatch import Server
from tests.system.parts.lab import Lab

EVERY = 0.25  # seconds between two scrapes: as precise as delays are known
ATTRIBUTED = "knockwatch_attributed_packets_total"
_ROWS = """
SELECT transport, remote_ip, our_port, device, process, evidence, confidence, packets, reasons
FROM decisions ORDER BY first
"""


class Row(NamedTuple):
    """One row of decisions: what was said of some packets."""

    transport: str
    remote_ip: str
    port: int
    device: str
    process: str
    evidence: str
    confidence: float
    packets: int
    candidates: tuple[str, ...]


class Look(NamedTuple):
    """One scrape: by network and whether a device was named, how many packets were attributed."""

    when: float
    attributed: dict[tuple[str, bool], int]


@dataclass
class Watch:
    """The scrapes so far."""

    looks: list[Look] = field(default_factory=list)
    newest: Samples = field(default_factory=dict)
    failure: Exception | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    def devices(self) -> set[str]:
        """Return the devices that report."""
        return {
            value
            for (name, labels) in self.newest
            if name == "knockwatch_device_info"
            for key, value in labels
            if key == "device"
        }

    def total(self, metric: str) -> int:
        """Return the sum of a metric's series, at the newest scrape."""
        if self.failure is not None:
            raise self.failure
        return int(sum(value for (name, _), value in self.newest.items() if name == metric))

    def decoys(self) -> dict[str, int]:
        """Return how many decisions for decoy ports had which evidence."""
        return {
            dict(labels)["evidence"]: int(value)
            for (name, labels), value in self.newest.items()
            if name == "knockwatch_attribution_decoys_total"
        }

    def take(self, when: float, exposition: str) -> None:
        """Take a scrape in."""
        self.newest = samples(exposition)
        attributed: dict[tuple[str, bool], int] = {}
        for (name, carried), value in self.newest.items():
            if name == ATTRIBUTED:
                labels = dict(carried)
                key = (labels["source_asn"], labels["device"] != "")
                attributed[key] = attributed.get(key, 0) + int(value)
        self.looks.append(Look(when, attributed))


@contextmanager
def watching(lab: Lab, server: Server) -> Iterator[Watch]:
    """Scrape from a thread of its own, in the network of the box."""
    watch = Watch()

    def scrape() -> None:
        try:
            with lab.inside("box"):
                while not watch.ended.wait(EVERY):
                    text = server.metrics()
                    watch.take(time.clock_gettime(time.CLOCK_REALTIME), text)
        except Exception as failure:  # noqa: BLE001 - it is raised where somebody waits for it
            if not watch.ended.is_set():
                watch.failure = failure

    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield watch
    finally:
        watch.ended.set()
        thread.join()


def decisions(state: Path) -> list[Row]:
    """Return what the evidence database says, oldest first."""
    with sqlite3.connect(f"file:{state / 'evidence.sqlite'}?mode=ro", uri=True) as database:
        rows = database.execute(_ROWS).fetchall()
    database.close()
    return [Row._make((*row[:8], tuple(json.loads(row[8])[2]))) for row in rows]
