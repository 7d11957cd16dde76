"""Stores in memory with decisions in them, to test with."""

import sqlite3
from typing import Any

from exporter.events import Decision
from exporter.evidence import Bounds, EvidenceStore, Suspect
from tests.rejections import NOW, decision, named, rejection

MINUTE = NOW // 60 * 60
ALWAYS = (0.0, 2**40)
DAY = 86400.0

OPEN: list[sqlite3.Connection] = []  # closed after each test


def store(**bounds: Any) -> EvidenceStore:
    """Return an empty store, with some bounds of its own."""
    OPEN.append(sqlite3.connect(":memory:", check_same_thread=False))
    return EvidenceStore(OPEN[-1], Bounds(**bounds))


def stored(*decisions: Decision, now: float = NOW, **bounds: Any) -> EvidenceStore:
    """Return a store that holds decisions."""
    kept = store(**bounds)
    for one in decisions:
        kept.record(one)
    kept.write(kept.take(), now)
    return kept


def suspects(kept: EvidenceStore) -> list[Suspect]:
    """Return all suspects of all times."""
    return kept.suspects(*ALWAYS, most=10_000)


def nobody(**facts: Any) -> Decision:
    """Return the decision about a packet that is nobody's."""
    return decision(rejection(**facts))


def who(device: str, process: str = "p", **facts: Any) -> Decision:
    """Return the decision about a packet of a device."""
    return decision(rejection(**facts), attribution=named(device=device, process=process))
