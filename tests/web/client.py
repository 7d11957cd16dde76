"""A client of an ASGI application without a server: what it sends is what the application gets."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import unquote, urlencode, urlsplit

from starlette.types import ASGIApp


class Answer(NamedTuple):
    """What the application said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client(NamedTuple):
    """Somebody who asks, from an address and under a name of the server."""

    app: ASGIApp
    address: str = "192.168.1.20"
    host: str = "knockwatch.local:10151"

    def get(self, path: str, **headers: str) -> Answer:
        """Ask; header names are written with underscores."""
        return self.ask("GET", path, (), headers)

    def post(self, path: str, body: bytes | Iterable[bytes] = b"", **headers: str) -> Answer:
        """Send a body, in chunks if it is several."""
        chunks = [body] if isinstance(body, bytes) else body
        return self.ask("POST", path, chunks, headers)

    def submit(self, path: str, **fields: str) -> Answer:
        """Send a form."""
        kind = "application/x-www-form-urlencoded"
        return self.post(path, urlencode(fields).encode(), content_type=kind)

    def ask(
        self, method: str, path: str, chunks: Iterable[bytes], headers: dict[str, str]
    ) -> Answer:
        """Send one request, and wait for its answer."""
        parts = urlsplit(path)
        named = {"host": self.host, **headers}
        scope = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "http_version": "1.1",
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "root_path": "",
            "query_string": parts.query.encode(),
            "headers": [
                (name.replace("_", "-").encode(), value.encode()) for name, value in named.items()
            ],
            "client": (self.address, 50000),
            "server": ("127.0.0.1", 10151),
        }
        return asyncio.run(_exchange(self.app, scope, list(chunks)))


async def _exchange(app: ASGIApp, scope: dict[str, Any], chunks: list[bytes]) -> Answer:
    waiting = [
        *({"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks),
        {"type": "http.request", "body": b"", "more_body": False},
    ]
    sent: list[Any] = []
    answered = asyncio.Event()

    async def receive() -> Any:
        if waiting:
            return waiting.pop(0)
        await answered.wait()  # and only then hang up
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            answered.set()

    await app(scope, receive, send)
    return Answer(
        status=sent[0]["status"],
        headers={name.decode().lower(): value.decode() for name, value in sent[0]["headers"]},
        body=b"".join(message.get("body", b"") for message in sent[1:]),
    )
