"""The pipeline: is everything counted, is anything lost, and do notifications work?

The two laws are shown as differences of sums; everywhere else a counter is only seen as a rate or
an increase.
"""

from typing import Any

from dashboards import colours, shapes
from dashboards.asking import now, over
from dashboards.fields import column, fixed, heads, mapped, named, query, ranks, to_page
from dashboards.frame import framed
from dashboards.panels import ModernDashboard
from dashboards.queries import label, or_zero, page_variable, ranked
from dashboards.shapes import at
from dashboards.upkeep import notifications, scrapes
from dashboards.words import Language, Words, chosen

MESSAGES = "knockwatch_messages_total"
DROPPED = "knockwatch_dropped_messages_total"
RIGHT = query("A", color=fixed(colours.SERIES[1]))
WRONG = query("B", color=fixed(colours.SERIES[5]))
UNREAD = f'{MESSAGES}{{outcome=~"unrecognised|malformed"}}'


def board(language: Language) -> ModernDashboard:
    """Return the dashboard in one language."""
    words = Words(language)
    panels = [
        *_health(words),
        *_lines(words),
        *_law(words),
        *_losses(words),
        *_unread(words),
        *scrapes(words),
        *notifications(words),
    ]
    return framed("pipeline", words, panels, [page_variable()], "6h")


def _health(words: Words) -> list[Any]:
    wrong = [(colours.BAR, None), (colours.TROUBLE, 1)]
    targets = 'min by (job) (up{job=~"knockwatch|prometheus|alertmanager"})'

    def counted(key: str, x: int, expr: str) -> Any:
        return shapes.stat(
            words.panel(key), at(x, 0, 4, 4), now(or_zero(expr)), steps=wrong, decimals=0
        )

    unknown = label("vector(0)", "version", "–")
    states = mapped(words.values("up"), {"0": colours.TROUBLE, "1": colours.BAR})
    return [
        shapes.stat(
            words.panel("pipeline.up"),
            at(0, 0, 9, 4),
            now((targets, "{{job}}")),
            unit="none",
            mappings=[states],
            textMode="value_and_name",
        ),
        shapes.stat(
            words.panel("pipeline.version"),
            at(9, 0, 3, 4),
            now((f"knockwatch_build_info or on () {unknown}", "{{version}}")),
            textMode="name",
        ),
        counted("pipeline.lost", 12, f'sum(increase({DROPPED}{{reason!="denied_sender"}}[24h]))'),
        counted("pipeline.state_errors", 16, "sum(increase(knockwatch_state_errors_total[24h]))"),
        counted("pipeline.defects", 20, "sum(increase(knockwatch_internal_errors_total[24h]))"),
    ]


def _lines(words: Words) -> list[Any]:
    rate = "sum(rate(%s[$__rate_interval]))"
    outcomes = f"60 * sum by (outcome) (rate({MESSAGES}[$__rate_interval]))"
    a_minute = f"suffix:{words('unit.a_minute')}"
    return [
        shapes.graph(
            words.panel("pipeline.outcomes"),
            at(0, 4, 8, 8),
            over((outcomes, "{{outcome}}")),
            unit=a_minute,
            stacked=True,
            overrides=named(words.values("outcome"), colours.SERIES),
        ),
        shapes.graph(
            words.panel("pipeline.arrived"),
            at(8, 4, 8, 8),
            over(
                (f"60 * {rate % MESSAGES}", words("law.messages")),
                (f"60 * ({or_zero(rate % DROPPED)})", words("law.dropped")),
            ),
            unit=a_minute,
            stacked=True,
            overrides=[RIGHT, WRONG],
        ),
    ]


