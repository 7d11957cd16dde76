"""The lower half of the fleet's dashboard: what carries a fleet, its workers' shards and relays."""

from typing import Any

from dashboards import colours, shapes
from dashboards.asking import now, over
from dashboards.fields import column, fixed, heads, mapped, named, query
from dashboards.queries import label, or_zero
from dashboards.shapes import at
from dashboards.words import Words

LAG = "shard:knockwatch_shard_lag:seconds"
DROPPED = "knockwatch_dropped_messages_total"
SITES = "max by (shard) (knockwatch_shard_sites)"
BEHIND = f"({LAG} or on (shard) 0 * {SITES})"


def totals(words: Words, left: int) -> list[Any]:
    """Return how far workers are behind, and what waits at the relays: eight columns of the top."""
    late = [(colours.BAR, None), (colours.SERIES[0], 60), (colours.TROUBLE, 600)]
    waits = [(colours.BAR, None), (colours.SERIES[0], 1)]
    return [
        shapes.stat(
            words.panel("fleet.lag"),
            at(left, 0, 4, 4),
            now(or_zero(f"max({LAG})")),
            unit="s",
            decimals=0,
            steps=late,
        ),
        shapes.stat(
            words.panel("fleet.spool"),
            at(left + 4, 0, 4, 4),
            now(or_zero("sum(knockwatch_relay_spool_bytes)")),
            unit="bytes",
            steps=waits,
        ),
    ]


def shards(words: Words, top: int) -> list[Any]:
    """Return three panels: who has which shard, how far each is behind, what is committed."""
    done = "sum by (outcome) (increase(knockwatch_transactions_total[$__rate_interval]))"
    shades = [colours.BAR, colours.SERIES[0]]
    return [
        shapes.table(
            words.panel("fleet.shards"),
            at(0, top, 8, 9),
            now(SITES, "max by (shard) (knockwatch_shard_lag_records)", BEHIND, table=True),
            {
                "shard": words("column.shard"),
                "Value #A": words("column.sites"),
                "Value #B": words("column.unread"),
                "Value #C": words("column.behind"),
            },
            join="shard",
            overrides=[
                column("Value #A", unit="locale"),
                column("Value #B", unit="locale"),
                column("Value #C", unit="s", decimals=0),
            ],
        ),
        shapes.graph(
            words.panel("fleet.behind"),
            at(8, top, 8, 9),
            over(
                (or_zero(f"max({LAG})"), words("worst_shard")),
                (or_zero(f"avg({BEHIND})"), words("mean_shard")),
            ),
            unit="s",
            overrides=[
                query("A", color=fixed(colours.SERIES[0])),
                query("B", color=fixed(colours.SERIES[1])),
            ],
        ),
        shapes.graph(
            words.panel("fleet.transactions"),
            at(16, top, 8, 9),
            over((done, "{{outcome}}")),
            style="bars",
            stacked=True,
            overrides=named(words.values("transaction"), shades),
        ),
    ]


def relays(words: Words, top: int) -> list[Any]:
    """Return three panels: each relay, what they hold, what was dropped anywhere."""
    number = {"unit": "locale", "decimals": 0}
    relayed = "sum by (instance) (rate(knockwatch_relayed_messages_total[$__rate_interval]))"
    dropped = f"sum by (instance, shard, listener, reason) (increase({DROPPED}[$__range])) > 0"
    for name in ("instance", "shard"):
        dropped = label(dropped, name, "–", name, "")
    reasons = mapped(words.values("reason") | words.values("fleet_reason"))
    return [
        shapes.table(
            words.panel("fleet.relays"),
            at(0, top, 9, 9),
            now(
                "max by (instance) (knockwatch_relay_spool_bytes)",
                "max by (instance) (knockwatch_relay_spool_records)",
                "max by (instance) (knockwatch_relay_oldest_timestamp_seconds > 0) * 1000",
                f"60 * {relayed}",
                table=True,
            ),
            {
                "instance": words("column.relay"),
                "Value #A": words("column.spool"),
                "Value #B": words("column.records"),
                "Value #C": words("column.oldest"),
                "Value #D": words("column.relayed"),
            },
            join="instance",
            sort=words("column.spool"),
            overrides=[
                column("Value #A", unit="bytes", custom__width=75),
                column("Value #B", **number, custom__width=70),
                column("Value #C", unit="dateTimeAsLocal", custom__width=165),
                column("Value #D", **number, custom__width=75),
            ],
        ),
        shapes.graph(
            words.panel("fleet.waiting"),
            at(9, top, 5, 9),
            over((or_zero("sum(knockwatch_relay_spool_bytes)"), words("column.spool"))),
            unit="bytes",
            overrides=[query("A", color=fixed(colours.SERIES[0]))],
        ),
        shapes.table(
            words.panel("fleet.dropped"),
            at(14, top, 10, 9),
            now(f"topk(50, {dropped})", table=True),
            heads(
                words,
                instance="place",
                shard="shard",
                listener="listener",
                reason="reason",
                Value="times",
            ),
            sort=words("column.times"),
            overrides=[
                column("instance", custom__width=130),
                column("shard", custom__width=65),
                column("listener", custom__width=80),
                column("reason", mappings=[reasons]),
                column("Value", **number, custom__width=80),
            ],
        ),
    ]
