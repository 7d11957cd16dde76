"""What the API answers: suspects of a period, and the explanation of one line, as JSON."""

import asyncio
import math
import sqlite3
from collections.abc import Iterable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from exporter import explanation
from exporter.evidence import Suspect
from exporter.explain import event_fields, explain
from exporter.explanation import Language
from exporter.knowledge import Knowledge
from exporter.service import Service
from exporter.web.overview import HOUR, subject_of
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

    async def suspects(self, request: Request) -> Response:
        """`GET /api/v1/suspects[?seconds=3600]`: who was behind the packets, most packets first."""
        seconds = _seconds(request.query_params.get("seconds", str(HOUR)))
        language = language_of(request, self._service.config.language)

        async def ask() -> bytes:
            found = await suspects(self._service, seconds)
            knowledge = self._service.pipeline.stages.knowledge
            return await asyncio.to_thread(_worded, found, knowledge, seconds, language)

        return _json(await self._worded.get((seconds, language), ask))

    async def explain(self, request: Request) -> Response:
        """`GET /api/v1/explain?line=…`: the same as `knockwatch explain --json`."""
        line = request.query_params.get("line", "").strip("\r\n")
        if not line.strip():
            raise Refusal(400, "refused.line")
        language = language_of(request, self._service.config.language)
        answer = explain(line, self._service.pipeline, self._service.clock(), language)
        body = msgspec.to_builtins(answer)
        if answer.event is not None:
            body["event"] = event_fields(answer.event)
        return _json(msgspec.json.encode(body))


async def suspects(service: Service, seconds: float) -> list[Suspect]:
    """Return all suspects of a period.

    Raises Refusal when the database cannot be read.
    """
    try:
        return await service.suspects(seconds, MOST_SUSPECTS)
    except sqlite3.Error as error:
        raise Refusal(503, "refused.evidence", error=str(error)) from None


def _worded(
    found: Iterable[Suspect], knowledge: Knowledge, seconds: float, language: Language
) -> bytes:
    """Return suspects in words, as JSON; a thousand of them take a while."""
    total, rows = 0, []
    for suspect in found:
        subject = subject_of(suspect, knowledge, seconds)
        row: dict[str, Any] = msgspec.to_builtins(suspect)
        total = row.pop("total")
        row["application"] = subject.application.name if subject.application else None
        row["share"] = round(suspect.packets / total, 4)
        row["summary"] = explanation.summary(subject, language)
        row["certainty"] = explanation.certainty(subject, language)
        row["advice"] = explanation.advice(subject, language)
        rows.append(row)
    return msgspec.json.encode({"seconds": seconds, "packets": total, "suspects": rows})


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
