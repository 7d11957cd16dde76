"""The page of a person: what is going on, and the boxes to paste into. It works without scripts.

Results of the boxes are pages of their own, which do not renew themselves. `?hold` keeps the
overview still as well, because a renewal would take along what was typed.
"""

import asyncio
import sqlite3
from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from exporter import explanation, pasted_log
from exporter.events import Socket
from exporter.evidence import Suspect
from exporter.explain import event_fields, explain
from exporter.explanation import Language
from exporter.service import Service
from exporter.tokens import Tokens
from exporter.web import forms, pasted, rendering, reports
from exporter.web.overview import HOUR, culprits, overview, ranked
from exporter.web.refusals import Refusal
from exporter.web.sharing import Shared

RENEW_SECONDS = 30
MOST_SHOWN = 50  # suspects
MOST_PORTS = 200
MOST_NAME = 80  # characters of a log's name


class Page:
    """The overview and the results of its boxes."""

    def __init__(self, service: Service, tokens: Tokens | None) -> None:
        self._service = service
        self._tokens = tokens
        self._logs = pasted.PastedLogs()
        self._suspects = Shared[list[Suspect]](service.clock)

    async def home(self, request: Request) -> Response:
        """`GET /`: the overview."""
        service, language = self._service, self._language(request)
        error, found = "", list[Suspect]()
        try:
            found = await self._suspects.get(HOUR, lambda: service.suspects(HOUR, MOST_SHOWN))
        except sqlite3.Error as unreadable:
            error = str(unreadable)
        now = service.clock()
        view = overview(service.pipeline, found, now, language, service.acknowledged.at(now))
        return rendering.page(
            request,
            "home.html",
            language,
            view=view,
            ranked=ranked,
            error=error,
            renew=None if "hold" in request.query_params else RENEW_SECONDS,
            server=rendering.server_url(request, language),
            host=rendering.reachable(request),
            syslog_port=service.config.listen.syslog_port,
            logs=self._logs.kept(now),
            needs_token=self._tokens is not None,
        )

    async def explain(self, request: Request) -> Response:
        """`GET /explain?line=…`: one line, step by step."""
        language = self._language(request)
        lines = [part for part in request.query_params.get("line", "").splitlines() if part.strip()]
        if not lines:
            raise Refusal(400, "refused.line")
        answer = explain(lines[0], self._service.pipeline, self._service.clock(), language)
        fields = {} if answer.event is None else event_fields(answer.event)
        return rendering.page(
            request,
            "explained.html",
            language,
            answer=answer,
            line=lines[0],
            lines=len(lines),
            fields=fields,
            verdict_word=answer.verdict and explanation.verdict(answer.verdict, language),
        )

    async def sockets(self, request: Request) -> Response:
        """`POST /sockets`: what netstat and its like print, with the name of the device."""
        form = await forms.posted(request, self._tokens, of_device=True)
        device = await reports.paste(self._service, form.get("device", ""), form.get("text", ""))
        sockets = device.report.sockets
        return rendering.page(
            request,
            "read.html",
            self._language(request),
            device=device.name,
            sockets=len(sockets),
            flows=len(device.report.flows),
            udp=sum(socket.transport == "udp" for socket in sockets),
            programs=len({socket.process for socket in sockets} - {None}),
            ports=_udp_ports(sockets)[:MOST_PORTS],
        )

    async def log(self, request: Request) -> Response:
        """`POST /log`: a whole page of a router's log, added to what was pasted of it before."""
        form = await forms.posted(request, self._tokens)
        now = self._service.clock()
        try:
            reader = self._service.pipeline.stages.reader
            read = await asyncio.to_thread(pasted_log.lines, form.get("text", ""), now, reader)
        except pasted_log.TooLongError:
            raise Refusal(400, "counted.long", most=pasted_log.MAX_PASTED) from None
        if not read.lines:
            raise Refusal(400, "counted.nothing")
        name = _log_name(form.get("name", ""))
        before = self._logs.get(name, now)
        known = len(before.lines) if before else 0
        log = await self._logs.add(name, read.lines, now)
        return await self._account(request, log, new=len(log.lines) - known, passed=read.others)

    async def kept_log(self, request: Request) -> Response:
        """`GET /log?name=…`: a log that was pasted before."""
        log = self._logs.get(request.query_params.get("name", ""), self._service.clock())
        if log is None:
            raise Refusal(404, "refused.missing", path=request.url.path)
        return await self._account(request, log)

    async def forget_log(self, request: Request) -> Response:
        """`POST /log/forget`: drop a pasted log."""
        form = await forms.posted(request, self._tokens)
        self._logs.forget(form.get("name", ""))
        language = request.query_params.get("lang")
        kept = f"&lang={language}" if language in ("en", "ja") else ""
        return RedirectResponse(f"/?hold=1{kept}#paste", 303)

    async def _account(
        self,
        request: Request,
        log: pasted.PastedLog,
        *,
        new: int | None = None,
        passed: Iterable[str] = (),
    ) -> Response:
        stages, language = self._service.pipeline.stages, self._language(request)
        account = await self._logs.account(log, stages, self._service.clock())
        return rendering.page(
            request,
            "counted.html",
            language,
            name=log.name,
            new=new,
            passed=list(passed),
            account=account,
            culprits=culprits(account.suspects, stages.knowledge, None, language),
            ranked=ranked,
            needs_token=self._tokens is not None,
        )

    def _language(self, request: Request) -> Language:
        return rendering.language_of(request, self._service.config.language)


def _udp_ports(sockets: Iterable[Socket]) -> list[tuple[int, str]]:
    """Return the open UDP ports and their programs, "" where none is told."""
    udp = (socket for socket in sockets if socket.transport == "udp")
    return sorted({(socket.local_port, socket.process or "") for socket in udp})


def _log_name(text: str) -> str:
    name = "".join(filter(str.isprintable, " ".join(text.split())))
    return name[:MOST_NAME] or "router"
