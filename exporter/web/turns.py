"""Whose turn it is with what takes memory: large bodies that come, and expositions that go out.

The middleware around all HTTP. Two hundred connections with 8 MiB each would be more than there is;
so one large body of a client is taken in at a time, and two of all, until its request is answered.
The others wait, unread, for as long as a body may take. What is small never waits.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SMALL = 64 * 1024  # bytes of a body that is nobody's matter
BODIES, BODIES_OF_A_CLIENT = 2, 1
EXPOSITIONS, EXPOSITIONS_OF_A_CLIENT = 8, 2


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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request in its turn."""
        client = scope["client"][0] if scope.get("client") else ""
        async with AsyncExitStack() as held:
            if scope["path"] == "/metrics":
                await held.enter_async_context(self._expositions.taken(client))
            read = 0

            async def in_turn() -> Message:
                nonlocal read
                message = await receive()
                before, read = read, read + len(message.get("body", b""))
                if before <= SMALL < read:
                    await held.enter_async_context(self._bodies.taken(client))
                return message

            await self._app(scope, in_turn, send)
