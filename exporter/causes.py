"""Why a rejected packet came: a decision table over what was seen.

In go `Signs`, all plain values; out comes a `Cause` with its verdict and reasons. The rules are
tried in the order of `RULES`, the first that speaks wins, and `unknown` is an answer too. A device
that spoke first, or a program that owns our port, outranks every list of known ports.
"""

from collections.abc import Callable

import msgspec

from exporter.events import (
    Attribution,
    Cause,
    CauseName,
    Evidence,
    Reason,
    Rejection,
    Verdict,
)
from exporter.knowledge import Application, Knowledge
from exporter.knowledge.records import Reading
from exporter.spread import Seen

MANY_PORTS = 5  # of ours, tried by one source: that is a scan
MANY_SOURCES = 8  # at one port of ours: peers that were told of it, or a forged flood
FLOOD_PER_MINUTE = 3000.0  # packets; 50 a second, which a slow line feels
SERVERS = frozenset(["cdn", "content"])  # networks of servers that answer, from their known ports
DELUGE_PER_MINUTE = 30_000.0  # packets; whoever they are for, the line suffers
CHATTER_PORTS = frozenset([67, 68, 137, 138, 546, 547, 1900, 3702, 5353, 5355])


class Signs(msgspec.Struct, frozen=True, kw_only=True):
    """All that a cause is told by."""

    rejection: Rejection
    attribution: Attribution
    seen: Seen
    port_kind: str = ""  # what strangers want of our port: knowledge/ports.yaml
    remote_reading: Reading | None = None  # what a packet from that remote port usually is
    remote_weight: float = 0.0  # 0 to 1: how far that port alone says so
    application: Application | None = None  # of the program that is named


def signs(
    rejection: Rejection, attribution: Attribution, seen: Seen, knowledge: Knowledge
) -> Signs:
    """What is known about a rejection, gathered."""
    transport, port = rejection.transport, rejection.our_port
    ours = None if port is None else knowledge.port(transport, port)
    theirs = None
    if rejection.remote_port is not None:
        theirs = knowledge.source_port(transport, rejection.remote_port)
    return Signs(
        rejection=rejection,
        attribution=attribution,
        seen=seen,
        port_kind=ours.kind if ours else "",
        remote_reading=theirs.reading if theirs else None,
        remote_weight=theirs.weight if theirs else 0.0,
        application=knowledge.application(attribution.process, transport, port),
    )


def decide(signs: Signs) -> Cause:
    """The cause, by the first rule that speaks."""
    for rule in RULES:
        cause = rule(signs)
        if cause is not None:
            return cause
    return Cause(name="unknown", verdict="watch", confidence=0.0, reasons=(Reason("no_sign"),))


def _local(signs: Signs) -> Cause | None:
    """Announcements within the home that a strict router logs."""
    if signs.rejection.direction != "local":
        return None
    sure = 0.95 if signs.rejection.destination_port in CHATTER_PORTS else 0.8
    return _cause("local_chatter", "benign", sure, Reason("within_home"))


def _outbound(signs: Signs) -> Cause | None:
    """A device of ours was refused on its way out: nobody outside did anything."""
    if signs.rejection.direction != "outbound":
        return None
    return _cause("misconfiguration", "watch", 0.8, Reason("refused_outbound"))


def _deluge(signs: Signs) -> Cause | None:
    """So much that it matters more than whose it is."""
    if signs.seen.packets_per_minute < DELUGE_PER_MINUTE:
        return None
    return _reflection(signs) or _flood(signs)


def _spoke_first(signs: Signs) -> Cause | None:
    """A device talked to that address: what comes back late is not an attack."""
    if _level(signs.attribution) not in ("flow", "remote", "dns"):
        return None
    return _cause("late_reply", "benign", 0.95, *signs.attribution.reasons[:1])


def _survey(signs: Signs) -> Cause | None:
    """Organisations that knock on every address to count open doors."""
    if signs.rejection.remote.kind not in ("scanner", "research"):
        return None
    return _cause(
        "survey", "benign", 0.95, Reason("known_surveyor", {"name": signs.rejection.remote.name})
    )


