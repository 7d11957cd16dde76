"""A request that is not answered as asked: its status, and in words what is wrong and where.

The API gets `{"error": …}` in English, a person a page in their language.
"""


class Refusal(Exception):
    """Why a request is refused: a phrase of `words` and what is put into it."""

    def __init__(self, status: int, key: str, **values: str | int) -> None:
        super().__init__(key)
        self.status = status
        self.key = key
        self.values = values
