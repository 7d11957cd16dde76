"""A real receiver of notifications: HTTP, and HTTPS by the names of the services.

The services' addresses are fixed in Alertmanager and in our configuration. Alertmanager reaches
them through this proxy, which answers in their name with a certificate that only the test trusts:
so what is compared is what would have gone out.
"""

import json
import ssl
import subprocess
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

SERVICES = ("api.telegram.org", "api.line.me", "api.pushover.net", "ntfy.sh")
# What each service says when it has taken a message; whoever gets something else counts a failure.
TELEGRAM_TAKEN = {"ok": True, "result": {"message_id": 1, "date": 1, "chat": {"id": 1}}}
TELEGRAM_REFUSED = {"ok": False, "error_code": 500, "description": "refused by the test"}


class Request(NamedTuple):
    """One request as it arrived."""

    method: str
    url: str  # with the host, however it was reached
    headers: dict[str, str]  # names in lower case
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def query(self) -> dict[str, str]:
        """Return the address's parameters, percent-decoded."""
        query = urllib.parse.urlsplit(self.url).query
        return dict(urllib.parse.parse_qsl(query, keep_blank_values=True))


class Receiver:
    """What was received so far, and how to answer."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[Request] = []
        self.status = 200  # of every answer from now on

    def to(self, part: str) -> list[Request]:
        """Return the requests whose address contains a text."""
        return [request for request in self.requests if part in request.url]

    def firing(self) -> list[Any]:
        """Return the plain webhook's notifications that are not about something resolved."""
        posted = [request.json() for request in self.requests]
        return [one for one in posted if one.get("status") == "firing"]


class Handler(BaseHTTPRequestHandler):
    """Keep each request, answer as the service would; a CONNECT is answered in the host's name."""

    protocol_version = "HTTP/1.1"
    timeout = 30.0  # seconds until a silent connection is closed
    receiver: Receiver
    services: ssl.SSLContext | None
    secure_host = ""

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        host = self.secure_host or f"http://{self.headers['Host']}"
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(length)
        request = Request(self.command, f"{host}{self.path}", headers, body)
        self.receiver.requests.append(request)
        self.answer(request)

    def answer(self, request: Request) -> None:
        telegram = "api.telegram.org" in request.url
        taken = self.receiver.status < 300
        answer = json.dumps(TELEGRAM_TAKEN if taken else TELEGRAM_REFUSED) if telegram else "ok"
        self.send_response(self.receiver.status)
        self.send_header("Content-Type", "application/json" if telegram else "text/plain")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def do_CONNECT(self) -> None:
        host, _, _ = self.path.rpartition(":")
        if self.services is None or host not in SERVICES:
            self.send_error(502)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        self.connection = self.services.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.secure_host = f"https://{host}"
        self.close_connection = False

    def finish(self) -> None:
        super().finish()
        if self.secure_host:
            self.connection.close()  # the server knows the socket below it only

    def log_message(self, *args: object) -> None:
        """Say nothing: what arrived is kept."""


@contextmanager
def receiver(certificate: Path | None = None, *, address: str = "127.0.0.1") -> Iterator[Receiver]:
    """Receive on a free port of that address until the block ends."""
    services = None
    if certificate is not None:
        services = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        services.load_cert_chain(certificate)
    handler: type[Handler] = type("Bound", (Handler,), {"services": services})
    server = ThreadingHTTPServer((address, 0), handler)
    server.daemon_threads = False  # so that closing waits for the last answer
    handler.receiver = Receiver(f"http://{address}:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield handler.receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def certificate(folder: Path) -> Path:
    """Return a file with a key and a certificate in the services' names, made for this test."""
    file = folder / "services.pem"
    key = folder / "services.key"
    names = ",".join(f"DNS:{name}" for name in SERVICES)
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    argv += ["-subj", "/CN=knockwatch test", "-addext", f"subjectAltName={names}"]
    subprocess.run([*argv, "-keyout", key, "-out", file], check=True, capture_output=True)
    file.write_text(file.read_text() + key.read_text())
    return file
