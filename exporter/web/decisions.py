"""Decisions of the past as the API tells them: rows and sockets go in, JSON in words comes out."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from exporter import explanation
from exporter.evidence import Held
from exporter.evidence.breakdown import PAGE, Row, Total
from exporter.explanation import Language, Subject
from exporter.knowledge import Knowledge
from exporter.web.asking import Asked


def answer(
    asked: Asked,
    total: Total,
    rows: Iterable[Row],
    held: Iterable[Held],
    knowledge: Knowledge,
    language: Language,
) -> bytes:
    """Return what `GET /api/v1/decisions` answers."""
    return msgspec.json.encode(
        {
            "at": None if asked.at is None else rfc3339(asked.at),
            "since": rfc3339(asked.question.since),
            "until": rfc3339(asked.question.until),
            "packets": total.packets,
            "rows": total.rows,
            "page": asked.page,
            "pages": max(1, -(-total.rows // PAGE)),
            "decisions": [_decision(row, knowledge, language) for row in rows],
            "sockets": [_socket(one) for one in held],
        }
    )


def rfc3339(moment: float) -> str:
    """Return a moment in UTC, whole seconds."""
    written = datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
    return written.replace("+00:00", "Z")


def _decision(row: Row, knowledge: Knowledge, language: Language) -> dict[str, Any]:
    subject = _subject(row, knowledge)
    steps = (*row.reasons, *row.cause_reasons)
    told: dict[str, Any] = msgspec.to_builtins(row)
    told |= {"first": rfc3339(row.first), "last": rfc3339(row.last)}
    told["application"] = subject.application.name if subject.application else None
    told["summary"] = explanation.summary(subject, language)
    told["certainty"] = explanation.certainty(subject, language)
    told["advice"] = explanation.advice(subject, language)
    told["steps"] = [explanation.reason(step, language) for step in steps]
    return told


def _subject(row: Row, knowledge: Knowledge) -> Subject:
    return Subject(
        device=row.device,
        process=row.process,
        evidence=row.evidence,
        confidence=row.confidence,
        cause=row.cause,
        verdict=row.verdict,
        network=row.network,
        direction=row.direction,
        transport=row.transport,
        ports=() if row.our_port is None else (row.our_port,),
        remote_ip=row.remote_ip,
        packets=row.packets,
        total=row.packets,
        application=knowledge.application(row.process, row.transport, row.our_port),
        candidates=row.candidates if row.evidence == "ambiguous" else (),
        reasons=row.reasons,
        cause_reasons=row.cause_reasons,
    )


def _socket(held: Held) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(held)
    return told | {"opened": rfc3339(held.opened), "seen": rfc3339(held.seen)}
