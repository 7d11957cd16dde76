"""What routers and hosts send in, by every way there is; each tells how many messages it was.

All addresses are those for documentation. One kind of line is a rejected packet, another is one
that nobody can read.
"""

import json
import random
import socket
import ssl
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.oracle.ledger import router
from tests.system.parts import web
from tests.system.parts.founding import DEVICE, NETSTAT

OVERSIZE = b"<4>" + b"x" * 70_000  # one more than 64 KiB
STRANGER = "127.0.0.9"  # who may not send


class Sent(NamedTuple):
    """How many messages were sent, and how many of them are of rejected packets."""

    messages: int
    rejected: int


class Lines(NamedTuple):
    """Lines for one input."""

    texts: list[str]
    rejected: int

    @property
    def sent(self) -> Sent:
        return Sent(len(self.texts), self.rejected)

    @property
    def data(self) -> bytes:
        return "".join(f"{text}\n" for text in self.texts).encode()


def lines(dice: random.Random, name: str, most: int) -> Lines:
    """Between one and so many lines of an input's router."""
    texts, rejected = [], 0
    for _ in range(dice.randint(1, most)):
        head = f"<4>Nov 26 10:00:{dice.randrange(60):02} {router(name)}"
        if dice.random() < 0.15:
            texts.append(f"{head} noise: {dice.randrange(10**6)} words that nobody knows")
            continue
        remote = f"203.0.113.{dice.randrange(1, 30)}:{dice.randrange(1024, 1090)}"
        port = dice.choice((51413, 6881, 40000, 50000 + dice.randrange(20)))
        texts.append(f"{head} fw: UDP connection rejected from {remote} to 192.0.2.7:{port}")
        rejected += 1
    return Lines(texts, rejected)


def datagrams(port: int, dice: random.Random, most: int) -> Sent:
    """Send a burst over UDP."""
    burst = lines(dice, "udp", most)
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        for text in burst.texts:
            sender.sendto(text.encode(), ("127.0.0.1", port))
    return burst.sent


def strange_datagrams(port: int, dice: random.Random) -> Sent:
    """Send from an address that may not."""
    number = dice.randint(1, 5)
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.bind((STRANGER, 0))
        for _ in range(number):
            sender.sendto(b"<4>let me in", ("127.0.0.1", port))
    return Sent(number, 0)


def stream(
    port: int, dice: random.Random, name: str, most: int, context: ssl.SSLContext | None = None
) -> Sent:
    """Send over one TCP connection, octets counted or lines, with TLS if there is a context."""
    burst = lines(dice, name, most)
    counted = dice.random() < 0.5
    frames = [
        f"{len(text)} {text}".encode() if counted else f"{text}\n".encode() for text in burst.texts
    ]
    lost = dice.random() < 0.2
    if lost and counted:
        frames.append(b"999 <4>the connection ends here")
    elif lost:
        frames.insert(0, OVERSIZE + b"\n")
    data = b"".join(frames)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        if context is None:
            _in_pieces(plain, data, dice)
        else:
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                _in_pieces(secure, data, dice)
                with suppress(OSError):  # it may not wait for our answer to its end
                    secure.unwrap()
    return Sent(burst.sent.messages + lost, burst.rejected)


def _in_pieces(sender: socket.socket, data: bytes, dice: random.Random) -> None:
    while data:
        at = dice.randint(1, 20_000)
        sender.sendall(data[:at])
        data = data[at:]


def report(url: str, dice: random.Random) -> Sent:
    """Post a host's report; return when it is acknowledged."""
    socket_ = {"transport": "udp", "local_ip": "0.0.0.0", "process": "torrent"}
    ports = dice.sample(range(50000, 50020), 3)
    body = {
        "version": 1,
        "device": dice.choice(("ANNA-PC", "BEN-PC", "NAS")),
        "interval_seconds": 1,
        "addresses": [f"192.168.1.{dice.randrange(10, 13)}"],
        "sockets": [socket_ | {"local_port": port, "age_seconds": 100} for port in ports],
        "links": [{"interface": "eth0", "received_bytes": 5, "sent_bytes": 7}],
    }
    answer = web.post(f"{url}/api/v1/reports", json.dumps(body).encode(), kind="application/json")
    assert answer.status in (200, 429), answer
    return Sent(1, 0)


def paste(url: str, dice: random.Random) -> Sent:
    """Paste what netstat prints, or something that is no such thing."""
    body = NETSTAT if dice.random() < 0.7 else "nothing of use"
    answer = web.post(f"{url}/api/v1/sockets/{DEVICE}", body.encode())
    assert answer.status in (200, 400, 409), answer
    return Sent(1, 0)


class Log:
    """A followed file, which its writer rotates."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.path = folder / "router.log"
        self.path.touch()

    def write(self, dice: random.Random, most: int) -> Sent:
        """Append lines."""
        added = lines(dice, "file", most)
        with self.path.open("ab") as file:
            file.write(added.data)
        return added.sent

    def rotate(self, dice: random.Random) -> None:
        """Move the file aside, or copy and truncate it; older ones move on."""
        for number in range(len(self._rotated()), 0, -1):
            self._number(number).rename(self._number(number + 1))
        if dice.random() < 0.5:
            self.path.rename(self._number(1))
            self.path.touch()
        else:
            self._number(1).write_bytes(self.path.read_bytes())
            self.path.write_bytes(b"")

    def prune(self) -> None:
        """Delete what was rotated; all of it must have been counted."""
        for file in self._rotated():
            file.unlink()

    def current(self) -> Sent:
        """What stands in the file itself."""
        data = self.path.read_bytes()
        return Sent(data.count(b"\n"), data.count(b" rejected from "))

    def _rotated(self) -> list[Path]:
        return list(self.path.parent.glob("router.log.*"))

    def _number(self, number: int) -> Path:
        return self.path.with_name(f"router.log.{number}")
