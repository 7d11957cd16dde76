"""A request that is not answered as asked: its status, and in words what is wrong and where.

The API gets `{"error": …}` in English, a person a page in their language.
"""

from exporter.explanation import Language
from exporter.knowledge import Text


class Refusal(Exception):
    """Why a request is refused: a phrase of `words` and what is put into it."""

    def __init__(self, status: int, key: str, **values: str | int | Text) -> None:
        super().__init__(key)
        self.status = status
        self.key = key
        self.values = values

    def told(self, language: Language) -> dict[str, str | int]:
        """Return what is put into the phrase, in a language."""
        return {
            name: value if isinstance(value, str | int) else getattr(value, language)
            for name, value in self.values.items()
        }
