"""What to do about it, and what would help to find out more."""

from exporter.explanation.names import who
from exporter.explanation.quantities import ports
from exporter.explanation.subjects import Subject
from exporter.explanation.words import Language, say


def advice(subject: Subject, language: Language) -> str:
    """Return what to do: the program's own advice when it is known, else that of the cause."""
    if subject.role == "owner" and subject.application is not None:
        return str(getattr(subject.application.advice, language))
    words = {
        "device": subject.device,
        "process": subject.process,
        "who": who(subject.device, subject.process, language),
        "ports": ports(subject.transport, subject.ports, language),
    }
    said = say(language, *_keys(subject), **words)
    if subject.nobody_found and subject.nobody_reports:
        return say(language, "space").join((said, say(language, "advice.agents")))
    return said


def _keys(subject: Subject) -> tuple[str, ...]:
    """Return the keys of the advice, the most exact first."""
    cause = f"advice.{subject.cause}"
    if subject.role == "ambiguous":
        return ("advice.ambiguous",)
    if subject.role == "owner" and subject.process:
        return (f"advice.unlisted.{subject.verdict}", "advice.unlisted")
    if subject.role == "sender" and not subject.device:
        return ("advice.sender",)
    return (f"{cause}.{subject.role}", cause)
