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
    """Return a row of panels: the shards, how far they are behind, what is stored, what waits."""
    done = "sum by (outcome) (increase(knockwatch_transactions_total[$__rate_interval]))"
    shades = [colours.BAR, colours.SERIES[0]]
    return [
        shapes.table(
            words.panel("fleet.shards"),
            at(0, top, 6, 9),
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
            at(6, top, 6, 9),
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
            at(12, top, 6, 9),
            over((done, "{{outcome}}")),
            style="bars",
            stacked=True,
            overrides=named(words.values("transaction"), shades),
        ),
        shapes.graph(
            words.panel("fleet.waiting"),
            at(18, top, 6, 9),
            over((or_zero("sum(knockwatch_relay_spool_bytes)"), words("column.spool"))),
            unit="bytes",
            overrides=[query("A", color=fixed(colours.SERIES[0]))],
        ),
    ]


def relays(words: Words, top: int) -> list[Any]:
    """Return a row of panels: each relay, and what was dropped anywhere."""
    number = {"unit": "locale", "decimals": 0}
    waits = "time() - max by (instance) (knockwatch_relay_oldest_timestamp_seconds)"
    relayed = "sum by (instance) (rate(knockwatch_relayed_messages_total[$__rate_interval]))"
    dropped = f"sum by (instance, shard, listener, reason) (increase({DROPPED}[$__range])) > 0"
    for name in ("instance", "shard"):
        dropped = label(dropped, name, "–", name, "")
    reasons = mapped(words.values("reason") | words.values("fleet_reason"))
    return [
        shapes.table(
            words.panel("fleet.relays"),
            at(0, top, 12, 9),
            now(
                "max by (instance) (knockwatch_relay_spool_bytes)",
                "max by (instance) (knockwatch_relay_spool_records)",
                f"{waits} or on (instance) 0 * max by (instance) (knockwatch_relay_spool_bytes)",
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
                column("Value #A", unit="bytes"),
                column("Value #B", **number),
                column("Value #C", unit="s", decimals=0),
                column("Value #D", **number),
            ],
        ),
        shapes.table(
            words.panel("fleet.dropped"),
            at(12, top, 12, 9),
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
