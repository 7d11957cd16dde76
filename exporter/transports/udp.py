"""Syslog over UDP (RFC 5426): one datagram is one message.

Datagrams go in, batches of one sender come out, in the order in which that sender's datagrams
arrived. What the kernel had to drop is read from SO_MEMINFO (Linux, uapi/linux/sock_diag.h).

A thread of its own reads: the event loop stands still for longer than the usual buffer holds a
flood, as when a host's report decides what waited for it. Between two readings is a pause, in which
the kernel keeps what comes: to wake up for each datagram costs more than to count it, and lines
that come together are read together. It ends before the kernel's buffer is in need.
"""

import selectors
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable

from loguru import logger

from exporter.events import Batch
from exporter.rates import Rates
from exporter.syslog.framing import MAX_MESSAGE
from exporter.transports import Dropped, OncePerMinute, bind, datagrams
from exporter.transports.inbox import Inbox

RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024  # the usual 208 KiB hold 256 datagrams: 5 ms at 50,000/s
LONGEST_PAUSE = 0.25  # seconds; with 0.1, 100 lines a second cost 2.8 % of a core instead of 1.9
_TOGETHER = 2048  # datagrams: more of them are no cheaper, and the page waits meanwhile
_CROWDED = 0.005  # seconds until the inbox may have room again
_KERNELS_LEAST = 512  # bytes of the kernel's buffer that the shortest message takes, or more
_KERNELS_SIZE = 1280  # bytes of the kernel's buffer that a message of 500 takes; one of 100: 768
_KERNELS_SHARE = 3  # times its length at most is what a longer one takes; one of 8,000: 16,640
_SUDDEN = 10_000  # datagrams a second that may begin to come in a pause
_END = b"\r\n\0"  # of a message, but no part of it
_SO_RCVBUFFORCE = 33  # asm-generic/socket.h; not in Python's socket module
_SO_MEMINFO = 55
_SK_MEMINFO_DROPS = 8  # the ninth of its 32 bit numbers


