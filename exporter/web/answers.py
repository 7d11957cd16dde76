"""Answers that every server of ours gives in the same words: metrics, health, and no.

In go what there is to say, and the request where it matters how; out come responses.
"""

import asyncio
import gzip
from collections.abc import AsyncIterator
from typing import cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from exporter.web import words
from exporter.web.refusals import Refusal

PIECE = 64 * 1024  # bytes of a body that are sent at once


async def exposition(request: Request, body: bytes, content_type: str) -> Response:
    """An exposition, in the encoding that is asked for; `formats.encode` has chosen its format."""
    headers = {"content-type": content_type, "vary": "Accept, Accept-Encoding"}
    if _takes_gzip(request.headers.get("accept-encoding", "")):
        body = await asyncio.to_thread(gzip.compress, body, 1, mtime=0)
        headers["content-encoding"] = "gzip"
    headers["content-length"] = str(len(body))
    return StreamingResponse(_pieces(body), headers=headers)


async def healthy(_: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("healthy\n")


def ready(is_ready: bool) -> Response:
    """Whether everything is open, and lines are taken in."""
    return PlainTextResponse("ready\n" if is_ready else "not ready\n", 200 if is_ready else 503)


def refused(_: Request, error: Exception) -> JSONResponse:
    """What is refused, as programs read it."""
    refusal = cast("Refusal", error)
    text = words.phrase(refusal.key, "en").format(**refusal.told("en"))
    headers = {"www-authenticate": "Bearer"} if refusal.status == 401 else None
    return JSONResponse({"error": text}, refusal.status, headers)


def not_routed(request: Request, failure: HTTPException) -> Refusal:
    """What is wrong when there is no such path, or no such method on it."""
    if failure.status_code == 405:
        return Refusal(405, "refused.method", method=request.method)
    return Refusal(failure.status_code, "refused.missing", path=request.url.path)


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    """A long body in pieces: the loop has its turn, and what is sent is not copied whole."""
    for start in range(0, len(body), PIECE):
        yield body[start : start + PIECE]
        await asyncio.sleep(0)  # to send only waits for slow readers: it would see nobody hang up


def _takes_gzip(accepted: str) -> bool:
    """Tell whether an Accept-Encoding header takes gzip."""
    for entry in accepted.lower().split(","):
        name, _, weight = entry.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
