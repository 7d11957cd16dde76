"""What is kept of a decision: one row for equal ones of a minute.

A Decision goes in, a Row comes out, whose fields stand in the order of the columns. Rows of one key
are added up; a flood of made-up senders becomes one row for each device and cause.
"""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any

import msgspec

from exporter.attribution.crowds import Crowd
from exporter.events import CauseName, Decision, Direction, Evidence, Network, Verdict
from exporter.metrics.budget import OTHER


class Row(msgspec.Struct, frozen=True):
    """One row but for its suspect's number; the fields stand in the order of the columns."""

    minute: int
    router: str
    direction: Direction
    transport: str
    remote_ip: str
    our_port: int | None
    device: str
    process: str
    evidence: Evidence
    cause: CauseName
    verdict: Verdict
    confidence: float
    asn: str
    network: bytes
    packets: int
    first: float
    last: float
    reasons: bytes
    line: str  # that told of it; of several one; "" where none is kept


_SUMMED_UP: dict[str, Any] = {
    "router": OTHER,
    "transport": "",
    "remote_ip": "",
    "our_port": None,
    "asn": OTHER,
    "network": msgspec.json.encode(Network(OTHER)),
    "line": "",
}


def row(decision: Decision) -> Row:
    """Return what is kept of a decision."""
    rejection, attribution, cause = decision.rejection, decision.attribution, decision.cause
    candidates = attribution.candidates
    if attribution.evidence == "ambiguous":  # the best stand first: between them it is open
        candidates = tuple(c for c in candidates if c.evidence == candidates[0].evidence)
    return Row(
        int(rejection.received // 60),
        rejection.router,
        rejection.direction,
        rejection.transport,
        rejection.remote_ip,
        rejection.our_port,
        attribution.device,
        attribution.process,
        attribution.evidence,
        cause.name,
        cause.verdict,
        attribution.confidence,
        rejection.remote.asn,
        msgspec.json.encode(rejection.remote),
        rejection.count,
        rejection.received,
        decision.last,
        msgspec.json.encode((attribution.reasons, cause.reasons, [c.device for c in candidates])),
        rejection.line,
    )


def key(row: Row) -> tuple[object, ...]:
    """Return what rows that are added up have in common."""
    return (
        *(row.minute, row.router, row.direction, row.transport, row.remote_ip, row.our_port),
        *(row.device, row.process, row.evidence, row.cause, row.asn),
    )


def keys(crowd: Crowd, causes: Sequence[CauseName]) -> Iterator[tuple[Any, ...]]:
    """Return the keys of the rows about packets of nobody."""
    like, minutes = crowd.like, {moment: int(moment // 60) for moment in set(crowd.moments)}
    return zip(
        map(minutes.__getitem__, crowd.moments),
        *map(repeat, (like.router, like.direction, like.transport)),
        crowd.sources,
        crowd.numbers(),
        *map(repeat, ("", "", "none")),
        causes,
        [crowd.networks[source].asn for source in crowd.sources],
        strict=False,
    )


def summed_up(row: Row) -> Row:
    """Return the row of all that tell the same but for where from and where to."""
    return msgspec.structs.replace(row, **_SUMMED_UP)


def added(known: Row, new: Row) -> Row:
    """Return one row for two of one key; the newer one's reasons count."""
    return msgspec.structs.replace(
        new,
        packets=known.packets + new.packets,
        first=min(known.first, new.first),
        last=max(known.last, new.last),
        line=new.line or known.line,
    )


def suspect(row: Row) -> int:
    """Return a number for all that makes a suspect: sorting by it takes half the time.

    What stayed within the home has no network worth telling apart.
    """
    network = "" if row.device or row.direction == "local" else row.asn
    facts = (row.device, row.process, row.cause, row.direction, row.transport, network)
    digest = hashlib.blake2b(msgspec.msgpack.encode(facts), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
