"""What a worker answers over HTTP: GET /metrics · /-/healthy · /-/ready."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.settings import Config
from exporter.web import answers
from exporter.web.guard import Guard, Rules


class Asked(NamedTuple):
    """Who answers."""

    scrape: Callable[[str], Awaitable[tuple[bytes, str]]]  # for an Accept header
    is_ready: Callable[[], bool]


def create(config: Config, asked: Asked) -> Starlette:
    """Return the application. Nobody may post."""

    async def metrics(request: Request) -> Response:
        body, content_type = await asked.scrape(request.headers.get("accept", ""))
        return await answers.exposition(request, body, content_type)

    async def is_ready(_: Request) -> Response:
        return answers.ready(asked.is_ready())

    def not_routed(request: Request, error: Exception) -> Response:
        failure = cast("HTTPException", error)
        return answers.refused(request, answers.not_routed(request, failure))

    names = frozenset(name.lower() for name in config.listen.host_names)
    return Starlette(
        routes=[
            Route("/metrics", metrics),
            Route("/-/healthy", answers.healthy),
            Route("/-/ready", is_ready),
        ],
        middleware=[Middleware(Guard, rules=Rules(names), answer=answers.refused)],
        exception_handlers={HTTPException: not_routed},
    )
