"""The shortest form, for a notification or a table: whose, why, and whether to worry."""

from exporter.explanation.names import any_of, cause, network, verdict, who
from exporter.explanation.subjects import Subject
from exporter.explanation.words import Language, say


def headline(subject: Subject, language: Language) -> str:
    """Return one clause without a full stop: "Steam on KEN-PC: late reply (harmless)"."""
    program = subject.application.called(language) if subject.application else subject.process
    return say(
        language,
        f"headline.{_whose(subject)}",
        who=who(subject.device, program, language),
        devices=any_of(subject.candidates or ("",), language),
        network=network(subject.network, language, country=False),
        cause=cause(subject.cause, language),
        verdict=verdict(subject.verdict, language),
    )


def _whose(subject: Subject) -> str:
    if subject.role == "ambiguous" and subject.candidates:
        return "several"
    if subject.device:
        return "device" if subject.role in ("owner", "local") else subject.role
    return "nobody" if subject.direction == "inbound" else "home"
