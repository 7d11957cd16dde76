"""HTTP as a relay has it: reports come in, metrics and health go out. There is no page.

A report is answered well once a broker has acknowledged it, or the spool has it: till then its
agent keeps it.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, Protocol, cast

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from exporter import wire
from exporter.access.tokens import Owner, Tokens
from exporter.fleet.heartbeats import Heartbeats
from exporter.fleet.outgoing import Outgoing, Oversize
from exporter.fleet.relay_metrics import RelayMetrics
from exporter.fleet.session import Session
from exporter.fleet.subscribers import OneSite, Place, Subscribers
from exporter.host_report import HostReport
from exporter.hosts.machines import Conflict
from exporter.web import answers, bodies, guard, posted
from exporter.web.guard import Guard, Rules
from exporter.web.refusals import Refusal

SAFE_SECONDS = 4.0  # in which a report has to be safe: an agent waits for 5
RETRY_SECONDS = 10
MOST_DEVICES = 200_000  # that are kept from sending too often


class Ways(NamedTuple):
    """Where reports go, and who is asked about them."""

    places: OneSite | Subscribers
    session: Session
    outgoing: Outgoing
    metrics: RelayMetrics
    clock: Callable[[], float]


class Relay(Protocol):
    """The running relay, as far as HTTP tells of it."""

    ready: bool

    async def exposition(self, accept: str) -> tuple[bytes, str]:
        """Return body and content type."""


def create(
    relay: Relay, ways: Ways, host_names: frozenset[str], tokens: Tokens | None
) -> Starlette:
    """Return the application; see `guard.Rules` for who may post."""
    reports = _Reports(ways, tokens)
    rules = Rules(host_names, tokens, known_later=isinstance(ways.places, Subscribers))

    async def metrics(request: Request) -> Response:
        body = await relay.exposition(request.headers.get("accept", ""))
        return await answers.exposition(request, *body)

    async def is_ready(_: Request) -> Response:
        return answers.ready(relay.ready)

    return Starlette(
        routes=[
            Route("/metrics", metrics),
            Route("/-/healthy", answers.healthy),
            Route("/-/ready", is_ready),
            Route("/api/v1/reports", reports.report, methods=["POST"]),
            Route("/api/v1/sockets/{device:path}", reports.sockets, methods=["POST"]),
        ],
        middleware=[Middleware(Guard, rules=rules, answer=reports.turned_away)],
        exception_handlers={Refusal: _refused, HTTPException: _not_routed},
    )


def admits(places: OneSite | Subscribers, tokens: Tokens | None) -> Callable[[Scope], bool]:
    """Return what tells whether a request brings a token that is as good as a user's password."""
    if not isinstance(places, Subscribers):
        return guard.admits(tokens)

    def admitted(scope: Scope) -> bool:
        token = guard.bearer(Headers(scope=scope))
        posts = scope["path"].startswith("/api/")
        return posts and bool(token) and places.reporter("", token or "") is not None

    return admitted


class _Reports:
    """The posts."""

    def __init__(self, ways: Ways, tokens: Tokens | None) -> None:
        self._ways = ways
        self._tokens = tokens
        self._rates = posted.Rates(MOST_DEVICES)
        self._heartbeats = Heartbeats()

    async def report(self, request: Request) -> Response:
        """`POST /api/v1/reports`: one report of an agent."""
        with self._counting():
            place = self._place(request)
            report, body = await posted.report(request)
            owner = guard.check_reporter(request, report.device, self._tokens)
            await self._pass_on(place, report, body, owner)
        return JSONResponse({"device": report.device, "sockets": len(report.sockets)})

    async def sockets(self, request: Request) -> Response:
        """`POST /api/v1/sockets/{device}`: what netstat and its like print."""
        name = " ".join(request.path_params["device"].split())
        with self._counting():
            place = self._place(request)
            owner = guard.check_reporter(request, name, self._tokens)
            report = await posted.sockets(await bodies.read(request), name)
            await self._pass_on(place, report, wire.encode(report), owner)
        return JSONResponse({"device": report.device, "sockets": len(report.sockets)})

    def turned_away(self, request: Request, refusal: Refusal) -> Response:
        """What the guard does not let in; reports are counted."""
        if request.url.path == "/api/v1/reports":
            self._ways.metrics.report("refused")
        return _refused(request, refusal)

    def _place(self, request: Request) -> Place:
        client = request.client.host if request.client else ""
        place = self._ways.places.reporter(client, guard.bearer(request.headers) or "")
        if place is None:
            raise Refusal(403, "refused.stranger", client=client)
        return place

    async def _pass_on(self, place: Place, report: HostReport, body: bytes, owner: Owner) -> None:
        """Bring a report into safety. Raises Refusal."""
        ways, now = self._ways, self._ways.clock()
        self._rates.check(report.device, now, (place.site, report.device.casefold()))
        try:
            self._heartbeats.check(place.site, report, now)
        except Conflict as error:
            raise Refusal(409, "refused.because", error=error.text) from None
        if ways.outgoing.full():
            raise Refusal(503, "refused.no_room")
        safe = asyncio.get_running_loop().create_future()
        row = ways.session.report(place, now, body, of_itself=not owner.tells_of_others)
        ways.outgoing.add(row, safe)
        try:
            await asyncio.wait_for(safe, SAFE_SECONDS)
        except TimeoutError:
            raise Refusal(503, "refused.no_room") from None
        except Oversize:
            raise Refusal(413, "refused.brokers_size") from None
        self._heartbeats.passed(place.site, report, now)

    @contextmanager
    def _counting(self) -> Iterator[None]:
        try:
            yield
        except Refusal as refusal:
            invalid = refusal.status in (400, 408, 413, 415)
            self._ways.metrics.report("invalid" if invalid else "refused")
            raise
        self._ways.metrics.report("accepted")


def _refused(request: Request, error: Exception) -> Response:
    answer = answers.refused(request, error)
    if answer.status_code == 503:
        answer.headers["retry-after"] = str(RETRY_SECONDS)
    return answer


def _not_routed(request: Request, error: Exception) -> Response:
    failure = cast("HTTPException", error)
    answer = _refused(request, answers.not_routed(request, failure))
    answer.headers.update(failure.headers or {})
    return answer
