"""What stands behind the numbers: the packets of one question by device, program, network and port,
and the rows down to the log line.

`look` asks the database, in a thread; `drilldown` puts what it found into words. Both are pure.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from exporter import explanation
from exporter.events import Verdict
from exporter.evidence import breakdown
from exporter.evidence.breakdown import FACETS, PAGE, Facet, Question, Row, Shares, Total
from exporter.explanation import Language
from exporter.metrics.budget import OTHER
from exporter.web import asking, words
from exporter.web.asking import Asked
from exporter.web.trends import Trend, trend

MOMENT_BARS = 40  # of a sparkline around a moment, unless they were shorter than a minute


class Looked(NamedTuple):
    """What the database says."""

    total: Total
    facets: Mapping[Facet, Shares]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crumb:
    """One step of the way here."""

    kind: str  # what it is about; a filter's name
    label: str
    query: Mapping[str, str]  # of the page with this step and those before


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value of a facet."""

    label: str
    query: Mapping[str, str]  # empty where nothing can be asked
    packets: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetView:
    """By what the packets can be told apart."""

    name: str
    values: tuple[Value, ...]
    more: int  # values that are not shown
    without: Mapping[str, str] | None  # the query without it; None where it is no filter


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """One row in words."""

    first: float
    last: float
    outgoing: bool
    remote: str
    network: str
    port: str  # "51413/udp"
    device: str
    process: str
    evidence: str
    confidence: float
    cause: str
    verdict: Verdict
    verdict_word: str
    packets: int
    router: str
    line: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilldown:
    """All that the page shows."""

    asked: Asked
    packets: int
    trend: Trend | None
    crumbs: tuple[Crumb, ...]
    facets: tuple[FacetView, ...]
    rows: tuple[RowView, ...]
    number: int  # of rows, on all pages
    pages: int


def look(connection: sqlite3.Connection, question: Question, bars: int, skipped: int) -> Looked:
    """Ask for everything; what is asked for has one value. Raises sqlite3.Error."""
    open_facets = [f for f in FACETS if getattr(question, asking.COLUMNS[f]) is None]
    return Looked(
        breakdown.total(connection, question, bars),
        {facet: breakdown.shares(connection, question, facet) for facet in open_facets},
        breakdown.rows(connection, question, skipped),
    )


def bars(asked: Asked) -> int:
    """Return the parts in which a sparkline draws the time that is asked for."""
    if asked.period is not None:
        return asked.period.bars
    minutes = (asked.question.until - asked.question.since) // 60
    return int(max(2, min(MOMENT_BARS, minutes)))


def drilldown(asked: Asked, looked: Looked, language: Language) -> Drilldown:
    """Return what there is to show."""
    total = looked.total
    crumbs = _crumbs(asked.filters, looked.rows, language)
    chosen = {crumb.kind: crumb.label for crumb in crumbs}
    return Drilldown(
        asked=asked,
        packets=total.packets,
        trend=trend(total.bars),
        crumbs=crumbs,
        facets=tuple(
            _facet(name, looked.facets[name], asked.filters, total.packets, language)
            if name in looked.facets
            else _chosen(name, chosen[name], asked.filters, total.packets)
            for name in FACETS
        ),
        rows=tuple(_row(row, language) for row in looked.rows),
        number=total.rows,
        pages=min(asking.MOST_PAGES, max(1, -(-total.rows // PAGE))),
    )


def _crumbs(
    filters: Mapping[str, str], rows: Sequence[Row], language: Language
) -> tuple[Crumb, ...]:
    crumbs, query = [], dict[str, str]()
    for name, value in filters.items():
        query[name] = value
        label = _label(name, value, language)
        if name == "network" and rows:  # all of them are of that network, and know its name
            label = explanation.network(rows[0].network, language)
        crumbs.append(Crumb(kind=asking.kind(name), label=label, query=dict(query)))
    return tuple(crumbs)


def _chosen(name: Facet, label: str, filters: Mapping[str, str], packets: int) -> FacetView:
    """Return a facet of which one value is asked for."""
    return FacetView(
        name=name,
        values=(Value(label=label, query={}, packets=packets, share=1.0),),
        more=0,
        without=asking.without(filters, name),
    )


def _facet(
    name: Facet,
    shares: Shares,
    filters: Mapping[str, str],
    packets: int,
    language: Language,
) -> FacetView:
    values = []
    for share in shares.values:
        more = asking.filters_of(name, share.value, share.transport)
        if share.network is not None and name == "network":
            label = explanation.network(share.network, language)
        elif name == "port":
            label = _port(share.value, share.transport) or words.phrase("port.none", language)
        else:
            label = _label(*next(iter(more.items()), (name, "")), language)
        query = {**filters, **more} if more else {}
        part = share.packets / packets if packets else 0.0
        values.append(Value(label=label, query=query, packets=share.packets, share=part))
    return FacetView(
        name=name,
        values=tuple(values),
        more=shares.number - len(values),
        without=None,
    )


def _label(name: str, value: str, language: Language) -> str:
    """Return the words for one value of a filter."""
    match name:
        case "nobody":
            return words.phrase("nobody", language)
        case "unnamed":
            return words.phrase("unknown_program", language)
        case "remote" if not value:
            return words.phrase("remote.none", language)
        case "router" if value == OTHER:
            return words.phrase("router.other", language)
        case "cause":
            return explanation.cause(value, language)  # type: ignore[arg-type]
        case "direction":
            return explanation.direction(value, language)  # type: ignore[arg-type]
        case "transport":
            return value.upper()
        case _:
            return value


def _port(port: object, transport: str) -> str:
    return "/".join(str(part) for part in (port, transport) if part not in (None, ""))


def _row(row: Row, language: Language) -> RowView:
    reasons: Sequence[str] = [
        explanation.reason(reason, language) for reason in (*row.reasons, *row.cause_reasons)
    ]
    return RowView(
        first=row.first,
        last=row.last,
        outgoing=row.direction != "inbound",
        remote=row.remote_ip,
        network=explanation.network(row.network, language),
        port=_port(row.our_port, row.transport),
        device=row.device,
        process=row.process,
        evidence=explanation.evidence(row.evidence, language),
        confidence=row.confidence,
        cause=explanation.cause(row.cause, language),
        verdict=row.verdict,
        verdict_word=explanation.verdict(row.verdict, language),
        packets=row.packets,
        router=_label("router", row.router, language),
        line=row.line,
        reasons=tuple(dict.fromkeys(reasons)),
    )
