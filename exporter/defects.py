"""Defects of this program that one piece of work has, while the rest goes on.

Work that is done piece by piece notes what a piece raised, and does the others. The first of them
is raised when all is done that can be: whoever drives the pipeline counts it, and logs it.
"""

from collections.abc import Iterator
from contextlib import contextmanager


class Defects:
    """What was raised meanwhile."""

    def __init__(self) -> None:
        self._first: Exception | None = None

    @contextmanager
    def survived(self) -> Iterator[None]:
        """Do a piece of work; what it raises is noted."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the rest
            self.note(error)

    def note(self, error: Exception) -> None:
        """Note what a piece of work raised."""
        self._first = self._first or error

    def tell(self) -> None:
        """Raise the first that was noted since the last time, if any."""
        first, self._first = self._first, None
        if first is not None:
            raise first
