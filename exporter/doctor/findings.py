"""The hops in words, and the one thing to do next."""

from collections.abc import Sequence

from exporter.doctor.hops import HOPS
from exporter.doctor.records import Condition, Finding
from exporter.explanation.words import Language, say


def findings(condition: Condition, language: Language) -> tuple[Finding, ...]:
    """Return what is found at each hop, in the order of a line's way."""
    found = []
    for hop, look in HOPS:
        for state, topic, words in look(condition, language):
            key = f"doctor.{hop}.{topic}"
            step = "" if state == "ok" else say(language, f"{key}.step", **words)
            name = say(language, f"doctor.{hop}")
            found.append(Finding(name, state, say(language, key, **words), step))
    return tuple(found)


def next_step(found: Sequence[Finding], language: Language) -> str:
    """Return the one thing to do next: what fails first on the way, else what is worth a look."""
    for state in ("fail", "warn"):
        for finding in found:
            if finding.state == state:
                return finding.step
    return say(language, "doctor.nothing")
