"""Everything that takes lines in, as a configuration asks for it: listeners and followed files.

A configuration goes in; batches come out, in the inbox. `app` starts and stops it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from exporter.addresses import Prefixes
from exporter.events import Position
from exporter.rates import Rates
from exporter.settings import Config, Listen
from exporter.transports import Dropped, ListenError, certificate, descriptors
from exporter.transports.certificate import Certificate
from exporter.transports.inbox import Inbox
from exporter.transports.stdin import StandardInput
from exporter.transports.stream import StreamServer
from exporter.transports.tail import Tail
from exporter.transports.udp import UdpReceiver

MAX_SENDERS = 1000  # whose rate is remembered; who forges more addresses has each one's burst
FREE_PORTS = 20  # that are tried, where UDP and TCP are to share any free one


class Receivers:
    """The open listeners and files. To stop: cancel the tasks, `close`, then empty the inbox."""

    udp: UdpReceiver
    tcp: StreamServer
    tls: StreamServer | None = None

    def __init__(
        self,
        config: Config,
        inbox: Inbox,
        dropped: Dropped,
        positions: Mapping[str, Position],
        clock: Callable[[], float],
        *,
        aside: Callable[[list[bytes]], list[bytes]] | None = None,
    ) -> None:
        """Open everything; `positions` are those up to which files were counted.

        `aside` takes datagrams that are none of a router, and returns the others.

        Raises transports.ListenError, and ConfigError for a certificate that cannot be used.
        """
        self._listen = config.listen
        self._inbox, self._dropped, self._clock = inbox, dropped, clock
        self._aside = aside
        self._senders = Prefixes((prefix, True) for prefix in config.listen.allowed_senders)
        self._certificate = certificate.configured(config.listen)
        descriptors.allow(config.listen.connections * (2 if self._certificate else 1))
        files = [file for file in config.files if file != "-"]
        with contextlib.ExitStack() as opened:
            self._open_syslog(opened)
            if self._certificate is not None:
                self.tls = self._stream("tls", config.listen.tls_port)
                opened.callback(self.tls.close)
            self._tail = Tail(inbox, files, positions, clock=clock)
            opened.callback(self._tail.close)
            self._opened = opened.pop_all()
        self._stdin = StandardInput(inbox, clock=clock) if "-" in config.files else None

    def start(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Begin to receive, in the running event loop; return the tasks."""
        self.udp.start()
        served = (self.tcp, self.tls, self._tail, self._stdin)
        return [group.create_task(stream.serve()) for stream in served if stream]

    async def renew(self) -> None:
        """Take a certificate anew that was renewed."""
        if self._certificate:
            await asyncio.to_thread(self._certificate.renew)

    def use(
        self,
        listen: Listen,
        senders: Prefixes[bool],
        rates: Rates | None,
        certificate: Certificate | None,
    ) -> None:
        """Hear others from now on, and answer with another certificate; ports stay."""
        self._listen, self._senders, self._certificate = listen, senders, certificate
        self.udp.rates = rates
        for stream in filter(None, (self.tcp, self.tls)):
            stream.max_connections = listen.connections
        if self.tls is not None:
            self.tls.certificate = certificate

    def close(self) -> None:
        """Close what is open."""
        self._opened.close()

    def _open_syslog(self, opened: contextlib.ExitStack) -> None:
        """Open one port for UDP and TCP; where any will do, one that is free for both."""
        for left in range(FREE_PORTS if self._listen.syslog_port == 0 else 1, 0, -1):
            udp = self._datagrams()
            try:
                tcp = self._stream("tcp", udp.port)
            except ListenError:
                udp.close()
                if left == 1:
                    raise
                continue
            self.udp, self.tcp = udp, tcp
            opened.callback(udp.close)
            opened.callback(tcp.close)
            return

    def _datagrams(self) -> UdpReceiver:
        return UdpReceiver(
            self._inbox,
            host=self._listen.address,
            port=self._listen.syslog_port,
            clock=self._clock,
            allowed=self._allowed,
            dropped=self._dropped,
            receive_buffer_bytes=self._listen.receive_buffer_bytes,
            rates=rates(self._listen),
            aside=self._aside,
        )

    def _stream(self, listener: str, port: int) -> StreamServer:
        return StreamServer(
            self._inbox,
            host=self._listen.address,
            port=port,
            clock=self._clock,
            allowed=self._allowed,
            dropped=self._dropped,
            max_connections=self._listen.connections,
            certificate=self._certificate if listener == "tls" else None,
            listener=listener,
        )

    def _allowed(self, sender: str) -> bool:
        return self._senders.look_up(sender) is True


def rates(listen: Listen) -> Rates | None:
    """Return how much each sender of datagrams may send; None for as much as comes.

    Who sends by TCP waits instead: the inbox has room for others beside it.
    """
    if not listen.sender_messages_per_second:
        return None
    return Rates(listen.sender_messages_per_second, listen.sender_burst, MAX_SENDERS)