def _owned(signs: Signs) -> Cause | None:
    """A program owns the port now: peers that learnt the port are sent away while it works."""
    if _level(signs.attribution) != "socket":
        return None
    verdict = signs.application.verdict if signs.application else "watch"
    if _closed_for(signs.attribution) > 0:
        return _cause("echo", "benign", 0.8, Reason("program_gone"))
    if signs.remote_reading == "benign" and signs.seen.sources_of_port < MANY_SOURCES:
        known_service = Reason("known_service_port", {"port": signs.rejection.remote_port or 0})
        if signs.rejection.remote.kind in SERVERS and signs.remote_weight >= 0.85:
            return _cause("late_reply", "benign", 0.8, known_service)
    sources = Reason("sources_at_port", {"sources": signs.seen.sources_of_port})
    return _cause("p2p", verdict, 0.85, Reason("program_listens"), sources)


def _gone(signs: Signs) -> Cause | None:
    """The port was a program's, which has gone: its peers do not know yet."""
    if _level(signs.attribution) != "history":
        return None
    return _cause("echo", "benign", 0.8, Reason("program_gone"))


def _reflection(signs: Signs) -> Cause | None:
    """Answers of abused servers to questions that somebody asked in our name."""
    if signs.remote_reading != "attack":
        return None
    many = signs.seen.sources_of_port >= MANY_SOURCES
    flood = signs.seen.packets_per_minute >= FLOOD_PER_MINUTE
    return _cause(
        "reflection",
        "act" if flood else "watch",
        0.9 if many or flood else 0.6,
        Reason("amplifier_port", {"port": signs.rejection.remote_port or 0}),
    )


def _flood(signs: Signs) -> Cause | None:
    """More than a line can ignore, for a port that nobody at home owns."""
    rate = signs.seen.packets_per_minute
    if rate < FLOOD_PER_MINUTE:
        return None
    return _cause("flood", "act", 0.8, Reason("packets_per_minute", {"packets": round(rate)}))


def _scan(signs: Signs) -> Cause | None:
    """Strangers who try doors: many ports of ours, or one that everybody tries."""
    ports = signs.seen.ports_of_source
    answers = signs.remote_reading == "benign" and signs.rejection.remote.kind in SERVERS
    if signs.rejection.remote_ip and ports >= MANY_PORTS and not answers:
        return _cause("scan", "benign", 0.9, Reason("ports_of_source", {"ports": ports}))
    if signs.port_kind in ("scan", "iot_botnet", "exploit", "reflection"):
        port = signs.rejection.our_port or 0
        return _cause("scan", "benign", 0.85, Reason("port_that_scanners_try", {"port": port}))
    return None


def _service_port(signs: Signs) -> Cause | None:
    """A known service's port on the other side; alone it says little."""
    if signs.remote_reading != "benign":
        return None
    port = Reason("known_service_port", {"port": signs.rejection.remote_port or 0})
    return _cause("late_reply", "benign", round(0.5 * signs.remote_weight, 2), port)


def _peers(signs: Signs) -> Cause | None:
    """Peers of a program that nobody here runs, perhaps of the address's previous owner."""
    if signs.port_kind == "p2p" or signs.remote_reading == "p2p":
        return _cause("echo", "benign", 0.6, Reason("peer_port"))
    if signs.seen.sources_of_port >= MANY_SOURCES and signs.rejection.transport == "udp":
        sources = Reason("sources_at_port", {"sources": signs.seen.sources_of_port})
        return _cause("echo", "benign", 0.5, sources)
    return None


RULES: tuple[Callable[[Signs], Cause | None], ...] = (
    _local,
    _outbound,
    _deluge,
    _spoke_first,
    _survey,
    _owned,
    _gone,
    _reflection,
    _flood,
    _scan,
    _service_port,
    _peers,
)


def _cause(name: CauseName, verdict: Verdict, confidence: float, *reasons: Reason) -> Cause:
    return Cause(name=name, verdict=verdict, confidence=confidence, reasons=reasons)


def _level(attribution: Attribution) -> Evidence:
    """The evidence, or that of the candidates where several devices have the same."""
    if attribution.evidence == "ambiguous" and attribution.candidates:
        return attribution.candidates[0].evidence
    return attribution.evidence


def _closed_for(attribution: Attribution) -> float:
    """Seconds since the program, or every candidate's, closed the port; 0 while one has it."""
    seconds = [
        float(candidate.reasons[0].values.get("closed_for", 0))
        for candidate in attribution.candidates
        if candidate.evidence == "socket" and candidate.reasons
    ]
    return min(seconds, default=0.0)
