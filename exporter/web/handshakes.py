"""Connections on the way to TLS: counted from the moment that somebody connects.

asyncio's own server tells of a connection when its handshake is done. Until then nobody could count
it, and each has 300 kB by itself: a few hundred that say nothing would take all memory. Plain
connections go in; what `make` returns gets them once they are encrypted.
"""

import asyncio
import contextlib
import ssl
from asyncio import sslproto
from collections.abc import Callable

MOST = 60  # handshakes at one time
MOST_OF_A_CLIENT = 20  # of these, so that nobody has them all

# What asyncio reads at once, and keeps for each connection: 256 KiB unless told otherwise.
sslproto.SSLProtocol.max_size = 32 * 1024


class Handshakes:
    """Those that are under way, and whose they are."""

    def __init__(self) -> None:
        self._clients: dict[Handshake, str] = {}

    def __len__(self) -> int:
        return len(self._clients)

    def protocol(
        self, make: Callable[[], asyncio.Protocol], context: ssl.SSLContext, seconds: float
    ) -> asyncio.Protocol:
        """Return what takes one connection; `seconds` is how long its handshake may take."""
        return Handshake(self._clients, make, context, seconds)


class Handshake(asyncio.Protocol):
    """One of them; what comes behind its end, before `make` was asked, is kept."""

    def __init__(
        self,
        clients: "dict[Handshake, str]",
        make: Callable[[], asyncio.Protocol],
        context: ssl.SSLContext,
        seconds: float,
    ) -> None:
        self._clients = clients
        self._make, self._context, self._seconds = make, context, seconds
        self._early = bytearray()
        self._lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, if there is room."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 asyncio's promise
        client: str = (transport.get_extra_info("peername") or ("",))[0]
        others = list(self._clients.values())
        if len(others) >= MOST or others.count(client) >= MOST_OF_A_CLIENT:
            transport.abort()
            return
        self._clients[self] = client
        transport.pause_reading()  # until TLS reads it
        self._task = asyncio.get_running_loop().create_task(self._secure(transport))

    def data_received(self, data: bytes) -> None:
        """Keep what was encrypted and came at once."""
        self._early += data

    def connection_lost(self, _: Exception | None) -> None:
        """Note that nobody is there any more."""
        self._lost = True

    async def _secure(self, plain: asyncio.Transport) -> None:
        secured: asyncio.Transport | None = None
        try:
            # What is no TLS, or of nobody who may, is not worth a word in the log.
            with contextlib.suppress(OSError, TimeoutError):
                secured = await asyncio.get_running_loop().start_tls(
                    plain,
                    self,
                    self._context,
                    server_side=True,
                    ssl_handshake_timeout=self._seconds,
                    ssl_shutdown_timeout=self._seconds,
                )
        finally:
            del self._clients[self]
        if secured is None or self._lost:
            plain.abort()
            return
        protocol = self._make()
        secured.set_protocol(protocol)
        protocol.connection_made(secured)
        if self._early:
            protocol.data_received(bytes(self._early))
