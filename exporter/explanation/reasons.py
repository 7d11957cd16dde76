"""One step of a decision in words: a clause without a full stop, to stand in a list or brackets."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from exporter.events import Reason
from exporter.explanation.names import who
from exporter.explanation.quantities import confidence, duration, number, ports
from exporter.explanation.words import Language, fill, phrase, say

_DURATIONS = ("open_for", "closed_for", "ago")  # seconds
_COUNTS = ("agents", "devices", "packets", "ports", "sources", "times")

Values = Mapping[str, str | int | float]


def reason(reason: Reason, language: Language) -> str:
    """Return the step in words; the code itself when it is none of ours, as in an old database."""
    key = f"reason.{reason.code}"
    try:
        chosen = phrase(language, *_variants(key, reason.values), key)
    except KeyError:
        return reason.code
    words = defaultdict(lambda: "?", _words(reason.values, language))
    return fill(chosen, words)


def clauses(reasons: Iterable[Reason], language: Language) -> str:
    """Return several steps, each once, as one text."""
    words = dict.fromkeys(reason(step, language) for step in reasons)
    return say(language, "semicolon").join(words)


def _variants(key: str, values: Values) -> list[str]:
    """Return keys that say more, the most exact first: how long closed, how long open, just one."""
    variants = [f"{key}.closed"] if _amount(values, "closed_for") else []
    if _amount(values, "open_for"):
        variants.append(f"{key}.since")
    if any(_amount(values, name) == 1 for name in _COUNTS):
        variants.append(f"{key}.one")
    return variants


def _words(values: Values, language: Language) -> dict[str, str]:
    """Return the words that values stand for."""
    words = {name: str(value) for name, value in values.items()}
    words |= {n: duration(_amount(values, n), language) for n in _DURATIONS if n in values}
    words |= {n: number(int(_amount(values, n))) for n in _COUNTS if n in values}
    if "confidence" in values:
        words["confidence"] = confidence(_amount(values, "confidence"), language)
    if "name" in values:
        words["name"] = words["name"] or say(language, "somebody")
    port = int(_amount(values, "port"))
    transport = words.get("transport", "")
    words["port"] = ports(transport, (port,), language) if port else say(language, "that_port")
    words["who"] = who(words.get("device", "?"), words.get("process", ""), language)
    return words


def _amount(values: Values, name: str) -> float:
    value = values.get(name, 0)
    return 0 if isinstance(value, str) else value
