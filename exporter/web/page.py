"""The page of a person: what is going on, and the boxes to paste into. It works without scripts.

It renews itself only where that is asked for (`?renew=1`, a tablet on the wall): whoever reads it
with a screen reader or by keyboard would lose the place each time, and what was typed. Elsewhere
the sheet says after two minutes that what is shown is old, without any script.
"""

import asyncio
import sqlite3
from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from exporter import doctor, explanation, pasted_log
from exporter.access.tokens import Tokens
from exporter.evidence import Suspect
from exporter.evidence.breakdown import Bars, Question, shares, trends
from exporter.explain import event_fields, explain
from exporter.explanation import Language
from exporter.host_report import Socket
from exporter.service import Service
from exporter.web import forms, pasted, rendering, reports
from exporter.web.culprits import culprits, ranked
from exporter.web.overview import overview
from exporter.web.periods import HOUR, OVERVIEW, Period, chosen
from exporter.web.refusals import Refusal
from exporter.web.sharing import Shared

RENEW_SECONDS = 30
MOST_SHOWN = 50  # suspects
MOST_PORTS = 200
MOST_KNOCKED = 1000  # ports
MOST_NAME = 80  # characters of a log's name


class Page:
    """The overview and the results of its boxes."""

    def __init__(self, service: Service, tokens: Tokens | None) -> None:
        self._service = service
        self._tokens = tokens
        self._logs = pasted.PastedLogs()
        self._found = Shared[tuple[list[Suspect], dict[int | None, Bars]]](service.clock)

    async def home(self, request: Request) -> Response:
        """`GET /[?period=day]`: the overview."""
        service, language = self._service, self._language(request)
        period = chosen(request.query_params.get("period"), OVERVIEW)
        error, found, bars = "", list[Suspect](), dict[int | None, Bars]()
        try:
            found, bars = await self._found.get(period, lambda: self._look(period))
        except sqlite3.Error as unreadable:
            error = str(unreadable)
        now = service.clock()
        known = service.acknowledged.at(now)
        view = overview(service.pipeline, found, now, language, known, period=period, bars=bars)
        stuck = doctor.findings(service.condition(), language) if view.lacks_data else ()
        return rendering.page(
            request,
            "home.html",
            language,
            view=view,
            ranked=ranked,
            periods=OVERVIEW,
            findings=stuck,
            next_step=doctor.next_step(stuck, language),
            error=error,
            renew=RENEW_SECONDS if request.query_params.get("renew") else None,
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
        form, owner = await forms.reported(request, self._tokens)
        pasted_text = (form.get("device", ""), form.get("text", ""))
        if form.get("look"):
            report = await reports.read(self._service, *pasted_text)
        else:
            report = (await reports.paste(self._service, *pasted_text, owner)).report
        sockets = report.sockets
        return rendering.page(
            request,
            "read.html",
            self._language(request),
            device=report.device,
            kept=not form.get("look"),
            knocked=await self._knocked(),
            sockets=len(sockets),
            flows=len(report.flows),
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
        kept = f"?lang={language}" if language in ("en", "ja") else ""
        return RedirectResponse(f"/{kept}#paste", 303)

    async def _look(self, period: Period) -> tuple[list[Suspect], dict[int | None, Bars]]:
        """Who was behind it, and when; a moment may lie between the two answers."""
        found = await self._service.suspects(period.seconds, MOST_SHOWN)
        now = self._service.clock()
        question = Question(since=now - period.seconds, until=now)
        numbers = [suspect.number for suspect in found]
        bars = await self._service.read_evidence(trends, question, numbers, period.bars)
        return found, bars

    async def _knocked(self) -> dict[str | int | None, int]:
        """How many packets were refused for each UDP port in the last hour."""
        now = self._service.clock()
        question = Question(since=now - HOUR.seconds, until=now, transport="udp")
        try:
            found = await self._service.read_evidence(shares, question, "port", MOST_KNOCKED)
        except sqlite3.Error:
            return {}
        return {share.value: share.packets for share in found.values}

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
