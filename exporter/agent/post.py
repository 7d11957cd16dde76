"""One report to the server by HTTP, and what its answer means for us.

In goes the JSON; nothing comes out when the server took it. Of the two errors one means "later",
the other "never": the agent must not knock forever with something that will not be taken.
"""

import json
from collections.abc import Callable
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
)

from exporter.agent.host import agent

Post = Callable[[bytes], None]

_TIMEOUT = 5.0  # seconds; changes are not looked for meanwhile
_LATER = (408, 425, 429)
_ADVICE = {
    401: "the server wants a token: give --token-file with one of its [tokens]",
    403: "the server refuses this address or token: without tokens it takes reports from loopback "
    "and private addresses only; with tokens give --token-file",
    404: "no knockwatch at this address: --server takes its URL without a path",
    413: "the report is larger than the server takes",
    421: "the server does not know itself by this name: give its address in --server, or configure "
    "the name there",
}
_MAX_ANSWER = 4096  # bytes of an error that are read
_MAX_SHOWN = 300  # characters of it that are logged


class ServerAwayError(Exception):
    """The server cannot take a report now; a later try may succeed."""


class ReportRefusedError(Exception):
    """The server will never take this report; the text says why and what to do."""


def poster(server: str, token: str | None) -> Post:
    """Return a function that posts a report to `server`; certificates are verified.

    Raises ValueError when the URL or the token cannot work.
    """
    _check_url(server)
    if token is not None and not (token.isascii() and token.isprintable() and token):
        raise ValueError("the token must be one line of printable ASCII")
    url = f"{server.rstrip('/')}/api/v1/reports"
    headers = {"Content-Type": "application/json", "User-Agent": agent()}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    # Without the usual handlers of redirects and proxies: both would show token and report to a
    # third party, and the server is on our own network.
    opener = OpenerDirector()
    for handler in (HTTPHandler, HTTPSHandler, HTTPDefaultErrorHandler, HTTPErrorProcessor):
        opener.add_handler(handler())

    def post(body: bytes) -> None:
        request = Request(url, data=body, headers=headers)
        try:
            opener.open(request, timeout=_TIMEOUT).close()
        except HTTPError as error:
            raise _meaning(error) from error
        except (OSError, HTTPException) as error:
            raise ServerAwayError(str(getattr(error, "reason", error)) or repr(error)) from error

    return post


def _check_url(server: str) -> None:
    if "@" in server:  # not shown: it may hold a password
        raise ValueError("--server takes no user name or password: give --token-file")
    try:
        parts = urlsplit(server)
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # of the port, or of brackets
        fits = False
    if not fits or not server.isprintable() or any(letter in server for letter in " ?#"):
        raise ValueError(f"--server must look like http://192.168.1.10:10151, not {server!r}")


def _meaning(error: HTTPError) -> ServerAwayError | ReportRefusedError:
    text = _error_text(error)
    if error.code >= 500 or error.code in _LATER:
        return ServerAwayError(f"HTTP {error.code}: {text}")
    advice = _ADVICE.get(error.code)
    if 300 <= error.code < 400:
        advice = "the server redirects: give its final URL in --server"
    return ReportRefusedError(f"HTTP {error.code}: {text}" + (f" ({advice})" if advice else ""))


def _error_text(error: HTTPError) -> str:
    """Return the server's own words, as far as they are fit for a log."""
    try:
        with error:
            said = json.loads(error.read(_MAX_ANSWER))["error"]
    except (OSError, HTTPException, ValueError, LookupError, TypeError, RecursionError):
        said = error.reason  # not knockwatch, or cut off
    return "".join(c if c.isprintable() else "\ufffd" for c in str(said)[:_MAX_SHOWN])
