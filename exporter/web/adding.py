"""The page that adds a device: commands for each system, and a code where tokens are needed.

Out come pages with the address under which this server was asked for. A code is exchanged for the
device's own token at `POST /api/v1/pair`, the one post that needs no token.
"""

import msgspec
from loguru import logger
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter import wire
from exporter.access.pairing import LIFETIME, Codes, TooManyTriesError, written
from exporter.access.tokens import Tokens
from exporter.lookalikes import is_clear, look
from exporter.service import Service
from exporter.web import bodies, forms, rendering
from exporter.web.refusals import Refusal

_MOST_BYTES = 4096


class _Wish(msgspec.Struct, frozen=True):
    """The body of `POST /api/v1/pair`."""

    code: str
    device: str


class Adding:
    """The page, the codes, and their exchange."""

    def __init__(self, service: Service, tokens: Tokens | None) -> None:
        self._service = service
        self._tokens = tokens
        self._codes = Codes()

    async def page(self, request: Request) -> Response:
        """`GET /add`: the commands; with tokens a button that makes a code."""
        return self._page(request, None)

    async def make(self, request: Request) -> Response:
        """`POST /add`: the commands with a new code in them."""
        await forms.posted(request, self._tokens)
        if self._tokens is None:
            return self._page(request, None)
        return self._page(request, written(self._codes.make(self._service.clock())))

    async def pair(self, request: Request) -> Response:
        """`POST /api/v1/pair`: a token for a device that has a code."""
        body = await bodies.read(request, _MOST_BYTES)
        try:
            wish = msgspec.json.decode(body, type=_Wish)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Refusal(400, "refused.because", error=f"not a pairing: {error}") from None
        name = " ".join(wish.device.split())
        if not 0 < len(name) <= wire.MAX_TEXT or not is_clear(name) or name.startswith("#"):
            raise Refusal(400, "refused.device", most=wire.MAX_TEXT)
        if self._tokens is None:
            raise Refusal(409, "refused.no_tokens")
        try:
            known = self._codes.redeem(wish.code, self._service.clock())
        except TooManyTriesError:
            raise Refusal(429, "refused.tries") from None
        if not known:
            raise Refusal(403, "refused.code")
        self._check_free(name, self._tokens)
        try:
            token = self._tokens.issue(name)
        except (OSError, ValueError) as error:
            logger.error("a token cannot be stored: {}", error)
            why = f"the token cannot be stored: {error}"
            raise Refusal(503, "refused.because", error=why) from None
        logger.info("a device was paired: {}", name)
        return JSONResponse({"device": name, "token": token})

    def _check_free(self, name: str, tokens: Tokens) -> None:
        """Raise Refusal when a device of that name has a token: who has a code is not yet it."""
        if look(name) in map(look, tokens.devices()):
            logger.warning("a code was good, but {} has a token already", name)
            raise Refusal(409, "refused.has_token", device=name)

    def _page(self, request: Request, code: str | None) -> Response:
        language = rendering.language_of(request, self._service.config.language)
        return rendering.page(
            request,
            "add.html",
            language,
            server=rendering.server_url(request, language),
            here=not rendering.reachable(request),
            code=code,
            minutes=int(LIFETIME // 60),
            needs_token=self._tokens is not None,
        )
