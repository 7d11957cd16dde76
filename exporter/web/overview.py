"""What the page says, as plain values: the stages' state and the suspects go in, a view comes out.

Pure, so that "never a stale green" is tested without a browser. Templates only lay it out.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from exporter import explanation
from exporter.acknowledged import Pair, pair
from exporter.events import Verdict
from exporter.evidence import Suspect
from exporter.explanation import Language, Subject
from exporter.hosts import Device
from exporter.knowledge import Knowledge
from exporter.pipeline import Pipeline
from exporter.web import not_understood

HOUR = 3600.0
SILENT = HOUR  # seconds without a line, after which nothing is known about now
WORTH_A_LOOK = 0.1  # of the packets: what nobody is named for may stay unexplained below it

# What the first line says. `waiting`: no router has sent anything since the start.
State = Literal["waiting", "silent", "unread", "act", "look", "quiet"]


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
    acknowledged_until: float | None = None  # its owner knows it, and wants it quiet until then


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One device that reports, or did."""

    name: str
    is_agent: bool
    is_current: bool
    taken: float
    sockets: int
    os: str
    access_point: str  # "" when none said that it joined


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All that the page shows."""

    state: State
    now: float
    packets: int  # rejected in the last hour, and decided
    undecided: int
    last_line: float | None
    routers: tuple[str, ...]
    limited: tuple[str, ...]  # routers that limit their log, so that more was rejected
    culprits: tuple[Culprit, ...]
    rest: int  # packets of suspects that are not among them
    hosts: tuple[Host, ...]
    elsewhere: tuple[tuple[str, str], ...]  # other devices on Wi-Fi, and their access points
    unread: tuple[not_understood.Row, ...]
    sources: tuple[str, ...]  # the data sets behind the networks' names

    @property
    def has_agent(self) -> bool:
        """Whether a host reports by itself."""
        return any(host.is_agent and host.is_current for host in self.hosts)


def overview(
    pipeline: Pipeline,
    suspects: Sequence[Suspect],
    now: float,
    language: Language,
    acknowledged: Mapping[Pair, float] = MappingProxyType({}),
) -> Overview:
    """Return what there is to say about the last hour; `acknowledged` says what is known."""
    stages = pipeline.stages
    limited = stages.routers.limited(now)
    heard = sorted(stages.routers.known(), key=lambda router: -router.last_message)
    last_line = heard[0].last_message if heard else None
    shown = tuple(
        replace(culprit, acknowledged_until=acknowledged.get(pair(culprit.device, culprit.process)))
        for culprit in culprits(suspects, stages.knowledge, HOUR, language, limited)
    )
    packets = suspects[0].total if suspects else 0
    understood = not_understood.is_anything_understood(stages.metrics)
    places = stages.hosts.inventory.places(now)
    return Overview(
        state=_state(last_line, shown, now, understood=understood),
        now=now,
        packets=packets,
        undecided=sum(group.packets for group in pipeline.waiting.groups()),
        last_line=last_line,
        routers=tuple(router.name for router in heard),
        limited=tuple(router.name for router in heard if router.name in limited),
        culprits=shown,
        rest=packets - sum(culprit.packets for culprit in shown),
        hosts=tuple(
            _host(d, now, places.get(d.name, ""))
            for d in sorted(stages.hosts.devices(), key=lambda d: -d.taken)
        ),
        elsewhere=tuple(
            (name, place) for name, place in places.items() if stages.hosts.device(name) is None
        ),
        unread=not_understood.rows(stages.metrics, pipeline.unread, now),
        sources=stages.networks.sources,
    )


def culprits(
    suspects: Iterable[Suspect],
    knowledge: Knowledge,
    seconds: float | None,
    language: Language,
    limited: Collection[str] = (),
) -> tuple[Culprit, ...]:
    """Return suspects in words; `seconds` is the period that ends now, None for a pasted log.

    `limited` are the routers that limit their log.
    """
    return tuple(_culprit(one, knowledge, seconds, language, limited) for one in suspects)


def ranked(culprits: Sequence[Culprit]) -> tuple[list[Culprit], list[Culprit]]:
    """Split culprits into those to tell at length and the others.

    At length: whoever is named, and what must be acted on, but one flood from fifty networks once.
    If there is nothing of the kind, the largest.
    """
    told: list[Culprit] = []
    for culprit in culprits:
        known = {other.cause for other in told if not other.device}
        if culprit.device or (culprit.verdict == "act" and culprit.cause not in known):
            told.append(culprit)
    told = told or list(culprits[:1])
    return told, [culprit for culprit in culprits if culprit not in told]


def _culprit(
    suspect: Suspect,
    knowledge: Knowledge,
    seconds: float | None,
    language: Language,
    limited: Collection[str],
) -> Culprit:
    subject = subject_of(suspect, knowledge, seconds)
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
        networks=suspect.networks,
        sources=suspect.sources,
        ports=tuple(f"{port}/{suspect.transport}" for port in suspect.ports),
        packets=suspect.packets,
        at_least=any(router in limited for router in suspect.routers),
        share=suspect.packets / suspect.total,
        last=suspect.last,
        summary=explanation.summary(subject, language),
        certainty=explanation.certainty(subject, language),
        advice=explanation.advice(subject, language),
        reasons=tuple(dict.fromkeys(worded)),
    )


def subject_of(suspect: Suspect, knowledge: Knowledge, seconds: float | None) -> Subject:
    """Return what `explanation` is asked about a suspect of a period."""
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
        application=knowledge.application(suspect.process, suspect.transport, port),
        candidates=suspect.candidates if suspect.evidence == "ambiguous" else (),
        reasons=suspect.reasons,
        cause_reasons=suspect.cause_reasons,
    )


def _state(
    last_line: float | None,
    culprits: Sequence[Culprit],
    now: float,
    *,
    understood: bool,
) -> State:
    if last_line is None:
        return "waiting"
    if now - last_line > SILENT:
        return "silent"
    if any(culprit.verdict == "act" for culprit in culprits):
        return "act"
    if not understood:
        return "unread"
    watched = [c for c in culprits if c.verdict == "watch" and c.acknowledged_until is None]
    if any(c.device or c.share >= WORTH_A_LOOK for c in watched):
        return "look"
    return "quiet"


def _host(device: Device, now: float, access_point: str) -> Host:
    return Host(
        name=device.name,
        is_agent=device.is_agent,
        is_current=now <= device.current_until,
        taken=device.taken,
        sockets=len(device.report.sockets),
        os=device.report.os,
        access_point=access_point,
    )
