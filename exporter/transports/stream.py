"""Syslog over TCP, framed as RFC 6587 describes: octets counted, or lines. With TLS: RFC 5425.

Connections go in, batches of one sender come out. asyncio calls each `_Connection` back; there is
no task per connection that could die unseen, and what a call received is in the inbox before
anything else can happen to the connection: a reset loses nothing that was read.
"""

import asyncio
import socket
from collections.abc import Callable

from loguru import logger

from exporter.addresses import canonical
from exporter.events import Batch
from exporter.syslog.framing import MAX_MESSAGE, FrameSplitter, FramingError
from exporter.transports import Dropped, OncePerMinute, bind
from exporter.transports.certificate import Certificate
from exporter.transports.inbox import Inbox
from exporter.transports.tls import Session, TlsError

MAX_CONNECTIONS = 256
IDLE_SECONDS = 3600.0  # routers are quiet, but one that lost power never closes its connection
HANDSHAKE_SECONDS = 10.0  # for all of it: who does not finish holds a place no longer

_MESSAGES_A_BATCH = 256  # one read of short lines is many messages, and the consumer takes turns


class StreamServer:
    """A bound TCP socket and the connections to it. `serve` belongs in the caller's TaskGroup."""

    def __init__(
        self,
        inbox: Inbox,
        *,
        host: str = "",
        port: int,
        clock: Callable[[], float],
        allowed: Callable[[str], bool],
        dropped: Dropped,
        max_message: int = MAX_MESSAGE,
        max_connections: int = MAX_CONNECTIONS,
        idle_seconds: float = IDLE_SECONDS,
        handshake_seconds: float = HANDSHAKE_SECONDS,
        certificate: Certificate | None = None,
        listener: str = "tcp",
    ):
        """Bind the socket and let connections queue.

        Raises ListenError.
        """
        self.inbox = inbox
        self.max_message = max_message
        self.handshake_seconds = handshake_seconds
        self.certificate = certificate
        self._clock = clock
        self._allowed = allowed
        self._dropped = dropped
        self.max_connections = max_connections
        self._idle_seconds = idle_seconds
        self._listener = listener
        self._log_due = OncePerMinute()
        self._connections: set[_Connection] = set()
        self._refused = 0
        self._stopped = False
        self._socket = bind(socket.SOCK_STREAM, host, port)
        self.port: int = self._socket.getsockname()[1]

    async def serve(self) -> None:
        """Accept and read until cancelled; then close, with all that was read in the inbox."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Connection(self), sock=self._socket)
        logger.info("listening on {} port {}", self._listener, self.port)
        try:
            while True:
                await asyncio.sleep(self._idle_seconds / 4)
                self._close_idle(loop.time() - self._idle_seconds)
        finally:
            self._stopped = True  # for connections that were accepted but are not made yet
            server.close()  # without wait_closed: from Python 3.12 on it waits for the senders
            for connection in tuple(self._connections):
                connection.close()

    def close(self) -> None:
        """Close the socket of a server that was never served."""
        self._socket.close()

    def admit(self, connection: "_Connection") -> bool:
        """Tell whether a new connection may stay; count and log a refusal."""
        now, sender = self._clock(), connection.sender
        if not self._allowed(sender):
            self._dropped(self._listener, "denied_sender", 1)
            if self._log_due(now, "denied", sender):
                logger.warning("{} may not send: {} connection closed", sender, self._listener)
            return False
        if len(self._connections) >= self.max_connections:
            self._refused += 1
            self._dropped(self._listener, "rate_limited", 1)
            if self._log_due(now, "refused"):
                logger.warning(
                    "connection from {} closed: {} others are open (number {} of its kind)",
                    sender,
                    self.max_connections,
                    self._refused,
                )
            return False
        if self._stopped:
            return False
        self._connections.add(connection)
        return True

    def deliver(self, sender: str, messages: list[bytes], names: tuple[str, ...] = ()) -> None:
        """Hand messages over; `names` are those on the sender's certificate."""
        received = self._clock()
        for start in range(0, len(messages), _MESSAGES_A_BATCH):
            self.inbox.put(
                Batch(
                    received=received,
                    sender=sender,
                    listener=self._listener,
                    messages=messages[start : start + _MESSAGES_A_BATCH],
                    names=names,
                )
            )

    def lose(self, sender: str, error: FramingError | TlsError) -> None:
        """Count and log messages whose framing cannot be kept, or a connection that TLS ends."""
        self._dropped(self._listener, error.reason, error.lost)
        if self._log_due(self._clock(), error.reason, sender):
            logger.warning("messages from {} lost on {}: {}", sender, self._listener, error)

    def forget(self, connection: "_Connection") -> bool:
        """Take a connection off the list; tell whether it was on it."""
        known = connection in self._connections
        self._connections.discard(connection)
        return known

    def _close_idle(self, heard_before: float) -> None:
        for connection in tuple(self._connections):
            if connection.heard < heard_before:
                logger.info("connection of {} closed: nothing heard for long", connection.sender)
                connection.close()


