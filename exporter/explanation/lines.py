"""What `explain` says of a line: of one that is no rejection, and of any, step by step."""

from exporter.events import Event, Outcome
from exporter.explanation.names import cause, direction, evidence, network, verdict, who
from exporter.explanation.quantities import confidence, number
from exporter.explanation.reasons import clauses, reason
from exporter.explanation.subjects import Subject
from exporter.explanation.words import Language, say


def of_line(outcome: Outcome, event: Event | None, language: Language) -> str:
    """Return what a line that is not a rejection means."""
    return say(language, f"line.{_topic(outcome, event)}", "line.event")


def advice_of_line(outcome: Outcome, event: Event | None, language: Language) -> str:
    """Return what to do about a line that is not a rejection."""
    return say(language, f"line.{_topic(outcome, event)}.advice", "line.advice")


def steps_of_line(
    router: str | None,
    dialect: str | None,
    outcome: Outcome,
    event: Event | None,
    error: str | None,
    language: Language,
) -> tuple[str, ...]:
    """Return how a line was read, one sentence a step."""
    steps = [] if router is None else [say(language, "step.router", router=router)]
    if dialect is None and outcome == "unrecognised":
        steps.append(say(language, "step.dialect.none"))
    if dialect is not None:
        steps.append(say(language, "step.dialect", dialect=dialect))
    if error is not None:
        steps.append(say(language, "step.malformed", error=error))
    if event is not None:
        steps.append(_said(event, language))
        if event.count is not None:
            steps.append(say(language, "step.packets", packets=number(event.count)))
    return tuple(steps)


def steps_of_decision(subject: Subject, language: Language) -> tuple[str, ...]:
    """Return how a rejection was judged, one sentence a step."""
    steps = [
        say(language, "step.direction", direction=direction(subject.direction, language)),
        say(language, "step.network", network=network(subject.network, language)),
        *(say(language, "step.reason", reason=reason(r, language)) for r in subject.reasons),
        *(
            say(language, "step.candidate", device=device)
            for device in subject.candidates
            if device != subject.device
        ),
    ]
    if subject.device:
        steps.append(
            say(
                language,
                "step.named",
                who=who(subject.device, subject.process, language),
                evidence=evidence(subject.evidence, language),
                confidence=confidence(subject.confidence, language),
            )
        )
    else:
        steps.append(say(language, "step.nobody"))
    reasons = clauses(subject.cause_reasons, language)
    steps.append(say(language, "step.cause", cause=cause(subject.cause, language), reasons=reasons))
    steps.append(say(language, "step.verdict", verdict=verdict(subject.verdict, language)))
    return tuple(steps)


def _topic(outcome: Outcome, event: Event | None) -> str:
    return outcome if event is None else event.kind


def _said(event: Event, language: Language) -> str:
    kind = say(language, f"kind.{event.kind}")
    if event.source_ip is None and event.destination_ip is None and event.transport is None:
        return say(language, "step.event", kind=kind)
    return say(
        language,
        "step.packet",
        kind=kind,
        transport=(event.transport or "?").upper(),
        source=_end(event.source_ip, event.source_port),
        destination=_end(event.destination_ip, event.destination_port),
    )


def _end(ip: str | None, port: int | None) -> str:
    address = "?" if ip is None else ip
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
