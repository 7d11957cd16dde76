"""The HTTP server: uvicorn, strict and patient with nobody, and asleep when nobody asks.

An ASGI application goes in. `serve` it in the event loop that owns the signals; `end` it there.
"""

import asyncio
import contextlib
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

STOP_SECONDS = 5  # for answers that are under way
KEEP_ALIVE = 15  # seconds after which an HTTP connection is closed on which nothing moves


class HttpServer(uvicorn.Server):
    """Leaves the signals to us: what waits must be decided and stored first."""

    def __init__(self, application: Starlette) -> None:
        super().__init__(_settings(application))
        self._ends = asyncio.Event()

    def end(self) -> None:
        """Answer what was asked, and end."""
        self.should_exit = True
        self._ends.set()

    async def main_loop(self) -> None:
        """Renew the date of answers each second; uvicorn itself wakes up ten times for that."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ends.wait(), 1.0)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


class _Connection(H11Protocol):
    """h11 is strict about framing, against smuggled requests; who says or reads nothing must go."""

    _stalled: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(
            KEEP_ALIVE, self.timeout_keep_alive_handler
        )

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(KEEP_ALIVE, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stalled.cancel()


def _settings(application: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        log_config=None,
        log_level="error",  # a warning for each refused connection would fill the disk
        access_log=False,
        lifespan="off",
        ws="none",
        http=_Connection,
        proxy_headers=False,  # anybody could write X-Forwarded-For
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        limit_concurrency=200,
        timeout_graceful_shutdown=STOP_SECONDS,  # for a reader that does not read
    )
