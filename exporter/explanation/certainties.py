"""How sure it is, and why: the evidence in one sentence or two."""

from collections.abc import Iterator

from exporter.events import Reason
from exporter.explanation.names import cause
from exporter.explanation.quantities import confidence
from exporter.explanation.reasons import clauses, reason
from exporter.explanation.subjects import Subject
from exporter.explanation.words import Language, say

_ONE_OF_ALL = ("flow", "socket", "remote", "dns", "history")  # all devices were asked, one fits


def certainty(subject: Subject, language: Language) -> str:
    """Return how sure device and cause are; for a named program its own evidence says both."""
    return say(language, "space").join(_parts(subject, language))


def _parts(subject: Subject, language: Language) -> Iterator[str]:
    whose = bool(subject.device) or subject.role == "ambiguous"
    if whose:
        key = "sure.each" if subject.role == "ambiguous" else "sure"
        yield _rated(key, subject.confidence, _evidence(subject, language), language)
    if subject.role not in ("owner", "ambiguous"):
        yield _cause(subject, language, first=not whose)
    if subject.nobody_found:
        yield _nobody(subject.reasons, language)


def _evidence(subject: Subject, language: Language) -> str:
    said = clauses(subject.reasons, language)
    if subject.device and said and subject.evidence in _ONE_OF_ALL:
        return say(language, "semicolon").join((said, say(language, "no_other")))
    return said


def _cause(subject: Subject, language: Language, *, first: bool) -> str:
    said = clauses(subject.cause_reasons, language)
    if not subject.cause_confidence:
        key = "sure.not" if subject.cause == "unknown" else "sure.signs"
        return say(language, key if said else "sure.nothing", reasons=said)
    if first:
        return _rated("sure", subject.cause_confidence, said, language)
    label = cause(subject.cause, language)
    return _rated("sure.cause", subject.cause_confidence, said, language, cause=label)


def _rated(key: str, rate: float, reasons: str, language: Language, cause: str = "") -> str:
    keys = (key,) if reasons else (f"{key}.bare",)
    rated = confidence(rate, language)
    return say(language, *keys, confidence=rated, reasons=reasons, cause=cause)


def _nobody(reasons: tuple[Reason, ...], language: Language) -> str:
    """Say why nobody is named; the first reason is the one that decided."""
    if not reasons:
        return say(language, "unnamed.bare")
    return say(language, "unnamed", reason=reason(reasons[0], language))
