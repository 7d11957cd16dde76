"""Which language a reader wants: what the address asks for, else the configuration, else theirs."""

from typing import Literal

from exporter.explanation import Language

Configured = Literal["auto", "en", "ja"]

LANGUAGES: dict[str | None, Language] = {"en": "en", "ja": "ja"}


def choose(asked: str | None, configured: Configured, accepted: str | None) -> Language:
    """Return the language; `asked` is `?lang=`, `accepted` the Accept-Language header."""
    if asked in LANGUAGES:
        return LANGUAGES[asked]
    if configured != "auto":
        return configured
    return _preferred(accepted or "")


def _preferred(accepted: str) -> Language:
    """Return the language of ours that a browser likes best; English when it likes neither."""
    best: tuple[float, Language] = (0.0, "en")
    for entry in accepted.split(","):
        language, _, weight = entry.partition(";")
        code = language.strip().lower().partition("-")[0]
        quality = _quality(weight)
        if code in LANGUAGES and quality > best[0]:
            best = (quality, LANGUAGES[code])
    return best[1]


def _quality(weight: str) -> float:
    name, _, value = weight.strip().partition("=")
    if not name:
        return 1.0
    try:
        return min(float(value), 1.0)
    except ValueError:
        return 0.0
