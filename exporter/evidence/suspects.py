"""Who is behind the rejected packets of a period: the question of the page and the API.

A connection and two moments go in, Suspects come out, most packets first.
"""

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

import msgspec

from exporter.events import CauseName, Direction, Evidence, Network, Reason, Verdict

_why = msgspec.json.Decoder(tuple[tuple[Reason, ...], tuple[Reason, ...], tuple[str, ...]])
_network = msgspec.json.Decoder(Network)


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """Who, or what, is behind rejected packets of a period: one line of the page.

    Packets of a named program make one suspect for each cause, direction and transport; packets of
    nobody one for each of these and each network, unless they stayed at home.
    """

    number: int  # the same in every period
    device: str
    process: str
    evidence: Evidence
    confidence: float
    cause: CauseName
    verdict: Verdict
    direction: Direction
    transport: str
    network: Network  # of the other side, the one with the most packets
    networks: int  # how many there were
    sources: int  # distinct remote addresses, as far as they were kept apart
    ports: tuple[int, ...]  # ours, at most five, most packets first
    routers: tuple[str, ...]
    packets: int
    total: int  # of the period, all suspects together
    first: float
    last: float
    reasons: tuple[Reason, ...]  # of the attribution, newest
    cause_reasons: tuple[Reason, ...]
    candidates: tuple[str, ...]  # devices that fit, named or not


def between(connection: sqlite3.Connection, since: float, until: float, most: int) -> list[Suspect]:
    """Return who was behind the packets between two moments, most packets first.

    Of more than `most` there are those to act on, those that are named and to be watched, and
    those with the most packets, in this order.
    """
    period = {"since": since, "until": until}
    found = connection.execute(_SUMS, period | {"most": most})
    names = [name for name, *_ in found.description]
    rows = {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in found}
    chosen = period | {"chosen": json.dumps(list(rows))}
    ports: dict[int, list[int]] = {}
    for suspect, port in connection.execute(_PORTS, chosen):
        ports.setdefault(suspect, []).append(port)
    networks = {
        suspect: (network, number)
        for suspect, network, number in connection.execute(_NETWORKS, chosen)
    }
    suspects = [
        _told(suspect, facts, ports.get(suspect, ()), networks.get(suspect))
        for suspect, facts in rows.items()
    ]
    return sorted(suspects, key=lambda s: (-s.packets, s.device, s.process, s.cause))


def _told(
    number: int, facts: dict[str, Any], ports: Iterable[int], main: tuple[bytes, int] | None
) -> Suspect:
    """Return a suspect from what `_SUMS`, `_PORTS` and `_NETWORKS` say of it."""
    network, networks = main or (facts["network"], 1)  # None: its rows were dropped meanwhile
    reasons, cause_reasons, candidates = _why.decode(facts["reasons"])
    read = {
        "number": number,
        "ports": tuple(ports),
        "network": _network.decode(network),
        "networks": networks,
        "routers": tuple(sorted(json.loads(facts["routers"]))),
        "reasons": reasons,
        "cause_reasons": cause_reasons,
        "candidates": candidates,
    }
    return Suspect(**facts | read)


_SUMS = """
WITH sums AS (
    SELECT sum(packets) AS packets, sum(sum(packets)) OVER () AS total, max(rowid) AS newest,
        min(first) AS first, max(last) AS last, count(DISTINCT nullif(remote_ip, '')) AS sources,
        json_group_array(DISTINCT router) AS routers
    FROM decisions WHERE last >= :since AND first <= :until GROUP BY suspect
)
SELECT suspect, device, process, evidence, confidence, cause, verdict, direction, transport,
    network, reasons, sources, routers, sums.packets AS packets, total, sums.first AS first,
    sums.last AS last
FROM sums JOIN decisions ON decisions.rowid = newest
ORDER BY verdict = 'act' DESC, verdict = 'watch' AND device <> '' DESC, sums.packets DESC
LIMIT :most
"""
_PORTS = """
SELECT suspect, our_port FROM (
    SELECT suspect, our_port,
        row_number() OVER (PARTITION BY suspect ORDER BY sum(packets) DESC, our_port) AS place
    FROM decisions WHERE last >= :since AND first <= :until AND our_port IS NOT NULL
        AND suspect IN (SELECT value FROM json_each(:chosen))
    GROUP BY suspect, our_port
) WHERE place <= 5 ORDER BY suspect, place
"""
_NETWORKS = """
SELECT suspect, network, networks FROM (
    SELECT suspect, network, max(rowid), count(*) OVER (PARTITION BY suspect) AS networks,
        row_number() OVER (PARTITION BY suspect ORDER BY sum(packets) DESC, asn) AS place
    FROM decisions WHERE last >= :since AND first <= :until
        AND suspect IN (SELECT value FROM json_each(:chosen))
    GROUP BY suspect, asn
) WHERE place = 1
"""
