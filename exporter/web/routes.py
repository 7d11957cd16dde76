"""All HTTP: which path is answered by whom.

GET /metrics · /-/healthy · /-/ready · /static/…
GET / · /packets · /at · /devices · /explain · /log · /known · /add
GET /api/v1/suspects · /api/v1/decisions · /api/v1/devices · /api/v1/explain
GET /api/v1/unread · /api/v1/doctor · /api/v1/openapi.json
POST /api/v1/reports · /api/v1/sockets/{device} · /api/v1/forget/{device:path} · /api/v1/pair
POST /sockets · /log · /log/forget · /known · /known/withdraw · /add         the page's own forms
"""

from pathlib import Path
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from exporter.access.tokens import Tokens
from exporter.service import Service
from exporter.web import answers, description, rendering
from exporter.web.adding import Adding
from exporter.web.api import Api
from exporter.web.devices import Devices
from exporter.web.forgetting import Forgetting
from exporter.web.guard import Guard, Rules
from exporter.web.knowing import Knowing
from exporter.web.packets import Packets
from exporter.web.page import Page
from exporter.web.refusals import Refusal
from exporter.web.reports import Reports

_STATIC = Path(__file__).with_name("static")


def create(service: Service, tokens: Tokens | None = None) -> Starlette:
    """Return the application. With `tokens` only they may post; without, only near clients."""
    own, rules = _Answers(service), Rules(service.host_names, tokens, service.secret)
    api, reports, page = Api(service), Reports(service, tokens), Page(service, tokens)
    forgetting, knowing = Forgetting(service, tokens), Knowing(service, tokens)
    adding, packets, devices = Adding(service, tokens), Packets(service), Devices(service)
    return Starlette(
        routes=[
            Route("/metrics", own.metrics),
            Route("/-/healthy", answers.healthy),
            Route("/-/ready", own.is_ready),
            Route("/api/v1/suspects", api.suspects),
            Route("/api/v1/decisions", api.decisions),
            Route("/api/v1/devices", devices.api),
            Route("/api/v1/explain", api.explain),
            Route("/api/v1/unread", api.unread),
            Route("/api/v1/doctor", api.doctor),
            Route("/api/v1/openapi.json", description.answer),
            Route("/api/v1/reports", reports.report, methods=["POST"]),
            Route("/api/v1/sockets/{device:path}", reports.sockets, methods=["POST"]),
            Route("/api/v1/forget/{device:path}", forgetting.forget, methods=["POST"]),
            Route("/api/v1/pair", adding.pair, methods=["POST"]),
            Route("/", page.home),
            Route("/packets", packets.list),
            Route("/at", packets.at),
            Route("/devices", devices.page),
            Route("/explain", page.explain),
            Route("/sockets", page.sockets, methods=["POST"]),
            Route("/log", page.log, methods=["POST"]),
            Route("/log", page.kept_log),
            Route("/log/forget", page.forget_log, methods=["POST"]),
            Route("/add", adding.page),
            Route("/add", adding.make, methods=["POST"]),
            Route("/known", knowing.ask),
            Route("/known", knowing.acknowledge, methods=["POST"]),
            Route("/known/withdraw", knowing.withdraw, methods=["POST"]),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        middleware=[Middleware(Guard, rules=rules, answer=own.turned_away)],
        exception_handlers={Refusal: own.refused, HTTPException: own.not_routed},
    )


class _Answers:
    """Everything that is neither the API nor a page."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def metrics(self, request: Request) -> Response:
        """The exposition, in the format and encoding that is asked for."""
        body = await self._service.scrape(request.headers.get("accept", ""))
        return await answers.exposition(request, *body)

    async def is_ready(self, _: Request) -> Response:
        """Everything is open, and lines are taken in."""
        return answers.ready(self._service.ready)

    def turned_away(self, request: Request, refusal: Refusal) -> Response:
        """What the guard does not let in; an agent's reports are counted."""
        if request.url.path == "/api/v1/reports":
            service = self._service
            service.pipeline.stages.metrics.report("refused", service.clock())
        return self.refused(request, refusal)

    def refused(self, request: Request, error: Exception) -> Response:
        """The API's answer is JSON, a person's a page."""
        if request.url.path.startswith("/api/"):
            return answers.refused(request, error)
        language = rendering.language_of(request, self._service.config.language)
        return rendering.failure(request, cast("Refusal", error), language)

    def not_routed(self, request: Request, error: Exception) -> Response:
        """No such path, or no such method on it."""
        failure = cast("HTTPException", error)
        answer = self.refused(request, answers.not_routed(request, failure))
        answer.headers.update(failure.headers or {})
        return answer
