"""All texts of the dashboards: words.yaml, English and Japanese side by side.

In goes a language, out come titles, descriptions and the words for label values. Names of devices,
programs, networks and routers are never translated.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import msgspec.yaml

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same words in both languages."""

    en: str
    ja: str


class PanelText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a panel says about itself; `none` is what it says when there is no data."""

    title: Text
    about: Text
    none: Text | None = None


class AlertText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is wrong, and what to do, as short as a wall needs it."""

    what: Text
    do: Text


class Book(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    boards: dict[str, PanelText]
    panels: dict[str, PanelText]
    words: dict[str, Text]
    values: dict[str, dict[str, Text]]  # label → value → words
    alerts: dict[str, AlertText]  # by name, or by name/severity where that makes a difference
    fleet_alerts: dict[str, Text]  # what is wrong, by name


BOOK = msgspec.yaml.decode(Path(__file__).with_name("words.yaml").read_bytes(), type=Book)


class Panel(NamedTuple):
    """A panel's texts in one language."""

    title: str
    about: str
    none: str


class Words:
    """The book in one language. Every method raises KeyError for a key that it does not have."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.suffix = "" if language == "en" else f"-{language}"  # of the dashboards' uids

    def __call__(self, key: str) -> str:
        """Return a word or phrase."""
        return self._in(BOOK.words[key])

    def panel(self, key: str) -> Panel:
        """Return the texts of a panel."""
        text = BOOK.panels[key]
        none = text.none or BOOK.words["no_data"]
        return Panel(self._in(text.title), self._in(text.about), self._in(none))

    def board(self, key: str) -> Panel:
        """Return title and description of a dashboard."""
        text = BOOK.boards[key]
        return Panel(self._in(text.title), self._in(text.about), "")

    def values(self, label: str) -> dict[str, str]:
        """Return the words for each known value of a label."""
        return {value: self._in(text) for value, text in BOOK.values[label].items()}

    def alerts(self) -> Mapping[str, tuple[str, str]]:
        """Return what is wrong and what to do, by `name/severity`."""
        found = {}
        for key, text in BOOK.alerts.items():
            said = (self._in(text.what), self._in(text.do))
            keys = (key,) if "/" in key else (f"{key}/warning", f"{key}/critical")
            found.update(dict.fromkeys(keys, said))
        return found

    def alert_names(self) -> Mapping[str, str]:
        """Return what is wrong, by the name of the alert alone."""
        return {key: self._in(t.what) for key, t in BOOK.alerts.items() if "/" not in key}

    def every_alert_name(self) -> Mapping[str, str]:
        """Return what is wrong, by the name of the alert: those of homes and those of fleets."""
        of_fleets = {key: self._in(text) for key, text in BOOK.fleet_alerts.items()}
        return {**self.alert_names(), **of_fleets}

    def uid(self, name: str) -> str:
        """Return the uid of a dashboard in this language."""
        return f"knockwatch-{name}{self.suffix}"

    def _in(self, text: Text) -> str:
        return text.ja if self.language == "ja" else text.en


def chosen() -> Language:
    """Return the language of `$KNOCKWATCH_LANGUAGE`, else English.

    Raises ValueError for another one.
    """
    wanted = os.environ.get("KNOCKWATCH_LANGUAGE") or "en"
    for language in LANGUAGES:
        if wanted == language:
            return language
    raise ValueError(f"KNOCKWATCH_LANGUAGE is {wanted!r}, and may be {' or '.join(LANGUAGES)}")
