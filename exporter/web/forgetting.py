"""What is stored of one device, deleted when its owner asks for it.

In goes its name, out comes what was deleted. A device that still reports comes back with its next
report: the answer says so.
"""

import sqlite3

import msgspec
from loguru import logger
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter.access.tokens import Tokens
from exporter.service import Service
from exporter.web.refusals import Refusal
from exporter.wire import MAX_TEXT


class Forgetting:
    """The one post that deletes."""

    def __init__(self, service: Service, tokens: Tokens | None) -> None:
        self._service = service
        self._tokens = tokens

    async def forget(self, request: Request) -> Response:
        """`POST /api/v1/forget/{device}`: evidence, sockets, leases, and the token it was given."""
        name = " ".join(request.path_params["device"].split())
        if not name:  # packets of nobody are stored without one
            raise Refusal(400, "refused.device", most=MAX_TEXT)
        try:
            # The token first, so that the device does not come back meanwhile.
            revoked = 0 if self._tokens is None else self._tokens.revoke(name)
            configured = self._tokens is not None and self._tokens.configured_for(name)
            forgotten = await self._service.forget(name)
        except (sqlite3.Error, OSError, ValueError) as error:
            words = {"device": name, "error": str(error)}
            raise Refusal(503, "refused.half_forgotten", **words) from None
        deleted = {**msgspec.structs.asdict(forgotten), "tokens": revoked}
        if not any(deleted.values()):
            raise Refusal(404, "refused.unknown_device", device=name)
        reported = deleted.pop("reported")
        logger.info("forgot a device on request: {}", deleted)
        may_return = bool(reported) and not (revoked and not configured)
        told = {
            "configured_token": configured,
            "returns_if_it_reports": may_return,
            "set_aside": self._service.set_aside(),
        }
        return JSONResponse({"device": name, "deleted": deleted, **told})
