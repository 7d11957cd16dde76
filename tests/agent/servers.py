"""A small server that takes reports, for the tests of the agent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue

from exporter import wire
from exporter.host_report import HostReport


class Server(HTTPServer):
    """Answers each POST with the next of `answers`, 204 when there is none; keeps what came."""

    def __init__(self, ip: str) -> None:
        # Bound, but not listening: connections are refused until `serving`.
        super().__init__((ip, 0), _Handler, bind_and_activate=False)
        self.server_bind()
        self.url = f"http://{ip}:{self.server_address[1]}"
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.date: str | None = None  # what it takes for the time
        self.posted: Queue[tuple[str, dict[str, str], bytes]] = Queue()

    def reports(self) -> list[HostReport]:
        """Return what came since the last time."""
        return [self.next_report() for _ in range(self.posted.qsize())]

    def next_report(self, timeout: float = 20) -> HostReport:
        return wire.decode(self.posted.get(timeout=timeout)[2])


@contextmanager
def serving(server: Server) -> Iterator[None]:
    server.server_activate()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def bound(ip: str = "127.0.0.1") -> Iterator[Server]:
    server = Server(ip)
    try:
        yield server
    finally:
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.put((self.path, dict(self.headers), body))
        answers = self.server.answers
        status, headers, answer = answers.pop(0) if answers else (204, {}, b"")
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self) -> None:
        self.server.posted.put((f"GET {self.path}", dict(self.headers), b""))
        self.send_response(200 if self.path == "/-/healthy" else 404)
        self.end_headers()

    def date_time_string(self, timestamp: float | None = None) -> str:
        date = self.server.date
        return super().date_time_string(timestamp) if date is None else date

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass
