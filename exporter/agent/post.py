"""One report to the server by HTTP, and what its answer means for us.

In goes the JSON; out comes the server's clock when it took it. Of the two errors one means "later",
the other "never": the agent must not knock forever with something that will not be taken.
"""

import json
import ssl
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urlsplit

Post = Callable[[bytes], float | None]  # returns the server's clock, Unix seconds

_TIMEOUT = 5.0  # seconds; changes are not looked for meanwhile
_LATER = (408, 425, 429)
_ADVICE = {
    401: "the server wants a token: give --pair with a code from its page /add, or --token-file",
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
    """The server as the agent reaches it: certificates are verified, no redirect is followed.

    No proxy either: both would show token and report to a third party, and the server is on our own
    network. Headers are few, for an idle host sends little else.
    """

    def __init__(self, url: str, token: str | None = None, ca_file: str | None = None) -> None:
        """`ca_file` holds the authorities to trust in place of the system's.

        Raises ValueError when the URL or the token cannot work, and OSError for the file.
        """
        _check_url(url)
        if token is not None and not (token.isascii() and token.isprintable() and token):
            raise ValueError("the token must be one line of printable ASCII")
        self._url = url.rstrip("/")
        self._parts = urlsplit(self._url)
        self._token = token
        # Reading the system's authorities takes memory, which nobody needs for plain HTTP.
        is_secure = self._parts.scheme == "https"
        self._trusted = _trusting(ca_file) if is_secure or ca_file else None

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
        connection = self._connection()
        try:
            method = "GET" if body is None else "POST"
            connection.putrequest(method, self._parts.path + path, skip_accept_encoding=True)
            if self._token is not None:
                connection.putheader("Authorization", f"Bearer {self._token}")
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            said = answer.read(_MAX_ANSWER)
        except (OSError, HTTPException) as error:
            why = getattr(error, "strerror", None) or str(error) or repr(error)
            raise ServerAwayError(f"{self._url} does not answer: {why}") from error
        finally:
            connection.close()
        if not 200 <= answer.status < 300:
            raise _meaning(answer, said)
        return Answer(_date(answer.getheader("Date", "")), said)

    def _connection(self) -> HTTPConnection:
        host = self._parts.hostname or ""
        if self._parts.scheme == "http":
            return HTTPConnection(host, self._parts.port, timeout=_TIMEOUT)
        return HTTPSConnection(host, self._parts.port, timeout=_TIMEOUT, context=self._trusted)


def _trusting(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as error:
        raise ValueError(f"--ca-file {ca_file}: holds no certificate (PEM): {error}") from None
    except OSError as error:
        raise OSError(f"--ca-file {ca_file}: {error.strerror}") from None


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
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


def _meaning(answer: HTTPResponse, said: bytes) -> ServerAwayError | ReportRefusedError:
    status, text = answer.status, _words(said, answer.reason)
    if status >= 500 or status in _LATER:
        return ServerAwayError(f"HTTP {status}: {text}")
    advice = _ADVICE.get(status)
    if 300 <= status < 400:
        advice = "the server redirects: give its final URL in --server"
    told = f"HTTP {status}: {text}" + (f" ({advice})" if advice else "")
    return ReportRefusedError(told, status)


def _words(said: bytes, reason: str) -> str:
    """Return the server's own words, as far as they are fit for a log."""
    try:
        text = json.loads(said)["error"]
    except (ValueError, LookupError, TypeError, RecursionError):
        text = reason  # not knockwatch, or cut off
    return "".join(c if c.isprintable() else "\ufffd" for c in str(text)[:_MAX_SHOWN])