class UdpReceiver:
    """A bound UDP socket and its way into the inbox."""

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
        rates: Rates | None = None,
        aside: Callable[[list[bytes]], list[bytes]] | None = None,
        listener: str = "udp",
    ):
        """Bind the socket: from now on datagrams are kept by the kernel.

        With `rates` a sender may send so many messages; `aside` takes what is no message and
        returns the rest. What is handed in is called in the reading thread. Raises ListenError.
        """
        self._inbox = inbox
        self._clock = clock
        self._allowed = allowed
        self._dropped = dropped
        self._max_message = max_message
        self.rates = rates
        self._aside = aside
        self._listener = listener
        self._log_due = OncePerMinute()
        self._socket = bind(socket.SOCK_DGRAM, host, port)
        self._move = datagrams.reader(self._socket, max_message + 1)
        self._kernel_drops: int | None = None
        self._thread: threading.Thread | None = None
        self._stop, self._stopped = socket.socketpair()
        self.port: int = self._socket.getsockname()[1]
        self.receive_buffer_asked = receive_buffer_bytes
        self.receive_buffer_granted = _ask_receive_buffer(self._socket, receive_buffer_bytes)
        self.kernel_drops()

    def start(self) -> None:
        """Begin to read."""
        self._thread = threading.Thread(target=self._run, name=self._listener, daemon=True)
        self._thread.start()
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
        self._stop.close()
        if self._thread is not None:
            self._thread.join()
        # What waits is read, but a flood does not keep us from stopping.
        most = 2 * self.receive_buffer_granted // _KERNELS_LEAST
        for _ in range(1 + most // _TOGETHER):
            if not self._survive()[0]:
                break
        self.kernel_drops()
        self._socket.close()
        self._stopped.close()

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

    def _run(self) -> None:
        """Read until the end of the other socket of the pair."""
        seconds = before = 0.0
        with selectors.DefaultSelector() as arrival, selectors.DefaultSelector() as stop:
            stop.register(self._stopped, selectors.EVENT_READ)
            for source in (self._socket, self._stopped):
                arrival.register(source, selectors.EVENT_READ)
            while not stop.select(seconds):  # not `sleep`, in which nothing could stop us
                arrival.select()
                if self._inbox.room < _TOGETHER:
                    seconds = _CROWDED  # the kernel has room, or drops for less work than we do
                    continue
                now = time.monotonic()
                read = self._survive()
                seconds = pause(*read, now - before, self.receive_buffer_granted)
                before = now

    def _survive(self) -> tuple[int, int]:
        """Receive, whatever becomes of it: nobody else would."""
        try:
            return self._receive()
        except Exception as error:  # noqa: BLE001 - the next reading may go well
            self._failed(error)
            return 0, 0

    def _failed(self, error: Exception) -> None:
        if self._log_due(self._clock(), "defect"):
            logger.opt(exception=error).error("receiving on {} failed", self._listener)

    def _receive(self) -> tuple[int, int]:
        """Hand over what has arrived, or the first of it; return how many messages and bytes."""
        received = self._clock()
        arrived: datagrams.Arrived = {}
        moved = 0
        try:
            while moved < _TOGETHER and (some := self._move(arrived)):
                moved += some
        except OSError as error:
            if self._log_due(received, "receive"):
                logger.warning("cannot receive on {}: {}", self._listener, error)
        for sender, of_sender in arrived.items():
            try:
                self._hand_over(received, sender, of_sender)
            except Exception as error:  # noqa: BLE001 - what it costs is known
                self._dropped(self._listener, "defect", len(of_sender))
                self._failed(error)
        return moved, sum(sum(map(len, of_sender)) for of_sender in arrived.values())

    def _hand_over(self, received: float, sender: str, arrived: list[bytes]) -> None:
        if self._aside is not None and not (arrived := self._aside(arrived)):
            return
        if not self._allowed(sender):
            self._dropped(self._listener, "denied_sender", len(arrived))
            if self._log_due(received, "denied", sender):
                logger.warning("{} may not send: {} message refused", sender, self._listener)
            return
        messages = [data.rstrip(_END) for data in arrived if len(data) <= self._max_message]
        if oversize := len(arrived) - len(messages):
            self._dropped(self._listener, "oversize", oversize)
            if self._log_due(received, "oversize", sender):
                logger.warning(
                    "message from {} is longer than {} bytes: dropped", sender, self._max_message
                )
        if self.rates is not None:
            messages = self._within(self.rates, received, sender, messages)
        if messages:
            self._inbox.offer(
                Batch(received=received, sender=sender, listener=self._listener, messages=messages)
            )

    def _within(
        self, rates: Rates, received: float, sender: str, messages: list[bytes]
    ) -> list[bytes]:
        """Return the messages that a sender may send; the rest, the newest, is dropped."""
        within = rates.take(sender, received, len(messages))
        if within == len(messages):
            return messages
        self._dropped(self._listener, "rate_limited", len(messages) - within)
        if self._log_due(received, "rate_limited", sender):
            logger.warning("{} sends more than it may: messages of {} lost", sender, self._listener)
        return messages[:within]


def pause(messages: int, size: int, seconds: float, buffer_bytes: int) -> float:
    """Return for how long the kernel can keep what comes, if so much came in the last `seconds`.

    `size` is that of the messages, in bytes. A quarter of the buffer is then in use, since we may
    be kept from reading for longer; all of it only if a flood begins. After a reading that may have
    left some there is no pause.
    """
    if messages >= _TOGETHER:
        return 0.0
    messages = messages or 1  # none after an error, which may last
    each = max(_KERNELS_SIZE, _KERNELS_SHARE * size / messages)
    held = 2 * buffer_bytes / each  # socket(7): the bound is twice what was granted
    longest = min(LONGEST_PAUSE, held / _SUDDEN)
    return min(longest, min(held / 4, _TOGETHER / 2) * seconds / messages)


def _kernel_drops(receiver: socket.socket) -> int | None:
    if sys.platform != "linux":
        return None
    try:
        answer = receiver.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 64)
    except OSError:  # a kernel before 4.12, or one that only looks like Linux
        return None
    drops: int = struct.unpack_from("=I", answer, 4 * _SK_MEMINFO_DROPS)[0]
    return drops


def _ask_receive_buffer(receiver: socket.socket, wanted: int) -> int:
    """Ask for a receive buffer; return the bytes granted, in the unit in which they were asked."""
    try:
        if sys.platform != "linux":
            raise PermissionError  # the number of SO_RCVBUFFORCE is Linux's own
        receiver.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, wanted)
    except OSError:  # CAP_NET_ADMIN only; the other option stops at net.core.rmem_max
        try:
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted)
        except OSError as error:  # BSD refuses what is above its limit, and keeps what was
            logger.info("receive buffer of {} bytes refused: {}", wanted, error)
    granted: int = receiver.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    return granted // 2 if sys.platform == "linux" else granted  # socket(7): doubled by the kernel
