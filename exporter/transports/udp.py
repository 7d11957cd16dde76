"""Syslog over UDP (RFC 5426): one datagram is one message.

Datagrams go in, batches of one sender come out, in the order in which that sender's datagrams
arrived. A socket of our own and not asyncio's datagram endpoint, which reads one datagram a
wake-up. What the kernel had to drop is read from SO_MEMINFO (Linux, uapi/linux/sock_diag.h).
"""

import asyncio
import socket
import struct
import sys
from collections.abc import Callable

from loguru import logger

from exporter.addresses import canonical
from exporter.events import Batch
from exporter.syslog.framing import MAX_MESSAGE
from exporter.transports import Dropped, OncePerMinute, bind
from exporter.transports.inbox import Inbox

RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024  # the usual 208 KiB hold 256 datagrams: 5 ms at 50,000/s

_DATAGRAMS_A_WAKEUP = 512
_WAKEUPS_AT_CLOSE = 64  # what waits is still read, but a flood does not keep us from stopping
_SO_RCVBUFFORCE = 33  # asm-generic/socket.h; not in Python's socket module
_SO_MEMINFO = 55
_SK_MEMINFO_DROPS = 8  # the ninth of its 32 bit numbers


class UdpReceiver:
    """A bound UDP socket and its way into the inbox. `start` it in the event loop."""

    def __init__(
        self,
        inbox: Inbox,
        *,
        host: str = "",
        port: int,
        clock: Callable[[], float],
        allowed: Callable[[str], bool],
        dropped: Dropped,
        receive_buffer_bytes: int = RECEIVE_BUFFER_BYTES,
        max_message: int = MAX_MESSAGE,
        listener: str = "udp",
    ):
        """Bind the socket: from now on datagrams are kept by the kernel.

        Raises ListenError.
        """
        self._inbox = inbox
        self._clock = clock
        self._allowed = allowed
        self._dropped = dropped
        self._max_message = max_message
        self._listener = listener
        self._log_due = OncePerMinute()
        self._socket = bind(socket.SOCK_DGRAM, host, port)
        self._kernel_drops: int | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.port: int = self._socket.getsockname()[1]
        self.receive_buffer_asked = receive_buffer_bytes
        self.receive_buffer_granted = _ask_receive_buffer(self._socket, receive_buffer_bytes)
        self.kernel_drops()

    def start(self) -> None:
        """Begin to read, in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._receive)
        logger.info(
            "listening on {} port {}, receive buffer {} of {} bytes",
            self._listener,
            self.port,
            self.receive_buffer_granted,
            self.receive_buffer_asked,
        )

    def close(self) -> None:
        """Read what has arrived, then close the socket."""
        if self._socket.fileno() < 0:
            return
        if self._loop is not None:
            self._loop.remove_reader(self._socket)
        for _ in range(_WAKEUPS_AT_CLOSE):
            if not self._receive():
                break
        self.kernel_drops()
        self._socket.close()

    def kernel_drops(self) -> int | None:
        """Count what the kernel dropped since the last call; return the total of this socket.

        None where the system does not tell. To be called at each scrape.
        """
        seen = _kernel_drops(self._socket) if self._socket.fileno() >= 0 else None
        if seen is not None:
            known = self._kernel_drops or 0
            new = (seen - known) % 2**32  # the kernel's number wraps, ours does not
            self._kernel_drops = known + new
            if new:
                self._dropped(self._listener, "kernel_buffer", new)
                if self._log_due(self._clock(), "kernel_buffer"):
                    logger.warning("the receive buffer of {} was full", self._listener)
        return self._kernel_drops

    def _receive(self) -> bool:
        """Hand over what has arrived; tell whether there may be more."""
        received = self._clock()
        by_peer: dict[str, list[bytes]] = {}
        more = True
        for _ in range(_DATAGRAMS_A_WAKEUP):
            try:
                data, peer = self._socket.recvfrom(self._max_message + 1)
            except BlockingIOError:
                more = False
                break
            except OSError as error:
                if self._log_due(received, "receive"):
                    logger.warning("cannot receive on {}: {}", self._listener, error)
                more = False
                break
            by_peer.setdefault(peer[0], []).append(data)
        for address, datagrams in by_peer.items():
            self._hand_over(received, canonical(address) or address, datagrams)
        return more

    def _hand_over(self, received: float, sender: str, datagrams: list[bytes]) -> None:
        if not self._allowed(sender):
            self._dropped(self._listener, "denied_sender", len(datagrams))
            if self._log_due(received, "denied", sender):
                logger.warning("{} may not send: {} message refused", sender, self._listener)
            return
        messages = [_message(data) for data in datagrams if len(data) <= self._max_message]
        if oversize := len(datagrams) - len(messages):
            self._dropped(self._listener, "oversize", oversize)
            if self._log_due(received, "oversize", sender):
                logger.warning(
                    "message from {} is longer than {} bytes: dropped", sender, self._max_message
                )
        if messages:
            self._inbox.offer(
                Batch(received=received, sender=sender, listener=self._listener, messages=messages)
            )


def _kernel_drops(receiver: socket.socket) -> int | None:
    if sys.platform != "linux":
        return None
    try:
        answer = receiver.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 64)
    except OSError:  # a kernel before 4.12, or one that only looks like Linux
        return None
    drops: int = struct.unpack_from("=I", answer, 4 * _SK_MEMINFO_DROPS)[0]
    return drops


def _message(datagram: bytes) -> bytes:
    return datagram.rstrip(b"\r\n\0")


def _ask_receive_buffer(receiver: socket.socket, wanted: int) -> int:
    """Ask for a receive buffer; return the bytes granted, in the unit in which they were asked."""
    try:
        if sys.platform != "linux":
            raise PermissionError  # the number of SO_RCVBUFFORCE is Linux's own
        receiver.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, wanted)
    except PermissionError:  # CAP_NET_ADMIN only; the other option stops at net.core.rmem_max
        try:
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted)
        except OSError as error:  # BSD refuses what is above its limit, and keeps what was
            logger.info("receive buffer of {} bytes refused: {}", wanted, error)
    granted: int = receiver.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    return granted // 2 if sys.platform == "linux" else granted  # socket(7): doubled by the kernel
