"""What the API answers: suspects of a period, and the explanation of one line, as JSON."""

import math
import sqlite3

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from exporter import explanation
from exporter.evidence import Suspect
from exporter.explain import event_fields, explain
from exporter.service import Service
from exporter.web.overview import HOUR, subject_of
from exporter.web.refusals import Refusal
from exporter.web.rendering import language_of

MOST_SECONDS = 366 * 24 * 3600
MOST_SUSPECTS = 10_000  # so that shares are of all packets


class Api:
    """The questions of the API."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def suspects(self, request: Request) -> Response:
        """`GET /api/v1/suspects[?seconds=3600]`: who was behind the packets, most packets first."""
        seconds = _seconds(request.query_params.get("seconds", str(HOUR)))
        language = language_of(request, self._service.config.language)
        found = await suspects(self._service, seconds)
        total = sum(suspect.packets for suspect in found)
        knowledge = self._service.pipeline.stages.knowledge
        rows = []
        for suspect in found:
            subject = subject_of(suspect, total, knowledge, seconds)
            row = msgspec.to_builtins(suspect)
            row["application"] = subject.application.name if subject.application else None
            row["share"] = round(suspect.packets / total, 4)
            row["summary"] = explanation.summary(subject, language)
            row["certainty"] = explanation.certainty(subject, language)
            row["advice"] = explanation.advice(subject, language)
            rows.append(row)
        return _json({"seconds": seconds, "packets": total, "suspects": rows})

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
        return _json(body)


async def suspects(service: Service, seconds: float) -> list[Suspect]:
    """Return all suspects of a period.

    Raises Refusal when the database cannot be read.
    """
    try:
        return await service.suspects(seconds, MOST_SUSPECTS)
    except sqlite3.Error as error:
        raise Refusal(503, "refused.evidence", error=str(error)) from None


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 1 <= seconds <= MOST_SECONDS:  # false for NaN, too
        raise Refusal(400, "refused.seconds", most=MOST_SECONDS, seconds=text[:40])
    return seconds


def _json(body: object) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
