"""The phrases of the page and of refusals: words.yaml, English and Japanese side by side."""

from collections.abc import Mapping
from importlib import resources

import msgspec.yaml

from exporter.explanation import Language
from exporter.knowledge import Text

WORDS: Mapping[str, Text] = msgspec.yaml.decode(
    resources.files("exporter.web").joinpath("words.yaml").read_bytes(), type=dict[str, Text]
)


def phrase(key: str, language: Language) -> str:
    """Return a phrase, its places empty.

    Raises KeyError when there is no such phrase.
    """
    text = WORDS[key]
    return text.ja if language == "ja" else text.en
