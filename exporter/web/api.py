"""What the API answers, as JSON: who was behind it, now and then; one line; what is wrong."""

import asyncio
import math
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from exporter import doctor, explanation
from exporter.access.acknowledged import Pair, pair
from exporter.bisection import Found
from exporter.evidence import Held, Suspect, breakdown, sockets
from exporter.explain import as_json, explain
from exporter.explanation import Language
from exporter.knowledge import Knowledge
from exporter.reading.unread import Unread
from exporter.service import Service
from exporter.web import asking, decisions
from exporter.web.bisected import bisected, in_words
from exporter.web.culprits import subject_of
from exporter.web.decisions import rfc3339
from exporter.web.periods import HOUR
from exporter.web.refusals import Refusal
from exporter.web.rendering import language_of
from exporter.web.sharing import Shared

MOST_SECONDS = 366 * 24 * 3600
MOST_SUSPECTS = 1000  # the shares of more are too small to matter; they are of all packets


class Api:
    """The questions of the API."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._worded = Shared[bytes](service.clock)
        self._decided = Shared[bytes](service.clock)

    async def suspects(self, request: Request) -> Response:
        """`GET /api/v1/suspects[?seconds=3600]`: who was behind the packets, most packets first."""
        seconds = _seconds(request.query_params.get("seconds", str(HOUR.seconds)))
        language = language_of(request, self._service.config.language)

        async def ask() -> bytes:
            found = await suspects(self._service, seconds)
            stages = self._service.pipeline.stages
            limited = stages.routers.limited(self._service.clock())
            known = self._service.acknowledged.at(self._service.clock())
            words = (found, limited, stages.knowledge, seconds, language, known)
            now, bisection = self._service.clock(), self._service.pipeline.bisection
            return await asyncio.to_thread(_worded, *words, bisected(bisection, found, now))

        return _json(await self._worded.get((seconds, language), ask))

    async def decisions(self, request: Request) -> Response:
        """`GET /api/v1/decisions?at=2026-11-24T03:12`: what was rejected then, whose, and how so.

        Without a moment it is the last hour; `asking` tells what else can be asked for.
        """
        service, asked = self._service, asking.read(request.query_params, self._service.clock())
        language = language_of(request, service.config.language)

        async def ask() -> bytes:
            try:
                found = await service.read_evidence(_looked, asked)
            except sqlite3.Error as error:
                raise Refusal(503, "refused.evidence", error=str(error)) from None
            words = (service.pipeline.stages.knowledge, language)
            return await asyncio.to_thread(decisions.answer, asked, *found, *words)

        return _json(await self._decided.get((str(request.query_params), language), ask))

    async def explain(self, request: Request) -> Response:
        """`GET /api/v1/explain?line=…`: the same as `knockwatch explain --json`."""
        line = request.query_params.get("line", "").strip("\r\n")
        if not line.strip():
            raise Refusal(400, "refused.line")
        language = language_of(request, self._service.config.language)
        answer = explain(line, self._service.pipeline, self._service.clock(), language)
        return _json(as_json(answer))

    async def unread(self, _: Request) -> Response:
        """`GET /api/v1/unread`: what was not understood since the start, by router, redacted."""
        service = self._service
        now = service.clock()
        known = sorted(service.pipeline.unread.known(), key=lambda one: one.router)
        rows = [_unread(one, now) for one in known]
        return _json(msgspec.json.encode({"since": rfc3339(service.started), "routers": rows}))

    async def doctor(self, request: Request) -> Response:
        """`GET /api/v1/doctor`: the hops of a line's way, and the one thing to do next."""
        language = language_of(request, self._service.config.language)
        condition = self._service.condition()
        found = doctor.findings(condition, language)
        body = {"findings": found, "next": doctor.next_step(found, language)}
        return _json(msgspec.json.encode({**body, "condition": condition}))


async def suspects(service: Service, seconds: float) -> list[Suspect]:
    """Return all suspects of a period.

    Raises Refusal when the database cannot be read.
    """
    try:
        return await service.suspects(seconds, MOST_SUSPECTS)
    except sqlite3.Error as error:
        raise Refusal(503, "refused.evidence", error=str(error)) from None


def _looked(
    connection: sqlite3.Connection, asked: asking.Asked
) -> tuple[breakdown.Total, tuple[breakdown.Row, ...], tuple[Held, ...]]:
    question = asked.question
    held = sockets.between(
        connection,
        question.since,
        question.until,
        device=question.device,
        process=question.process,
        transport=question.transport,
        port=question.our_port,
    )
    total = breakdown.total(connection, question, 1)
    return total, breakdown.rows(connection, question, asked.skipped), held


def _worded(
    found: Iterable[Suspect],
    limited: Collection[str],
    knowledge: Knowledge,
    seconds: float,
    language: Language,
    known: Mapping[Pair, float],
    bisections: Mapping[int, Found],
) -> bytes:
    """Return suspects in words, as JSON; a thousand of them take a while."""
    total, rows = 0, []
    for suspect in found:
        subject = subject_of(suspect, knowledge, seconds, limited)
        row: dict[str, Any] = msgspec.to_builtins(suspect)
        total = row.pop("total")
        found_out = bisections.get(row.pop("number"))
        row["application"] = subject.application.name if subject.application else None
        row["at_least"] = subject.at_least
        row["share"] = round(suspect.packets / total, 4)
        row["headline"] = explanation.headline(subject, language)
        row["summary"] = explanation.summary(subject, language)
        row["certainty"] = explanation.certainty(subject, language)
        step = explanation.next_step(found_out, language) if found_out else ""
        row["advice"] = explanation.advice(subject, language, step)
        row["bisection"] = in_words(found_out, language) if found_out else None
        until = known.get(pair(suspect.device, suspect.process))
        row["acknowledged_until"] = None if until is None else rfc3339(until)
        rows.append(row)
    body = {"seconds": seconds, "packets": total, "at_least": any(r["at_least"] for r in rows)}
    return msgspec.json.encode({**body, "suspects": rows})


def _unread(unread: Unread, now: float) -> dict[str, Any]:
    samples = [
        {**msgspec.structs.asdict(form), "last": rfc3339(form.last)} for form in unread.newest
    ]
    return {
        "router": unread.router,
        "unrecognised": unread.unrecognised,
        "malformed": unread.malformed,
        "no_verdict": unread.no_verdict,
        "last_hour": unread.last_hour(now),
        "not_looked_at": unread.not_looked_at,
        "samples": samples,
    }


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 1 <= seconds <= MOST_SECONDS:  # false for NaN, too
        raise Refusal(400, "refused.seconds", most=MOST_SECONDS, seconds=text[:40])
    return seconds


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
