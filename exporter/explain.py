"""The answer for one line, step by step: what `knockwatch explain`, the page and the API give.

It walks a line through the stages of a pipeline without counting it.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from exporter import causes, explanation
from exporter.bisection import Found, concerns
from exporter.causes.spread import knock
from exporter.dialects import nearest
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
    at_least: bool = False  # its router's log is at a limit: there were more like it
    headline: str | None = None  # the shortest form
    summary: str
    certainty: str | None = None
    advice: str
    steps: tuple[str, ...]


def explain(
    line: str, pipeline: Pipeline, now: float, language: Language, router: str = "explain"
) -> Answer:
    """Explain a line as if it arrived now; `router` is its router unless its header names one."""
    stages = pipeline.stages
    message = header.read(line.encode("utf-8", "replace"), now)
    limited = stages.routers.limited(now)
    at_least = bool(limited)  # a line that names no router may be of any
    if message.hostname is not None:
        router = stages.routers.name("", message.hostname)
        at_least = router in limited
    got = stages.reader.read(message, Sender(), router)
    dialect, outcome, event = got.dialect, got.outcome, got.event
    near = None
    if outcome == "unrecognised":
        near = nearest.examples(stages.reader.dialects).nearest(message.text)
    read = explanation.Line(message, dialect, outcome, event, got.error, near)
    told = Answer(
        line=line,
        router=router,
        dialect=dialect,
        outcome=outcome,
        event=event,
        at_least=at_least,
        summary=explanation.of_line(outcome, event, language),
        advice=explanation.advice_of_line(outcome, event, language),
        steps=explanation.steps_of_line(read, language),
    )
    if event is None or event.kind != "rejected":
        return told
    return _judged(told, event, pipeline, now, language)


def _judged(
    told: Answer, event: Event, pipeline: Pipeline, now: float, language: Language
) -> Answer:
    """The answer for a rejected packet: whose it was, and why it came."""
    stages = pipeline.stages
    packets = stages.rejection(event, told.router, now)
    seen = pipeline.spread.seen(*knock(packets), now)
    attribution = stages.attributor.attribute(packets, seen.ports_of_source).attribution
    signs = stages.signs(packets, attribution, seen)
    cause = causes.decide(signs)
    decision = Decision(rejection=packets, attribution=attribution, cause=cause, last=now)
    subject = explanation.of_decision(decision, signs.application, at_least=told.at_least)
    found = _bisected(decision, pipeline, now, subject.candidates)
    return msgspec.structs.replace(
        told,
        network=packets.remote,
        device=attribution.device or None,
        process=attribution.process or None,
        evidence=attribution.evidence,
        confidence=round(attribution.confidence, 4),
        candidates=_with_suspects(attribution.candidates, found),
        cause=cause.name,
        verdict=cause.verdict,
        application=signs.application.name if signs.application else None,
        headline=explanation.headline(subject, language),
        summary=explanation.summary(subject, language),
        certainty=explanation.certainty(subject, language),
        advice=explanation.advice(
            subject, language, explanation.next_step(found, language) if found else ""
        ),
        steps=(
            *told.steps,
            *explanation.steps_of_decision(
                subject,
                language,
                explanation.background(packets, cause.name, stages.knowledge, language),
            ),
            *(explanation.findings(found, language) if found else ()),
        ),
    )


def _bisected(
    decision: Decision, pipeline: Pipeline, now: float, among: tuple[str, ...]
) -> Found | None:
    """What is known of packets like these, if nobody is named and a device may be behind them."""
    packets = decision.rejection
    if not concerns(decision.attribution.device, packets.direction, decision.cause.name):
        return None
    return pipeline.bisection.of(packets, now, among)


def _with_suspects(candidates: tuple[Candidate, ...], found: Found | None) -> tuple[Candidate, ...]:
    """Candidates, and those that packets follow: no evidence of a level, and never a name."""
    known = {candidate.device for candidate in candidates}
    suspects = found.suspects if found else ()
    return candidates + tuple(
        Candidate(
            device=lead.device,
            process="",
            evidence="none",
            confidence=round(lead.confidence, 4),
            reasons=(explanation.follows(lead),),
        )
        for lead in suspects
        if lead.device not in known
    )


def words(answer: Answer) -> str:
    """The answer as a text of paragraphs and numbered steps."""
    steps = "\n".join(f"  {number}. {step}" for number, step in enumerate(answer.steps, 1))
    return "\n\n".join(filter(None, (answer.summary, answer.advice, answer.certainty, steps)))


def as_json(answer: Answer) -> bytes:
    """The answer as JSON has it; what does not apply is null."""
    fields = msgspec.to_builtins(answer)
    if answer.event is not None:
        fields["event"] = event_fields(answer.event)
    return msgspec.json.encode(fields)


def indented(answer: Answer) -> str:
    """The same for a person to read."""
    return msgspec.json.format(as_json(answer)).decode()


def event_fields(event: Event) -> dict[str, Any]:
    """What an event says, as JSON has it: absent keys are left out, `time` is RFC 3339."""
    fields: dict[str, Any] = msgspec.to_builtins(event)
    fields.pop("signal", None)  # a sign of the cause, which the steps name
    if event.time is not None:
        moment = datetime.fromtimestamp(event.time, UTC)
        fields["time"] = moment.isoformat().replace("+00:00", "Z")
    return fields
