"""Write down what is said today: `python -m tests.scenarios.record`. A person reads the diff.

Only the sentences are written; whose it is, cause and verdict are the scenario's own.
"""

import json
import re
from collections.abc import Iterator

import msgspec

from exporter.explanation import Language
from tests.scenarios.play import FOLDER, Scenario, play

_ENTRY = re.compile(r"^(?=- name: )", re.MULTILINE)
_SAID = re.compile(r"^  (?:en|ja|hour):", re.MULTILINE)  # the last keys of an entry
_LANGUAGES: tuple[Language, ...] = ("en", "ja")


def recorded(entry: str) -> str:
    """Return an entry of a file with the sentences of today."""
    [scenario] = msgspec.yaml.decode(entry.encode(), type=list[Scenario])
    return "\n".join((_SAID.split(entry)[0].rstrip("\n"), *_sentences(scenario), ""))


def _sentences(scenario: Scenario) -> Iterator[str]:
    played = play(scenario)
    for language in _LANGUAGES:
        yield f"  {language}: {json.dumps(played.said(language), ensure_ascii=False)}"
    if scenario.hour is not None:
        yield "  hour:"
        for language in _LANGUAGES:
            said = json.dumps(played.said_of_the_hour(language), ensure_ascii=False)
            yield f"    {language}: {said}"


if __name__ == "__main__":
    for file in sorted(FOLDER.glob("*.yaml")):
        head, *entries = _ENTRY.split(file.read_text("utf-8"))
        file.write_text(head + "\n".join(map(recorded, entries)), "utf-8")
