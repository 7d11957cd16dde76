"""What a simulated fleet came to, as a table and as figures to compute with."""

from collections import Counter
from collections.abc import Mapping

from tests.bench.tables import Table
from tests.fleet_day.day import Outcome
from tests.fleet_day.plan import Plan

_VERDICTS = ("right", "none", "wrong")


def table(plan: Plan, outcome: Outcome) -> Table:
    """Return what was sent, what became of it, and what it cost."""
    balance, spent = outcome.balance, outcome.spent
    millions = balance.sent / 1e6
    rows = [
        ("lines sent", f"{balance.sent:,.0f}"),
        ("lines counted", f"{balance.counted:,.0f}"),
        ("lines known to be dropped", _dropped(balance.dropped)),
        ("lines missing, or counted twice", f"{balance.missing:,.0f}"),
        (
            "sites and regions of which another number was counted, of lines and packets",
            _numbers(len(balance.wrong), len(balance.wrong_packets)),
        ),
        ("rejected packets told of, counted, decided", _numbers(*balance.packets, balance.decided)),
        ("lines and packets that Prometheus has", _numbers(*outcome.stored)),
        ("counters that it has seen restart", f"{outcome.resets:,.0f}"),
        *_named(outcome.names),
        ("reports", _told(outcome.reports)),
        ("kB of full reports, and of heartbeats", _kilobytes(outcome.posted)),
        *(
            (f"{part}: core seconds a million lines, MB", _cost(*spent[part], millions))
            for part in spent
        ),
        ("bytes of the topic a line", f"{outcome.topic / balance.sent:,.1f}"),
        ("bytes of the changelog a site and second", f"{_changelog(plan, outcome):,.0f}"),
        ("transactions", f"{outcome.transactions:,.0f}"),
        ("series", f"{outcome.series.all:,}"),
        ("seconds of Prometheus for all rules", f"{outcome.rules:.2f}"),
        ("series of a site, of a region in a shard, of a router under it", _series(outcome)),
    ]
    title = f"{plan.sites:,} sites for {outcome.seconds / 60:.0f} minutes"
    return Table(title, ("", "Figure"), rows, _notes(plan, outcome))


def measured(plan: Plan, outcome: Outcome) -> dict[str, float]:
    """Return what `capacity` computes with."""
    millions = outcome.balance.sent / 1e6
    return {
        "relay_core": outcome.spent["relays"].core / millions,
        "line_bytes": outcome.topic / outcome.balance.sent,
        "changelog_bytes": _changelog(plan, outcome),
        "rules_core": outcome.rules / outcome.series.all,
        "site_series": outcome.series.site,
        "subscriber_series": outcome.series.subscriber,
        "site_memory": outcome.grown / plan.sites * 1e3,
    }


def _changelog(plan: Plan, outcome: Outcome) -> float:
    return outcome.changelog / plan.sites / outcome.seconds


def _named(names: Mapping[tuple[str, str], float]) -> list[tuple[str, str]]:
    """A row for each program, and those of nobody."""
    rows = []
    for truth in sorted({truth for truth, _ in names}, reverse=True):
        of = Counter({verdict: n for (whose, verdict), n in names.items() if whose == truth})
        whose = {"": "nobody's", "?": "forged senders'"}.get(truth, truth)
        numbers = ", ".join(f"{of[verdict]:,.0f} {verdict}" for verdict in _VERDICTS)
        untold = f", {of['untold']:,.0f} named" if of["untold"] else ""
        rows.append((f"packets of {whose}: name", f"{numbers}{untold}"))
    return rows


def _numbers(*values: float) -> str:
    return " · ".join(f"{value:,.0f}" for value in values)


def _dropped(dropped: Mapping[str, float]) -> str:
    return ", ".join(f"{n:,.0f} {reason}" for reason, n in dropped.items()) or "0"


def _told(reports: Mapping[str, int]) -> str:
    return ", ".join(f"{n:,} {answer}" for answer, n in sorted(reports.items()))


def _kilobytes(posted: Mapping[str, int]) -> str:
    return " · ".join(f"{posted.get(kind, 0) / 1e3:,.0f}" for kind in ("full", "heartbeat"))


def _cost(core: float, memory: float, millions: float) -> str:
    return f"{core / millions:,.1f} · {memory:,.0f}"


def _series(outcome: Outcome) -> str:
    of = outcome.series
    return f"{of.site:,.0f} · {of.region:,.0f} · {of.subscriber:,.1f}"


def _notes(plan: Plan, outcome: Outcome) -> str:
    happened = ", ".join(f"{what}: {n}" for what, n in sorted(outcome.happened.items()))
    return (
        f"{plan.relays} relays of a provider and {plan.own} of single sites, Kafka of one node,"
        f" {plan.workers} workers at first, {plan.partitions} partitions, Prometheus every"
        f" {plan.scrape}; routers of all dialects on addresses of their own,"
        f" {plan.rate:g} lines a second each on average. Happened: {happened or 'nothing'}."
        f" A router had its turn late by {outcome.late:.1f} s at most."
    )
