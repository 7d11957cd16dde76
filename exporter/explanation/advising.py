"""What to do about it, and what would help to find out more."""

from exporter.explanation.names import who
from exporter.explanation.quantities import ports
from exporter.explanation.subjects import Subject
from exporter.explanation.words import Language, say


def advice(subject: Subject, language: Language, next_step: str = "") -> str:
    """Return what to do: the program's own advice when it is known, else that of the cause.

    `next_step` is what tells most of packets that nobody is named for; it says more than to try
    one device after the other.
    """
    if subject.application is not None and _is_to_blame(subject):
        return str(getattr(subject.application.advice, language))
    words = {
        "device": subject.device,
        "process": subject.process,
        "who": who(subject.device, subject.process, language),
        "ports": ports(subject.transport, subject.ports, language),
    }
    if next_step and subject.role == "ambiguous":
        return next_step
    said = say(language, *_keys(subject), **words)
    if next_step:
        return say(language, "space").join((said, next_step))
    if subject.nobody_found and subject.nobody_reports:
        return say(language, "space").join((said, say(language, "advice.agents")))
    return said


def _is_to_blame(subject: Subject) -> bool:
    """Whether it is about the program: it attracted the packets, or it should not be there."""
    if subject.role == "owner":
        return True
    application = subject.application
    return subject.role == "sender" and application is not None and application.verdict == "act"


def _keys(subject: Subject) -> tuple[str, ...]:
    """Return the keys of the advice, the most exact first."""
    cause = f"advice.{subject.cause}"
    if subject.is_heavy:
        return ("advice.heavy",)
    if subject.role == "ambiguous":
        return ("advice.ambiguous",)
    if subject.role == "owner" and subject.process:
        return (f"advice.unlisted.{subject.verdict}", "advice.unlisted")
    if subject.role == "sender" and not subject.device:
        return (f"advice.sender.{subject.verdict}", "advice.sender")
    return (f"{cause}.{subject.role}.{subject.verdict}", f"{cause}.{subject.role}", cause)
