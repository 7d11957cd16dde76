"""One report to the server by HTTP, and what its answer means for us.

In goes the JSON; out comes the server's clock when it took it. Of the two errors one means "later",
the other "never": the agent must not knock forever with something that will not be taken.
"""

import json
import ssl
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import NamedTuple
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

Post = Callable[[bytes], float | None]  # returns the server's clock, Unix seconds

_TIMEOUT = 5.0  # seconds; changes are not looked for meanwhile
_LATER = (408, 425, 429)
_ADVICE = {
    401: "the server wants a token: give --pair with a code from its page /add, or --token-file",
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

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class Answer(NamedTuple):
    """What the server said when it took something."""

    time: float | None  # its clock; None when it does not tell
    body: bytes


class Server:
    """The server as the agent reaches it: certificates are verified, nothing is followed."""

    def __init__(self, url: str, token: str | None = None, ca_file: str | None = None) -> None:
        """`ca_file` holds the authorities to trust in place of the system's.

        Raises ValueError when the URL or the token cannot work, and OSError for the file.
        """
        _check_url(url)
        if token is not None and not (token.isascii() and token.isprintable() and token):
            raise ValueError("the token must be one line of printable ASCII")
        self._url = url.rstrip("/")
        self._headers = {"Content-Type": "application/json", "User-Agent": agent()}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        # Without the usual handlers of redirects and proxies: both would show token and report to
        # a third party, and the server is on our own network.
        self._opener = OpenerDirector()
        secure = HTTPSHandler(context=_trusting(ca_file))
        for handler in (HTTPHandler(), secure, HTTPDefaultErrorHandler(), HTTPErrorProcessor()):
            self._opener.add_handler(handler)

    def post(self, body: bytes) -> float | None:
        """Post a report; return the server's clock.

        Raises ServerAwayError or ReportRefusedError.
        """
        return self.ask("/api/v1/reports", body).time

    def time(self) -> float | None:
        """Return the server's clock, None when it does not tell; nothing is told to it.

        Raises ServerAwayError.
        """
        try:
            return self.ask("/-/healthy").time
        except ReportRefusedError:  # something else answers there
            return None

    def ask(self, path: str, body: bytes | None = None) -> Answer:
        """Ask for a path, or post a body to it.

        Raises ServerAwayError or ReportRefusedError.
        """
        request = Request(self._url + path, data=body, headers=self._headers)
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as answer:
                return Answer(_date(answer.headers), answer.read(_MAX_ANSWER))
        except HTTPError as error:
            raise _meaning(error) from error
        except (OSError, HTTPException) as error:
            raise ServerAwayError(str(getattr(error, "reason", error)) or repr(error)) from error


def _trusting(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as error:
        raise ValueError(f"--ca-file {ca_file}: holds no certificate (PEM): {error}") from None
    except OSError as error:
        raise OSError(f"--ca-file {ca_file}: {error.strerror}") from None


def _date(headers: Mapping[str, str]) -> float | None:
    try:
        return parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except (ValueError, OverflowError):
        return None


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
    told = f"HTTP {error.code}: {text}" + (f" ({advice})" if advice else "")
    return ReportRefusedError(told, error.code)


def _error_text(error: HTTPError) -> str:
    """Return the server's own words, as far as they are fit for a log."""
    try:
        with error:
            said = json.loads(error.read(_MAX_ANSWER))["error"]
    except (OSError, HTTPException, ValueError, LookupError, TypeError, RecursionError):
        said = error.reason  # not knockwatch, or cut off
    return "".join(c if c.isprintable() else "\ufffd" for c in str(said)[:_MAX_SHOWN])
