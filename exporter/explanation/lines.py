"""What `explain` says of a line: of one that is no rejection, and of any, step by step."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from exporter.dialects.nearest import Near
from exporter.events import Event, Outcome, SyslogMessage
from exporter.explanation.names import cause, direction, evidence, network, verdict, who
from exporter.explanation.quantities import confidence, number
from exporter.explanation.reasons import clauses, reason
from exporter.explanation.subjects import Subject
from exporter.explanation.words import Language, say

MOST_MISSING = 8  # words that are named


class Line(NamedTuple):
    """How a line was read."""

    header: SyslogMessage
    dialect: str | None
    outcome: Outcome
    event: Event | None = None
    error: str | None = None
    near: Near | None = None  # the dialect it resembles, where none claims it


def of_line(outcome: Outcome, event: Event | None, language: Language) -> str:
    """Return what a line that is not a rejection means."""
    return say(language, f"line.{_topic(outcome, event)}", "line.event")


def advice_of_line(outcome: Outcome, event: Event | None, language: Language) -> str:
    """Return what to do about a line that is not a rejection."""
    return say(language, f"line.{_topic(outcome, event)}.advice", "line.advice")


def steps_of_line(line: Line, language: Language) -> tuple[str, ...]:
    """Return how a line was read, one sentence a step; the last one tells where it failed."""
    steps = _header(line.header, language)
    if line.header.hostname is not None:
        steps.append(say(language, "step.router", router=line.header.hostname))
    if line.dialect is None and line.outcome == "unrecognised":
        steps.append(say(language, "step.dialect.none"))
        steps += _near(line.near, language)
    if line.dialect is not None:
        steps.append(say(language, "step.dialect", dialect=line.dialect))
    if line.error is not None:
        steps.append(say(language, "step.malformed", error=line.error))
    if line.event is not None:
        steps.append(_said(line.event, language))
        if line.event.count is not None:
            steps.append(say(language, "step.packets", packets=number(line.event.count)))
    return tuple(steps)


def steps_of_decision(
    subject: Subject, language: Language, background: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return how a rejection was judged, one sentence a step, `background` among them."""
    steps = [
        say(language, "step.direction", direction=direction(subject.direction, language)),
        say(language, "step.network", network=network(subject.network, language)),
        *background,
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


def _header(message: SyslogMessage, language: Language) -> list[str]:
    """What a header says and what it lacks; a bare line is fine and needs no words."""
    if message.severity is None and message.time is None and message.hostname is None:
        return []
    priority = None
    if message.severity is not None:
        priority = str(message.severity + 8 * (message.facility or 0))
    moment = None
    if message.time is not None:
        moment = datetime.fromtimestamp(message.time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    parts = {
        "priority": priority,
        "time": moment,
        "host": message.hostname,
        "program": message.app_name,
    }
    comma = say(language, "comma")
    there = comma.join(
        say(language, f"header.{part}", value=value) for part, value in parts.items() if value
    )
    lacking = comma.join(
        say(language, f"header.{part}.none") for part, value in parts.items() if not value
    )
    steps = [say(language, "step.header", parts=there)]
    if lacking:
        steps.append(say(language, "step.header.lacks", parts=lacking))
    return steps


def _near(near: Near | None, language: Language) -> list[str]:
    if near is None:
        return []
    steps = [say(language, "step.near", dialect=near.title, example=near.example)]
    if near.missing:
        words = " ".join(near.missing[:MOST_MISSING])
        steps.append(say(language, "step.near.missing", words=words))
    return steps


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
