"""One answer for all who ask the same within two seconds: a reload key held down costs nothing.

A question is asked of the database once at a time; the others wait, and get what it said.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

SECONDS = 2.0  # for which an answer is given again

Answer = TypeVar("Answer")


class Shared(Generic[Answer]):
    """The newest answer, and to what."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._asking = asyncio.Lock()
        self._kept: tuple[Hashable, float, Answer] | None = None

    async def get(self, question: Hashable, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return the answer to a question; raises what `ask` raises, which is not kept."""
        async with self._asking:
            if self._kept is not None:
                known, asked, answer = self._kept
                if known == question and 0 <= self._clock() - asked < SECONDS:
                    return answer
            answer = await ask()
            self._kept = question, self._clock(), answer
            return answer
