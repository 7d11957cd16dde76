"""The HTTP server: uvicorn, strict and patient with nobody, and asleep when nobody asks.

An ASGI application goes in, and the web configuration if there is one. `serve` it in the event loop
that owns the signals; `end` it there.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from exporter.web.configuration import WebConfiguration
from exporter.web.doors import Admits, Doors
from exporter.web.handshakes import Handshakes
from exporter.web.turns import InTurn

STOP_SECONDS = 5  # for answers that are under way
KEEP_ALIVE = 15  # seconds after which an HTTP connection is closed on which nothing moves
HEAD_SECONDS = 15.0  # for a handshake, and for all headers of a request
MOST_CONNECTIONS = 200
MOST_OF_A_CLIENT = 100  # of these, so that nobody has them all


class HttpServer(uvicorn.Server):
    """Leaves the signals to us: what waits must be decided and stored first."""

    def __init__(
        self,
        application: ASGIApp,
        web: WebConfiguration | None = None,
        admits: Admits = lambda _: False,
    ) -> None:
        """`web` says what is asked of whom, and `admits` which requests need no password of it."""
        self._web = web or WebConfiguration()
        super().__init__(_settings(Doors(InTurn(application), self._web, admits)))
        self._ends = asyncio.Event()
        self._handshakes = Handshakes()
        self._listening: Sequence[socket.socket] = ()

    def end(self) -> None:
        """Answer what was asked, and end."""
        self.should_exit = True
        self._ends.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen on sockets, which stay open when this ends."""
        self._listening = sockets or ()
        await self._listen()
        self.started = True

    async def main_loop(self) -> None:
        """Renew the date of answers each second; uvicorn itself wakes up ten times for that."""
        while not await self.on_tick(0):
            if self._web.renew():
                await self._listen_anew()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ends.wait(), 1.0)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        # Copies, so that who connects meanwhile waits in the kernel while we listen anew.
        self.servers = [
            await loop.create_server(
                self._protocol(self._web.context),
                sock=listening.dup(),
                backlog=self.config.backlog,
            )
            for listening in self._listening
        ]

    def _protocol(self, context: ssl.SSLContext | None) -> Callable[[], asyncio.Protocol]:
        """Return what makes one for each connection, with TLS or without."""

        def plain() -> asyncio.Protocol:
            return _Connection(self.config, self.server_state, {})

        if context is None:
            return plain
        return lambda: self._handshakes.protocol(plain, context, HEAD_SECONDS)

    async def _listen_anew(self) -> None:
        """Give new connections another certificate; those that are open go on."""
        for server in self.servers:
            server.close()
        await self._listen()


class _Connection(H11Protocol):
    """h11 is strict about framing, against smuggled requests; who says or reads nothing must go."""

    _stalled: asyncio.TimerHandle
    _unfinished: asyncio.TimerHandle | None = None  # while the headers of a request come

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(
            KEEP_ALIVE, self.timeout_keep_alive_handler
        )
        if self._are_too_many():
            transport.abort()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._forget_unfinished()
        elif self._unfinished is None and self.timeout_keep_alive_task is None:
            self._unfinished = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_unfinished()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(KEEP_ALIVE, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stalled.cancel()

    def _are_too_many(self) -> bool:
        """Whether this connection is one too many; a few beyond the limit are told so (503)."""
        if len(self.connections) > 2 * MOST_CONNECTIONS:
            return True
        others = [other for other in self.connections if isinstance(other, _Connection)]
        clients = [other.client and other.client[0] for other in others]
        return clients.count(self.client and self.client[0]) > MOST_OF_A_CLIENT

    def _forget_unfinished(self) -> None:
        if self._unfinished is not None:
            self._unfinished.cancel()
            self._unfinished = None


def _settings(application: ASGIApp) -> uvicorn.Config:
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
        limit_concurrency=MOST_CONNECTIONS,
        backlog=128,  # so often asyncio tries in vain at once, where there are no descriptors
        timeout_graceful_shutdown=STOP_SECONDS,  # for a reader that does not read
    )
