"""The senders of a simulated fleet: routers' datagrams, and agents' posts, in real time.

Each router has an address of its own on the loopback, 127.16.0.1 and on; each home's agents have a
token. A router whose relay is closed for a while writes nothing, so that all that is sent is
known to have arrived, or to be dropped by somebody who counts it.
"""

import hashlib
import http.client
import queue
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.fleet_day.devices import Posted
from tests.fleet_day.homes import Home
from tests.fleet_day.ledger import Ledger

SLOTS = 20  # a second; each home has one of them
POSTERS = 32  # threads: agents do not wait for each other
PATIENCE = 6.0  # seconds for an answer; an agent waits for 5


@dataclass
class Gate:
    """A relay as its senders see it: its ports stay the same over restarts."""

    syslog: int
    http: int
    open: threading.Event = field(default_factory=threading.Event)


def address(number: int) -> str:
    """Return the address of a home's router."""
    return f"127.{16 + number // 65_536}.{number // 256 % 256}.{number % 256}"


def token(number: int) -> str:
    """Return the token of a home's agents."""
    return f"token-of-site-{number:05}"


def subscribers(homes: Sequence[Home]) -> str:
    """Return the file by which a relay knows these homes."""
    lines = []
    for home in homes:
        place = f"{home.name}@{home.region}" if home.region else home.name
        digest = hashlib.sha256(token(home.number).encode()).hexdigest()
        lines.append(f"{place} address {address(home.number)}/32")
        lines.append(f"{place} token {digest}")
    return "".join(f"{line}\n" for line in lines)


class Traffic:
    """All homes, and the relay of each; runs until the end of the block."""

    def __init__(self, homes: Sequence[tuple[Home, Gate]], ledger: Ledger) -> None:
        self.lock = threading.Lock()  # held while homes are stepped: whoever changes one takes it
        self.failed: list[Exception] = []
        self.late = 0.0  # seconds, the most by which a home had its turn late
        self._homes = homes
        self._ledger = ledger
        self._stop = threading.Event()
        self._posts: queue.SimpleQueue[tuple[Home, Gate, Posted] | None] = queue.SimpleQueue()
        self._sockets = {home.number: _router(home, gate) for home, gate in homes}
        work = (self._send, *[self._post] * POSTERS)
        self._threads = [threading.Thread(target=self._guarded, args=(one,)) for one in work]

    def __enter__(self) -> "Traffic":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it; what was sent is sent. Raises what went wrong in the senders."""
        self._stop.set()
        for _ in range(POSTERS):
            self._posts.put(None)
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        while self._sockets:
            self._sockets.popitem()[1].close()
        if self.failed:
            raise ExceptionGroup("senders", self.failed)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - raised at the end
            self.failed.append(error)

    def _send(self) -> None:
        begun, turn = time.monotonic(), 0
        while not self._stop.is_set():
            due = begun + turn / SLOTS - time.monotonic()
            if due > 0:
                time.sleep(due)
            self.late = max(self.late, -due)
            with self.lock:
                for home, gate in self._homes[turn % SLOTS :: SLOTS]:
                    self._turn(home, gate, datetime.now(UTC).timestamp())
            turn += 1

    def _turn(self, home: Home, gate: Gate, now: float) -> None:
        lines = home.step(now)
        if not gate.open.is_set():
            return
        router, packets = self._sockets[home.number], 0
        for line in lines:
            router.send(line.text)
            packets += line.packets
        self._ledger.sent(home.label, len(lines), packets)
        for device in home.devices:
            if (report := device.report(now)) is not None:
                self._posts.put((home, gate, report))

    def _post(self) -> None:
        connections: dict[int, http.client.HTTPConnection] = {}
        while (work := self._posts.get()) is not None:
            home, gate, report = work
            if self._stop.is_set() or not gate.open.is_set():
                report.device.changed = True
                continue
            connection = connections.get(gate.http)
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", gate.http, timeout=PATIENCE)
                connections[gate.http] = connection
            body = report.body(datetime.now(UTC).timestamp())
            answer = _posted(connection, token(home.number), body)
            kind = "full" if report.full else "heartbeat"
            self._ledger.answered(answer, kind, len(body))
            if answer != "accepted":
                report.device.changed = True  # it tells all with the next one
        for connection in connections.values():
            connection.close()


def _router(home: Home, gate: Gate) -> socket.socket:
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.bind((address(home.number), 0))
    sender.connect(("127.0.0.1", gate.syslog))
    return sender


def _posted(connection: http.client.HTTPConnection, bearer: str, body: bytes) -> str:
    """Post a report; return what became of it."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {bearer}"}
    try:
        connection.request("POST", "/api/v1/reports", body, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return "unanswered"
    if answer.status == 200:
        return "accepted"
    return "asked for all" if answer.status == 409 else f"refused with {answer.status}"
