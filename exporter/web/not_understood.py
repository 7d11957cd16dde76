"""What the page says of lines that were not understood: one row a router.

The counters and the newest forms go in, rows come out; templates/unread.html lays them out.
"""

from dataclasses import dataclass

from exporter.metrics import MESSAGES, REJECTED, ROUTER_EVENTS, Metrics
from exporter.reading.unread import Form, UnreadLines


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Messages of one router that were not understood."""

    router: str
    unrecognised: int  # since counting began
    malformed: int
    no_verdict: int  # since the start, as all that follows
    last_hour: int
    not_looked_at: int
    forms: tuple[Form, ...]  # newest first


def has_heard(metrics: Metrics) -> bool:
    """Tell whether any router ever sent anything, also before a restart."""
    return bool(metrics.store.series[MESSAGES.name])


def is_anything_understood(metrics: Metrics) -> bool:
    """Tell whether any line said something: a packet without a verdict says nothing yet."""
    series = metrics.store.series
    told = any(event != "no_verdict" for _, event in series[ROUTER_EVENTS.name])
    ignored = any(outcome == "ignored" for _, _, outcome in series[MESSAGES.name])
    return told or ignored or bool(series[REJECTED.name])


def rows(metrics: Metrics, lines: UnreadLines, now: float) -> tuple[Row, ...]:
    """Return a row for each router that sent anything that was not understood."""
    found = []
    for router, counts in sorted(_outcomes(metrics).items()):
        seen = lines.of(router)
        row = Row(
            router=router,
            unrecognised=counts.get("unrecognised", 0),
            malformed=counts.get("malformed", 0),
            no_verdict=seen.no_verdict,
            last_hour=seen.last_hour(now),
            not_looked_at=seen.not_looked_at,
            forms=tuple(seen.newest),
        )
        if row.unrecognised or row.malformed or row.no_verdict:
            found.append(row)
    return tuple(found)


def _outcomes(metrics: Metrics) -> dict[str, dict[str, int]]:
    """Return the number of messages by router and outcome."""
    counts: dict[str, dict[str, int]] = {}
    for (router, _, outcome), series in metrics.store.series[MESSAGES.name].items():
        of_router = counts.setdefault(router, {})
        of_router[outcome] = of_router.get(outcome, 0) + int(series.value)
    return counts