class _Connection(asyncio.Protocol):
    """One sender's connection: its unfinished frame, and when it was last heard."""

    sender = ""
    names: tuple[str, ...] = ()  # on its certificate
    heard = 0.0  # by the event loop's clock, which no time server sets
    _transport: asyncio.Transport
    _session: Session | None = None  # with TLS, once admitted
    _deadline: asyncio.TimerHandle | None = None  # of the handshake

    def __init__(self, server: StreamServer):
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._splitter = FrameSplitter(server.max_message)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 asyncio's promise
        self._transport = transport
        peer = transport.get_extra_info("peername")[0]
        self.sender = canonical(peer) or peer
        self.heard = self._loop.time()
        if not self._server.admit(self):
            transport.abort()
        elif self._server.certificate:
            self._session = Session(self._server.certificate.context)
            self._deadline = self._loop.call_later(self._server.handshake_seconds, self._expire)

    def data_received(self, data: bytes) -> None:
        self.heard = self._loop.time()
        if self._session:
            data = self._plain(self._session, data)
        self._deliver(lambda: self._splitter.feed(data))
        if self._session and self._session.ended:
            self.close()
        elif self._server.inbox.pressed:
            self._transport.pause_reading()
            self._server.inbox.when_relieved(self._resume)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._end()

    def close(self) -> None:
        """Close the connection, with all that it sent and we read handed over."""
        if self._session:
            self._session.leave()
            self._answer(self._session)
        self._end()
        self._transport.abort()

    def _end(self) -> None:
        if self._deadline:
            self._deadline.cancel()
        if self._server.forget(self):
            self._deliver(self._splitter.end)
            try:
                if self._session:
                    self._session.end()
            except TlsError as error:
                self._server.lose(self.sender, error)

    def _plain(self, session: Session, data: bytes) -> bytes:
        """Return the plain text of what was received, and send what TLS has to say to it."""
        try:
            plain = session.feed(data)
        except TlsError as error:
            self._server.lose(self.sender, error)
            plain = error.plain
        self._answer(session)
        self.names = session.names
        if session.established and self._deadline:
            self._deadline.cancel()
        return plain

    def _answer(self, session: Session) -> None:
        answer = session.answer()
        # Who does not read gets no more: what waits to be sent stays bounded.
        if not self._transport.get_write_buffer_size():
            self._transport.write(answer)

    def _expire(self) -> None:
        text = f"no TLS handshake within {self._server.handshake_seconds:g} seconds"
        self._server.lose(self.sender, TlsError("denied_sender", text))
        self.close()

    def _deliver(self, messages: Callable[[], list[bytes]]) -> None:
        try:
            whole = messages()
        except FramingError as error:
            self._server.lose(self.sender, error)
            whole = error.messages
        self._server.deliver(self.sender, whole, self.names)

    def _resume(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()
