"""A program of a given name on a host, which opens, uses and closes sockets as it is told.

It is the running Python under another name, so /proc shows the name as for any program. In: orders
over a Unix socket, one JSON line each; out: an answer for each. The laboratory decides what the
program does and when; what the system shows of it is the system's own.
"""

import json
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.system.parts.process import Process, started

OBEY = """
import json, socket, sys
orders = socket.socket(socket.AF_UNIX)
orders.connect(sys.argv[1])
held = {}

def opened(order):
    family = socket.AF_INET6 if ":" in order["ip"] else socket.AF_INET
    kind = socket.SOCK_STREAM if order["transport"] == "tcp" else socket.SOCK_DGRAM
    own = socket.socket(family, kind)
    own.bind((order["ip"], order["port"]))
    if order["peer"]:
        own.connect(tuple(order["peer"]))
    elif order["transport"] == "tcp":
        own.listen()
    port = own.getsockname()[1]
    held[port, order["transport"]] = own
    return port

for line in orders.makefile("r"):
    order = json.loads(line)
    key = (order["port"], order["transport"])
    if order["do"] == "open":
        answer = opened(order)
    elif order["do"] == "close":
        held.pop(key).close()
        answer = None
    elif order["peer"]:
        answer = held[key].sendto(b"hello", tuple(order["peer"]))
    else:
        answer = held[key].send(b"hello")
    orders.sendall(json.dumps(answer).encode() + b"\\n")
"""


class Program(NamedTuple):
    """A running program: on which host, and under which name it is known there."""

    host: str
    name: str
    process: Process
    orders: socket.socket

    def open(
        self,
        port: int = 0,
        *,
        ip: str = "0.0.0.0",
        transport: str = "udp",
        peer: tuple[str, int] | None = None,
    ) -> int:
        """Let it open a socket, connected if there is a peer; return the local port."""
        order = {"do": "open", "ip": ip, "port": port, "transport": transport, "peer": peer}
        return int(self._tell(order))

    def send(self, port: int, to: tuple[str, int] | None = None) -> None:
        """Let it send one datagram from one of its ports; a connected socket needs no target."""
        self._tell({"do": "send", "port": port, "transport": "udp", "peer": to})

    def close(self, port: int, transport: str = "udp") -> None:
        """Let it close a socket."""
        self._tell({"do": "close", "port": port, "transport": transport})

    def _tell(self, order: dict[str, Any]) -> Any:
        self.orders.sendall(json.dumps(order).encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            data = self.orders.recv(4096)
            if not data:
                raise RuntimeError(f"{self.name} ended: {self.process.output()}")
            answer += data
        return json.loads(answer)


@contextmanager
def program(host: str, name: str, folder: Path, namespace: str) -> Iterator[Program]:
    """Run one and hand it out, ready to be told."""
    place = folder / f"{host}-{name}"
    place.mkdir()
    executable = place / name
    shutil.copy(Path(sys.executable).resolve(), executable)
    home = {"PYTHONHOME": sys.base_prefix}  # the copy does not find its library by itself
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(place / "orders"))
        door.listen()
        door.settimeout(20)
        argv = [executable, "-S", "-c", OBEY, place / "orders"]
        with started(argv, place / "log", namespace=namespace, env=home) as process:
            orders, _ = door.accept()
            with orders:
                orders.settimeout(20)
                yield Program(host, name, process, orders)
