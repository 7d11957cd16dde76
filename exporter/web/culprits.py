"""Suspects in words: who, why, how much, how sure, and what to do. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from exporter import explanation
from exporter.bisection import Found
from exporter.events import Verdict
from exporter.evidence import Suspect
from exporter.explanation import Language, Subject
from exporter.knowledge import Knowledge
from exporter.web.asking import filters_of
from exporter.web.trends import Trend


@dataclass(frozen=True, slots=True, kw_only=True)
class Culprit:
    """One suspect in words."""

    device: str
    process: str
    application: str
    verdict: Verdict
    verdict_word: str
    cause: str
    network: str  # of the other side, the one with the most packets
    asn: str
    networks: int
    sources: int
    ports: tuple[str, ...]  # "51413/udp"
    packets: int
    at_least: bool  # a router that told of it limits its log
    share: float  # 0 to 1
    last: float
    summary: str
    certainty: str
    advice: str
    reasons: tuple[str, ...]
    query: Mapping[str, str]  # of the link to these very packets
    findings: tuple[str, ...] = ()  # whom the packets of nobody follow
    trend: Trend | None = None
    acknowledged_until: float | None = None  # its owner knows it, and wants it quiet until then


def culprits(
    suspects: Iterable[Suspect],
    knowledge: Knowledge,
    seconds: float | None,
    language: Language,
    limited: Collection[str] = (),
    *,
    found: Mapping[int, Found] = MappingProxyType({}),
) -> tuple[Culprit, ...]:
    """Return suspects in words; `seconds` is the period that ends now, None for a pasted log.

    `limited` are the routers that limit their log; `found` is whom packets of nobody follow, by the
    suspect's number.
    """
    return tuple(
        _culprit(one, knowledge, seconds, language, limited, found=found.get(one.number))
        for one in suspects
    )


def ranked(culprits: Sequence[Culprit]) -> tuple[list[Culprit], list[Culprit]]:
    """Split culprits into those to tell at length and the others.

    At length: what must be acted on, first, but one flood from fifty networks once; and whoever is
    named. If there is nothing of the kind, the largest.
    """
    told: list[Culprit] = []
    for culprit in culprits:
        known = {other.cause for other in told if not other.device}
        if culprit.device or (culprit.verdict == "act" and culprit.cause not in known):
            told.append(culprit)
    told = sorted(told, key=lambda culprit: culprit.verdict != "act") or list(culprits[:1])
    return told, [culprit for culprit in culprits if culprit not in told]


def _culprit(
    suspect: Suspect,
    knowledge: Knowledge,
    seconds: float | None,
    language: Language,
    limited: Collection[str],
    *,
    found: Found | None,
) -> Culprit:
    subject = subject_of(suspect, knowledge, seconds, limited)
    reasons = (*suspect.reasons, *suspect.cause_reasons)
    worded = (explanation.reason(reason, language) for reason in reasons)
    return Culprit(
        device=suspect.device,
        process=suspect.process,
        application=subject.application.name if subject.application else "",
        verdict=suspect.verdict,
        verdict_word=explanation.verdict(suspect.verdict, language),
        cause=explanation.cause(suspect.cause, language),
        network=explanation.network(suspect.network, language),
        asn=suspect.network.asn,
        networks=suspect.networks,
        sources=suspect.sources,
        ports=tuple(f"{port}/{suspect.transport}" for port in suspect.ports),
        packets=suspect.packets,
        at_least=subject.at_least,
        share=suspect.packets / suspect.total,
        last=suspect.last,
        summary=explanation.summary(subject, language),
        certainty=explanation.certainty(subject, language),
        advice=explanation.advice(
            subject, language, explanation.next_step(found, language) if found else ""
        ),
        findings=explanation.findings(found, language) if found else (),
        reasons=tuple(dict.fromkeys(worded)),
        query=_query(suspect),
    )


def _query(suspect: Suspect) -> dict[str, str]:
    """Return what tells a suspect's packets from all others; a network only of strangers."""
    if suspect.device:
        query = filters_of("device", suspect.device) | filters_of("process", suspect.process)
    elif suspect.direction == "local":
        query = filters_of("device", "")
    else:
        query = filters_of("device", "") | filters_of("network", suspect.network.asn)
    query |= {"cause": suspect.cause, "direction": suspect.direction}
    return query | ({"transport": suspect.transport} if suspect.transport else {})


def subject_of(
    suspect: Suspect,
    knowledge: Knowledge,
    seconds: float | None,
    limited: Collection[str] = (),
) -> Subject:
    """Return what `explanation` is asked about a suspect; `limited` routers limit their log."""
    port = suspect.ports[0] if suspect.ports else None
    return Subject(
        device=suspect.device,
        process=suspect.process,
        evidence=suspect.evidence,
        confidence=suspect.confidence,
        cause=suspect.cause,
        verdict=suspect.verdict,
        network=suspect.network,
        networks=suspect.networks,
        sources=suspect.sources,
        direction=suspect.direction,
        transport=suspect.transport,
        ports=suspect.ports,
        packets=suspect.packets,
        total=suspect.total,
        period_seconds=seconds,
        at_least=any(router in limited for router in suspect.routers),
        application=knowledge.application(suspect.process, suspect.transport, port),
        candidates=suspect.candidates if suspect.evidence == "ambiguous" else (),
        reasons=suspect.reasons,
        cause_reasons=suspect.cause_reasons,
    )
