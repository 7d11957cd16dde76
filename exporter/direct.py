"""An exporter asked over HTTP: directly, as it stands in this home or on this machine.

No proxy and no redirect: either would show what identifies us to somebody else.
"""

import base64
import ssl
import urllib.request
from http.client import HTTPResponse
from typing import cast


class Direct:
    """How an exporter is asked: what TLS must show, and who asks."""

    def __init__(self, context: ssl.SSLContext | None = None, authorization: str = "") -> None:
        """`context` is for https, without one the system's authorities are trusted."""
        self._headers = {"Authorization": authorization} if authorization else {}
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), _Stays(), urllib.request.HTTPSHandler(context=context)
        )

    def open(self, url: str, body: bytes | None = None, *, seconds: float) -> HTTPResponse:
        """Ask, or post a body.

        Raises OSError, also for answers that are errors, HTTPException, and ValueError for a URL
        of something else.
        """
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"not an address of an exporter: {url!r}; write http://HOST:10151")
        request = urllib.request.Request(url, body, self._headers)
        return cast("HTTPResponse", self._opener.open(request, timeout=seconds))


class _Stays(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def bearer(token: str | None) -> str:
    """Return what identifies the owner of a token."""
    return f"Bearer {token}" if token else ""


def basic(login: str) -> str:
    """Return what identifies a user, of `USER:PASSWORD`."""
    return f"Basic {base64.b64encode(login.encode()).decode()}"
