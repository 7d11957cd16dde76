"""Who gets in at all, where the web configuration has users: the outermost middleware of all HTTP.

It asks for a user's password (RFC 7617) before anything else looks at a request, and puts the
configured headers on every answer. `/-/healthy` and `/-/ready` tell nothing and need none. Which
other requests bring something as good as a password, a token or a pairing code, the server's own
application says.
"""

import base64
import binascii
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporter.web import words
from exporter.web.configuration import WebConfiguration
from exporter.web.guard import HEADERS

Admits = Callable[[Scope], bool]

OPEN = frozenset({"/-/healthy", "/-/ready"})
_CHALLENGE = {"www-authenticate": 'Basic realm="knockwatch", charset="UTF-8"'}


class Doors:
    """The middleware; `admits` tells whether a request needs no password."""

    def __init__(self, app: ASGIApp, web: WebConfiguration, admits: Admits) -> None:
        self._app, self._web, self._admits = app, web, admits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or leave it to the application."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._web.settings.http_server_config.headers.items():
                    headers[name] = value
            await send(message)

        app = self._app if await self._may_enter(scope) else _closed(scope["path"])
        await app(scope, receive, answer)

    async def _may_enter(self, scope: Scope) -> bool:
        passwords = self._web.passwords
        if not passwords.are_asked_for or scope["path"] in OPEN or self._admits(scope):
            return True
        given = _login(Headers(scope=scope).get("authorization", ""))
        client = scope["client"][0] if scope.get("client") else ""
        return given is not None and await passwords.are_right(*given, client)


def _login(header: str) -> tuple[str, bytes] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return (user.decode("utf-8", "replace"), password) if colon else None


def _closed(path: str) -> Response:
    headers = {**HEADERS, **_CHALLENGE}
    if path.startswith("/api/"):
        return JSONResponse({"error": words.phrase("refused.password", "en")}, 401, headers)
    told = "\n".join(words.phrase("refused.password", language) for language in ("en", "ja"))
    return PlainTextResponse(f"{told}\n", 401, headers)
