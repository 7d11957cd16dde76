"""Who may ask, and who may post: decided before a request is read.

`refusal` is a pure function of what a request says of itself. The middleware around the whole
application asks it, and gives every answer the headers that keep a browser from running, framing or
keeping anything. The address of a client permits a post; it never names or merges devices.
"""

import hmac
import re
from collections.abc import Awaitable, Callable, Collection
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporter.access.tokens import Owner, Tokens
from exporter.addresses import Prefixes, canonical
from exporter.settings import PRIVATE_SENDERS
from exporter.web.refusals import Refusal

READING = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    # Another site's page learns nothing by taking one of ours for a picture, a script or a window.
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    # "no-referrer" would make browsers send "Origin: null" with the page's own forms.
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}
# Where the token of a single device is good: elsewhere it could change what others are told.
_REPORTS = re.compile(r"/api/v1/(reports|sockets/.*)")
_REPORT = "/api/v1/reports"
_PAIRING = "/api/v1/pair"  # where a code is exchanged for a token
ANYBODY = Owner(None)  # whoever posts where there are no tokens
_PRIVATE = Prefixes((prefix, True) for prefix in PRIVATE_SENDERS)


class Asked(NamedTuple):
    """What a request says of itself."""

    method: str
    path: str
    hosts: tuple[str, ...]  # every Host header: one, in a request that is well-formed
    client: str  # "" when the server does not know
    origin: str | None = None
    site: str | None = None  # Sec-Fetch-Site
    token: str | None = None


class Rules(NamedTuple):
    """What is configured."""

    host_names: Collection[str] = frozenset()  # in lower case
    tokens: Tokens | None = None  # None: near clients may post
    secret: str = ""  # with which this process reports to itself
    known_later: bool = False  # whoever it is may post: what reads the request knows its clients


def refusal(asked: Asked, rules: Rules) -> Refusal | None:
    """Return why a request is refused, if it is.

    The page's own forms carry their token in the body, so that is checked where it is read.
    """
    if len(asked.hosts) != 1 or not _is_ours(asked.hosts[0], rules.host_names):
        host = ", ".join(asked.hosts)
        return Refusal(421, "refused.host", host=host[:255])
    if asked.method in READING:
        return None
    if asked.site not in (None, "same-origin", "none") or _is_foreign(asked.origin, asked.hosts[0]):
        return Refusal(403, "refused.origin")
    if rules.secret and asked.path == _REPORT and is_own(asked.token, rules.secret):
        return None
    if rules.tokens is not None:
        return _without_right(asked, rules.tokens) if asked.path.startswith("/api/") else None
    if not (rules.known_later or is_near(asked.client)):
        return Refusal(403, "refused.client", client=asked.client or "?")
    return None


def _without_right(asked: Asked, tokens: Tokens) -> Refusal | None:
    if asked.path == _PAIRING:
        return None
    owner = tokens.owner(asked.token or "")
    if owner is None:
        return Refusal(401, "refused.token")
    if owner.device is not None and not _is_report(asked.path):
        return Refusal(403, "refused.bound", owner=owner.device)
    return None


def admits(tokens: Tokens | None, secret: str = "") -> Callable[[Scope], bool]:
    """Return what tells whether a request brings something as good as a user's password.

    That is a pairing code, which is looked at where it is redeemed, or a token for what it is for;
    or the `secret` with which this process reports to itself.
    """

    def admitted(scope: Scope) -> bool:
        path: str = scope["path"]
        token = bearer(Headers(scope=scope))
        if path == _PAIRING or (path == _REPORT and is_own(token, secret)):
            return True
        if tokens is None or token is None or not path.startswith("/api/"):
            return False
        owner = tokens.owner(token)
        return owner is not None and (owner.device is None or _is_report(path))

    return admitted


def is_own(token: str | None, secret: str) -> bool:
    """Whether a request brings the secret of this run."""
    return bool(secret) and hmac.compare_digest((token or "").encode(), secret.encode())


def check_reporter(request: Request, device: str, tokens: Tokens | None) -> Owner:
    """Return who reports by a request of the API.

    Raises Refusal when it may not report for a device.
    """
    return check_token(bearer(request.headers) or "", tokens, device) if tokens else ANYBODY


def check_token(token: str, tokens: Tokens, device: str | None = None) -> Owner:
    """Return whose a token is.

    Raises Refusal unless it may report for a device; without one, unless it may all.
    """
    owner = tokens.owner(token)
    if owner is None:
        raise Refusal(401, "refused.token")
    if device is None and owner.device is not None:
        raise Refusal(403, "refused.bound", owner=owner.device)
    if device is not None and not owner.may_report(device):
        raise Refusal(403, "refused.other", owner=owner.device or "", device=device)
    return owner


def is_near(client: str) -> bool:
    """Tell whether a client is this host or of a private network."""
    return _PRIVATE.look_up(canonical(client) or "") is True


def _is_report(path: str) -> bool:
    return _REPORTS.fullmatch(path) is not None


def _is_ours(host: str, names: Collection[str]) -> bool:
    """Tell whether a Host can only mean us: no stranger's DNS can point another name here."""
    name = _host_name(host)
    if name is None:
        return False
    return (
        name == "localhost"
        or (name.endswith(".local") and name[0] != ".")
        or name in names
        or canonical(name) is not None
    )


def _host_name(host: str) -> str | None:
    """Return the name or address of a Host header, in lower case."""
    if host.startswith("["):
        name, bracket, port = host[1:].partition("]")
        if not bracket or ":" not in name or (port and not port.startswith(":")):
            return None
        port = port[1:]
    else:
        name, _, port = host.partition(":")
    if port and not (port.isascii() and port.isdigit()):
        return None
    return name.lower().removesuffix(".") or None


def _is_foreign(origin: str | None, host: str) -> bool:
    if origin is None:
        return False
    try:
        place = urlsplit(origin).netloc
    except ValueError:
        return True
    return place.lower() != host.lower()


class Guard:
    """The middleware: it asks `refusal`, and puts the headers on every answer."""

    def __init__(
        self,
        app: ASGIApp,
        rules: Rules,
        answer: Callable[[Request, Refusal], Response],
    ) -> None:
        self.app = app
        self.rules = rules
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or leave it to the application."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refused = refusal(_asked(scope), self.rules)
        app = self.app if refused is None else self.answer(Request(scope), refused)
        await app(scope, receive, _with_headers(send))


def _with_headers(send: Send) -> Callable[[Message], Awaitable[None]]:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return answer


def _asked(scope: Scope) -> Asked:
    headers = Headers(scope=scope)
    return Asked(
        method=scope["method"],
        path=scope["path"],
        hosts=tuple(headers.getlist("host")),
        client=scope["client"][0] if scope.get("client") else "",
        origin=headers.get("origin"),
        site=headers.get("sec-fetch-site"),
        token=bearer(headers),
    )


def bearer(headers: Headers) -> str | None:
    """Return the token that a request bears."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
