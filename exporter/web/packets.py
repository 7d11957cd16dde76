"""The pages behind the overview: packets by filter, and what happened at a moment.

In go addresses, which can be kept and sent to somebody; nothing is changed by them.
"""

import sqlite3
import time
from collections.abc import Awaitable
from typing import NamedTuple, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from exporter.evidence import Held, Suspect, sockets, suspects
from exporter.evidence.breakdown import Question, Total, total
from exporter.explanation import Language
from exporter.service import Service
from exporter.web import asking, rendering
from exporter.web.asking import Asked
from exporter.web.culprits import culprits, ranked
from exporter.web.drilldown import Looked, bars, drilldown, look
from exporter.web.periods import PERIODS
from exporter.web.refusals import Refusal
from exporter.web.sharing import Shared
from exporter.web.trends import trend

MOST_SHOWN = 50  # suspects of a moment
WIDTHS = (300, 600, 1800, 3600, 10_800)  # seconds on either side of a moment
_T = TypeVar("_T")


class Moment(NamedTuple):
    """What the database says of the time around a moment."""

    total: Total
    suspects: list[Suspect]
    held: tuple[Held, ...]


class Packets:
    """What was rejected, in detail."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._looked = Shared[tuple[Asked, Looked]](service.clock)
        self._moments = Shared[Moment](service.clock)

    async def list(self, request: Request) -> Response:
        """`GET /packets?device=…&port=…&period=…`: the packets of a question, down to the lines."""
        now, language = self._service.clock(), self._language(request)
        asked = asking.read(request.query_params, now)
        address = str(request.query_params)
        # Both of them are kept: the pages of a list end at the moment that the first was asked at.
        asked, looked = await _readable(self._looked.get(address, lambda: self._look(asked)))
        return rendering.page(
            request,
            "packets.html",
            language,
            view=drilldown(asked, looked, language),
            periods=PERIODS,
            now=now,
        )

    async def at(self, request: Request) -> Response:
        """`GET /at?at=2026-11-24T03:12&around=600`: who was behind it then; without, the form."""
        now, language = self._service.clock(), self._language(request)
        asked = found = None
        query = {name: request.query_params.get(name, "") for name in ("at", "around")}
        if query["at"]:
            asked = asking.read(query, now)
            arguments = (_moment, asked.question, bars(asked))
            found = await _readable(
                self._moments.get(asked.question, lambda: self._service.read_evidence(*arguments))
            )
        knowledge = self._service.pipeline.stages.knowledge
        return rendering.page(
            request,
            "at.html",
            language,
            asked=asked,
            packets=found.total.packets if found else 0,
            trend=trend(found.total.bars) if found else None,
            culprits=culprits(found.suspects if found else (), knowledge, None, language),
            held=found.held if found else (),
            ranked=ranked,
            widths=WIDTHS,
            kept=self._service.config.state.evidence_days * 86_400.0,
            zone=time.strftime("%Z (UTC%z)", time.localtime(now)),
            now=now,
        )

    async def _look(self, asked: Asked) -> tuple[Asked, Looked]:
        arguments = (asked.question, bars(asked), asked.skipped)
        return asked, await self._service.read_evidence(look, *arguments)

    def _language(self, request: Request) -> Language:
        return rendering.language_of(request, self._service.config.language)


async def _readable(answer: Awaitable[_T]) -> _T:
    """Return what the database answers.

    Raises Refusal when it cannot be read.
    """
    try:
        return await answer
    except sqlite3.Error as error:
        raise Refusal(503, "refused.evidence", error=str(error)) from None


def _moment(connection: sqlite3.Connection, question: Question, bars: int) -> Moment:
    since, until = question.since, question.until
    return Moment(
        total(connection, question, bars),
        suspects.between(connection, since, until, MOST_SHOWN),
        sockets.between(connection, since, until),
    )
