"""Datagrams at a rate: `python -m tests.bench.sender PORT RATE SECONDS BYTES [ROUTERS [LINES]]`.

Syslog lines of netfilter go to a UDP port of the loopback, by sendmmsg(2) through ctypes: Python's
own sendto does not reach the rate. Each router has an address of its own in 127/8. Printed, as
JSON, is what was really sent, how long it took, and the longest time for which nothing was sent:
a busy machine holds the sender up, and what it then would have to send at once no router sends.
"""

import ctypes
import json
import random
import socket
import sys
import time

from exporter.transports.datagrams import Message, Part

BURST = 32  # messages a call
BEHIND = 0.005  # seconds that are made up for; what was missed before is not sent
DIFFERENT = 4096  # messages
_REMOTES, _PORTS = 3000, 205


def lines(size: int, count: int = DIFFERENT, *, seed: int = 1) -> list[bytes]:
    """Return lines of that many bytes, about packets of many addresses to many ports."""
    chance = random.Random(seed)
    remotes = [address(chance) for _ in range(_REMOTES)]
    ports = [chance.randrange(1024, 65536) for _ in range(_PORTS)]
    return [line(chance.choice(remotes), chance.choice(ports), size) for _ in range(count)]


def address(chance: random.Random) -> str:
    """Return an address out of all of IPv4: those of the documentation are one network."""
    return f"{chance.randrange(1, 224)}.{chance.randrange(256)}.{chance.randrange(256)}.9"


def line(remote: str, port: int, size: int = 0) -> bytes:
    """Return a line of netfilter, filled up by the options that its TCP packet had."""
    text = f"<4>kernel: DROP IN=e0 OUT= SRC={remote} DST=203.0.113.9 PROTO=TCP SPT=443 DPT={port}"
    missing = size - len(text) - len(" OPT ()")
    if missing > 0:
        text += f" OPT ({'0' * missing})"
    elif size:
        text = text.ljust(size)
    return text.encode()


class Batches:
    """Messages as the kernel takes them, BURST a call, round and round."""

    def __init__(self, messages: list[bytes]) -> None:
        self._messages = messages
        self._parts = (Part * len(messages))(
            *(Part(ctypes.cast(ctypes.c_char_p(m), ctypes.c_void_p), len(m)) for m in messages)
        )
        self._headers = (Message * len(messages))()
        for number, message in enumerate(self._headers):
            message.header.parts = ctypes.pointer(self._parts[number])
            message.header.part_count = 1
        self._send = ctypes.CDLL(None, use_errno=True).sendmmsg
        self._next = 0

    def send(self, descriptor: int, most: int) -> int:
        """Send up to as many; return how many went.

        Raises OSError.
        """
        most = min(most, BURST, len(self._messages) - self._next)
        first = ctypes.byref(self._headers, self._next * ctypes.sizeof(Message))
        went: int = self._send(descriptor, first, most, 0)
        if went < 0:
            raise OSError(ctypes.get_errno(), "sendmmsg")
        self._next = (self._next + went) % len(self._messages)
        return went


def flood(
    port: int,
    rate: float,
    seconds: float,
    size: int,
    routers: int = 1,
    different: int = DIFFERENT,
) -> dict[str, float]:
    """Send, and return what was sent."""
    batches, sent, turn = Batches(lines(size, different)), 0, 0
    sockets = [connected(f"127.1.{n // 250}.{n % 250 + 1}", port) for n in range(routers)]
    began = last = time.monotonic()
    owed_since, longest = began, 0.0
    while (now := time.monotonic()) - began < seconds:
        longest, last = max(longest, now - last), now
        owed_since = max(owed_since, now - BEHIND - BURST / rate)
        due = int((now - owed_since) * rate)
        if not due:
            time.sleep(0.0002)
            continue
        went = batches.send(sockets[turn].fileno(), due)
        turn = (turn + 1) % len(sockets)
        owed_since += went / rate
        sent += went
    return {"sent": sent, "seconds": time.monotonic() - began, "longest": longest}


def connected(address: str, port: int) -> socket.socket:
    """Return a socket that has an address of the loopback and sends to that port."""
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.bind((address, 0))
    sender.connect(("127.0.0.1", port))
    return sender


if __name__ == "__main__":
    told = [float(argument) for argument in sys.argv[1:]]
    print(json.dumps(flood(int(told[0]), told[1], told[2], *map(int, told[3:]))))
