"""What has arrived at a UDP socket, many datagrams a call, by the address that they came from.

Linux fills all of them in one recvmmsg(2), called through ctypes, since Python has none; elsewhere
each is received by itself. The call never waits, and keeps the interpreter's lock: who lets go of
it while a thread renders a scrape gets it back after 5 ms, and Python's `recvfrom` lets go for each
datagram.
"""

import ctypes
import errno
import mmap
import os
import socket
import struct
import sys
from collections.abc import Callable

from exporter.addresses import canonical

Arrived = dict[str, list[bytes]]  # what each address sent, in the order in which it arrived

AT_ONCE = 64  # datagrams a call; twice as many are no cheaper
_APART = 64  # bytes between the places of two datagrams, or all would share one line of the cache
_NAME = 32  # bytes for a `struct sockaddr`
_ADDRESS = {socket.AF_INET: struct.Struct("4x4s24x"), socket.AF_INET6: struct.Struct("8x16s8x")}
_NOTHING = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR}


def reader(source: socket.socket, longest: int) -> Callable[[Arrived], int]:
    """Return what moves the next datagrams, each cut at `longest` bytes, into an `Arrived`.

    It returns how many there were: at 0 nothing is left. It raises OSError; the socket must not
    block.
    """
    if sys.platform == "linux":
        try:
            call = ctypes.PyDLL(None, use_errno=True).recvmmsg
        except (AttributeError, OSError):  # a C library that has no such call
            return _OneByOne(source, longest).move
        if call(source.fileno(), None, 0, socket.MSG_DONTWAIT, None) == 0:  # the kernel has it
            return _Many(source, longest, call).move
    return _OneByOne(source, longest).move


class _OneByOne:
    """Receives as any system can."""

    def __init__(self, source: socket.socket, longest: int) -> None:
        self._source, self._longest = source, longest

    def move(self, arrived: Arrived) -> int:
        for moved in range(AT_ONCE):
            try:
                data, peer = self._source.recvfrom(self._longest)
            except BlockingIOError:
                return moved
            arrived.setdefault(canonical(peer[0]) or peer[0], []).append(data)
        return AT_ONCE


class Part(ctypes.Structure):
    """`struct iovec`."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class Header(ctypes.Structure):
    """`struct msghdr`."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("parts", ctypes.POINTER(Part)),
        ("part_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class Message(ctypes.Structure):
    """`struct mmsghdr`."""

    _fields_ = (("header", Header), ("length", ctypes.c_uint32))


class _Many:
    """Receives AT_ONCE datagrams a call."""

    def __init__(self, source: socket.socket, longest: int, call: Callable[..., int]) -> None:
        self._source, self._call = source, call
        self._address = _ADDRESS[source.family]
        apart = longest + _APART
        self._begins = range(0, AT_ONCE * apart, apart)
        # Of a map, unlike a bytearray, only what datagrams were long enough for is real memory.
        self._data = memoryview(mmap.mmap(-1, AT_ONCE * apart))
        self._names = memoryview(bytearray(AT_ONCE * _NAME))
        data, names = _where(self._data), _where(self._names)
        self._parts = (Part * AT_ONCE)(*(Part(data + begin, longest) for begin in self._begins))
        self._messages = (Message * AT_ONCE)()
        for number, message in enumerate(self._messages):
            message.header.name, message.header.name_length = names + number * _NAME, _NAME
            message.header.parts = ctypes.pointer(self._parts[number])
            message.header.part_count = 1
        words, word = memoryview(self._messages).cast("B").cast("I"), ctypes.sizeof(ctypes.c_uint32)
        self._lengths = words[Message.length.offset // word :: ctypes.sizeof(Message) // word]

    def move(self, arrived: Arrived) -> int:
        moved = self._call(
            self._source.fileno(), self._messages, AT_ONCE, socket.MSG_DONTWAIT, None
        )
        if moved < 0:
            number = ctypes.get_errno()
            if number in _NOTHING:
                return 0
            raise OSError(number, os.strerror(number))
        ends = zip(self._begins, self._lengths[:moved].tolist(), strict=False)
        datagrams = [bytes(self._data[begin : begin + length]) for begin, length in ends]
        self._sort(datagrams, arrived)
        return moved

    def _sort(self, datagrams: list[bytes], arrived: Arrived) -> None:
        names = self._names[: len(datagrams) * _NAME]
        addresses = [address for (address,) in self._address.iter_unpack(names)]
        texts = {address: self._text(address) for address in set(addresses)}
        if len(texts) == 1:
            arrived.setdefault(texts[addresses[0]], []).extend(datagrams)
            return
        for address, datagram in zip(addresses, datagrams, strict=True):
            arrived.setdefault(texts[address], []).append(datagram)

    def _text(self, address: bytes) -> str:
        text = socket.inet_ntop(self._source.family, address)
        return canonical(text) or text


def _where(memory: memoryview) -> int:
    """Return where in the process memory lies."""
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))