def _law(words: Words) -> list[Any]:
    rejected = "sum(knockwatch_rejected_packets_total)"
    attributed = "sum(knockwatch_attributed_packets_total)"
    waits = "sum(knockwatch_undecided_packets)"
    difference = (f"{rejected} - {attributed} - {waits}", words("law.difference"))
    terms = [
        (rejected, words("law.rejected")),
        (attributed, words("law.attributed")),
        (waits, words("undecided")),
    ]
    nothing_else = shapes.thresholds(
        (colours.TROUBLE, None), (colours.BAR, 0), (colours.TROUBLE, 1)
    )
    return [
        shapes.stat(
            words.panel("pipeline.law"),
            at(16, 4, 8, 4),
            now(*terms, difference),
            decimals=0,
            textMode="value_and_name",
            overrides=[query("D", thresholds=nothing_else)],
        ),
        shapes.graph(
            words.panel("pipeline.difference"),
            at(16, 8, 8, 4),
            over((waits, words("undecided")), difference),
            overrides=[RIGHT, WRONG],
            smallest=None,
        ),
    ]


def _losses(words: Words) -> list[Any]:
    listeners = f"sort_desc(sum by (listener, reason) (increase({DROPPED}[$__range])) > 0)"
    folded = "increase(knockwatch_label_overflow_total[$__range])"
    over_budget = f"sort_desc(sum by (metric, label) ({folded}) > 0)"
    spoken = column("reason", mappings=[mapped(words.values("reason"))])
    count = column("Value", unit="locale", decimals=0, custom__width=80)
    return [
        shapes.graph(
            words.panel("pipeline.drops"),
            at(0, 12, 8, 8),
            over((f"60 * sum by (reason) (rate({DROPPED}[$__rate_interval]))", "{{reason}}")),
            unit=f"suffix:{words('unit.a_minute')}",
            stacked=True,
            overrides=named(words.values("reason"), colours.SERIES),
        ),
        shapes.table(
            words.panel("pipeline.drop_table"),
            at(8, 12, 8, 8),
            now(listeners, table=True),
            heads(words, listener="listener", reason="reason", Value="lines"),
            overrides=[column("listener", custom__width=80), spoken, count],
        ),
        shapes.table(
            words.panel("pipeline.overflow"),
            at(16, 12, 8, 8),
            now(over_budget, table=True),
            heads(words, metric="metric", label="label", Value="amount"),
            overrides=[column("label", custom__width=110), count],
        ),
    ]


def _unread(words: Words) -> list[Any]:
    share = (
        f"sum by (router) (rate({UNREAD}[$__rate_interval])) "
        f"/ (sum by (router) (rate({MESSAGES}[$__rate_interval])) > 0)"
    )
    rank = f"(sum by (router) (increase({UNREAD}[$__range] @ end())) > 0)"
    rows = f"topk(50, sum by (router, dialect, outcome) (increase({MESSAGES}[$__range])) > 0)"
    rows = label(rows, "dialect", "–", "dialect")
    reports = "60 * sum by (outcome) (rate(knockwatch_reports_total[$__rate_interval]))"
    return [
        shapes.graph(
            words.panel("pipeline.unread"),
            at(0, 20, 8, 8),
            over(*zip(ranked(share, rank, "router", 4)[:4], ["{{router}}"] * 4, strict=True)),
            unit="percentunit",
            overrides=ranks(4),
        ),
        shapes.table(
            words.panel("pipeline.dialects"),
            at(8, 20, 8, 8),
            now(rows, table=True),
            heads(words, router="router", dialect="dialect", outcome="outcome", Value="lines"),
            sort=words("column.lines"),
            overrides=[
                column("router", links=[to_page(words)]),
                column("outcome", mappings=[mapped(words.values("outcome"))]),
                column("Value", unit="locale", decimals=0, custom__width=110),
            ],
        ),
        shapes.graph(
            words.panel("pipeline.reports"),
            at(16, 20, 8, 8),
            over((reports, "{{outcome}}")),
            unit=f"suffix:{words('unit.a_minute')}",
            stacked=True,
            overrides=named(words.values("report"), colours.SERIES),
        ),
    ]


dashboard = board(chosen())
