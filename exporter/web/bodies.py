"""The body of a request, bounded while it is read: whatever Content-Length claims, or hides.

Out come bytes, or the fields of a form; a body that cannot be taken is a `Refusal`.
"""

import asyncio
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from exporter.web.refusals import Refusal

MAX_BODY = 4 * 1024 * 1024  # bytes
MAX_REPORT = 8 * 1024 * 1024  # bytes; 20,000 connections by IPv6, with long names of programs
SECONDS = 30.0  # for all of it: who sends a byte a minute holds a connection, no more
_MAX_FIELDS = 20


async def read(request: Request, most: int = MAX_BODY) -> bytes:
    """Return the body.

    Raises Refusal when it is too large, compressed, too slow or cut off.
    """
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding != "identity":
        raise Refusal(415, "refused.encoding", encoding=encoding[:80])
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > most:
        raise Refusal(413, "refused.size", most=most)
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise Refusal(413, "refused.size", most=most)
    except TimeoutError:
        raise Refusal(408, "refused.slow", seconds=int(SECONDS)) from None
    except ClientDisconnect:
        raise Refusal(400, "refused.cut") from None
    return bytes(body)


def form(body: bytes) -> dict[str, str]:
    """Return the fields of an `application/x-www-form-urlencoded` body; the last of a name counts.

    Raises Refusal when it holds more fields than any of our forms.
    """
    try:
        fields = parse_qsl(
            body.decode("utf-8", "replace"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError as error:
        raise Refusal(400, "refused.form", error=str(error)) from None
    return dict(fields)
