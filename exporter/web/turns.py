"""Whose turn it is with what takes memory or time: large bodies, expositions, questions.

The middleware around all HTTP. Two hundred connections with 8 MiB each would be more than there is;
so one large body of a client is taken in at a time, and two of all, until its request is answered.
The others wait, unread, for as long as a body may take. What is small never waits. A page may ask
the database for seconds: who asks for many waits for his own answers, and who has gone gets none.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporter.web.guard import HEADERS

SMALL = 64 * 1024  # bytes of a body that is nobody's matter
BODIES, BODIES_OF_A_CLIENT = 2, 1
EXPOSITIONS, EXPOSITIONS_OF_A_CLIENT = 8, 2
QUESTIONS, QUESTIONS_OF_A_CLIENT = 20, 2
REQUESTS_OF_A_CLIENT = 50  # under way, also of those who have hung up
_CHEAP = ("/-/", "/static/")


_TOO_MANY = PlainTextResponse(
    "too many requests of yours are under way\n", 503, {**HEADERS, "connection": "close"}
)


class Turns:
    """Places for one kind of thing: few for all, and fewer for each client."""

    def __init__(self, most: int, of_a_client: int) -> None:
        self._most, self._of_a_client = most, of_a_client
        self._taken = Counter[str]()
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def taken(self, client: str) -> AsyncIterator[None]:
        """Wait for a place, and have it for as long as the block."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._has_room(client))
            self._taken[client] += 1
        try:
            yield
        finally:
            self._taken[client] -= 1
            if not self._taken[client]:
                del self._taken[client]
            async with self._changed:
                self._changed.notify_all()

    def _has_room(self, client: str) -> bool:
        return self._taken.total() < self._most and self._taken[client] < self._of_a_client


class InTurn:
    """The middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._bodies = Turns(BODIES, BODIES_OF_A_CLIENT)
        self._expositions = Turns(EXPOSITIONS, EXPOSITIONS_OF_A_CLIENT)
        self._questions = Turns(QUESTIONS, QUESTIONS_OF_A_CLIENT)
        self._under_way = Counter[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request in its turn."""
        client = scope["client"][0] if scope.get("client") else ""
        if self._under_way[client] >= REQUESTS_OF_A_CLIENT:
            await _TOO_MANY(scope, receive, send)
            return
        self._under_way[client] += 1
        try:
            await self._in_turn(client, scope, receive, send)
        finally:
            self._under_way[client] -= 1
            if not self._under_way[client]:
                del self._under_way[client]

    async def _in_turn(self, client: str, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as held:
            turns = self._turns(scope)
            if turns is not None:
                await held.enter_async_context(turns.taken(client))
                if await Request(scope, receive).is_disconnected():
                    return
            read = 0

            async def in_turn() -> Message:
                nonlocal read
                message = await receive()
                before, read = read, read + len(message.get("body", b""))
                if before <= SMALL < read:
                    await held.enter_async_context(self._bodies.taken(client))
                return message

            await self._app(scope, in_turn, send)

    def _turns(self, scope: Scope) -> Turns | None:
        if scope["method"] not in ("GET", "HEAD") or scope["path"].startswith(_CHEAP):
            return None
        return self._expositions if scope["path"] == "/metrics" else self._questions
