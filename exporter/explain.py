"""The answer for one line, step by step: what `knockwatch explain`, the page and the API give.

It walks a line through the stages of a pipeline without counting it.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from exporter import causes, explanation
from exporter.events import (
    Candidate,
    CauseName,
    Decision,
    Event,
    Evidence,
    Network,
    Outcome,
    Verdict,
)
from exporter.explanation import Language
from exporter.pipeline import Pipeline
from exporter.reading import Sender
from exporter.syslog import header


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known about one line; what does not apply is None."""

    line: str
    router: str
    dialect: str | None
    outcome: Outcome
    event: Event | None
    network: Network | None = None
    device: str | None = None
    process: str | None = None
    evidence: Evidence | None = None
    confidence: float | None = None
    candidates: tuple[Candidate, ...] = ()
    cause: CauseName | None = None
    verdict: Verdict | None = None
    application: str | None = None
    summary: str
    advice: str
    steps: tuple[str, ...]


def explain(
    line: str, pipeline: Pipeline, now: float, language: Language, router: str = "explain"
) -> Answer:
    """Explain a line as if it arrived now; `router` is its router unless its header names one."""
    stages = pipeline.stages
    message = header.read(line.encode("utf-8", "replace"), now)
    if message.hostname is not None:
        router = stages.routers.name("", message.hostname)
    dialect, outcome, event, error, _ = stages.reader.read(message, Sender(), router)
    told = explanation.steps_of_line(message.hostname, dialect, outcome, event, error, language)
    if event is None or event.kind != "rejected":
        return Answer(
            line=line,
            router=router,
            dialect=dialect,
            outcome=outcome,
            event=event,
            summary=explanation.of_line(outcome, event, language),
            advice=explanation.advice_of_line(outcome, event, language),
            steps=told,
        )
    packets = stages.rejection(event, router, now)
    attribution = stages.attributor.attribute(packets).attribution
    seen = pipeline.spread.seen(packets.remote_ip, packets.transport, packets.our_port, now)
    signs = causes.signs(packets, attribution, seen, stages.knowledge)
    cause = causes.decide(signs)
    decision = Decision(rejection=packets, attribution=attribution, cause=cause, last=now)
    subject = explanation.of_decision(decision, signs.application)
    return Answer(
        line=line,
        router=router,
        dialect=dialect,
        outcome=outcome,
        event=event,
        network=packets.remote,
        device=attribution.device or None,
        process=attribution.process or None,
        evidence=attribution.evidence,
        confidence=round(attribution.confidence, 4),
        candidates=attribution.candidates,
        cause=cause.name,
        verdict=cause.verdict,
        application=signs.application.name if signs.application else None,
        summary=explanation.summary(subject, language),
        advice=explanation.advice(subject, language),
        steps=told + explanation.steps_of_decision(subject, language),
    )


def event_fields(event: Event) -> dict[str, Any]:
    """What an event says, as JSON has it: absent keys are left out, `time` is RFC 3339."""
    fields: dict[str, Any] = msgspec.to_builtins(event)
    if event.time is not None:
        moment = datetime.fromtimestamp(event.time, UTC)
        fields["time"] = moment.isoformat().replace("+00:00", "Z")
    return fields
