"""The fleet: which sites are knocked on, which are silent, and what do they have in common?

Its own question is one that no home can ask: is it the same program, port or network at many sites?
The lower half is about what carries it all: `fleet_parts`.
"""

from typing import Any

from dashboards import FLEET, colours, fleet_parts, fleet_tables, shapes
from dashboards.asking import now, over
from dashboards.fields import column, fixed, heads, mapped, named, navigation, ranks, to_site
from dashboards.fleet_tables import ACT, ATTRIBUTED, CHOSEN, LINES, MOST_ROWS, REJECTED, VERDICTS
from dashboards.frame import framed
from dashboards.panels import ModernDashboard, Variable
from dashboards.queries import label, or_zero, ranked
from dashboards.shapes import at
from dashboards.words import Language, Words, chosen

NOTHING = "–"  # an empty cell would say what an empty table says


def board(language: Language) -> ModernDashboard:
    """Return the dashboard in one language."""
    words = Words(language)
    site = Variable(
        name="site",
        label=words("column.site"),
        query='label_values(knockwatch_messages_total{site!=""}, site)',
        multi=True,
    )
    panels = [
        *_totals(words),
        *_top_sites(words),
        *_over_time(words),
        fleet_tables.sites(words),
        *fleet_tables.programs(words),
        *fleet_tables.in_common(words),
        *fleet_parts.shards(words, 52),
        *fleet_parts.relays(words, 61),
    ]
    links = navigation(words, "fleet", FLEET, page=False)
    return framed("fleet", words, panels, [site], "6h", links=links)


def _totals(words: Words) -> list[Any]:
    needs_care = [(colours.BAR, None), (colours.SERIES[0], 1)]
    known, silent = f"count({LINES % '1h'})", f"count({LINES % '1h'} == 0)"
    return [
        shapes.stat(
            words.panel("fleet.talking"),
            at(0, 0, 4, 4),
            now(
                (or_zero(f"count({LINES % '1h'} > 0)"), words("talking")),
                (or_zero(known), words("known")),
            ),
        ),
        shapes.stat(
            words.panel("fleet.silent"), at(4, 0, 4, 4), now(or_zero(silent)), steps=needs_care
        ),
        shapes.stat(
            words.panel("fleet.packets"),
            at(8, 0, 4, 4),
            now(or_zero(f"sum({REJECTED})")),
            decimals=0,
        ),
        shapes.stat(
            words.panel("fleet.acting"),
            at(12, 0, 4, 4),
            now(or_zero(f"count(sum by (site) ({ACT}) > 0)")),
            steps=[(colours.BAR, None), (colours.TROUBLE, 1)],
        ),
        *fleet_parts.totals(words, 16),
    ]


def _top_sites(words: Words) -> list[Any]:
    firing = f'ALERTS{{alertstate="firing",topic!="",severity=~"critical|warning",{CHOSEN}}}'
    who = f"max by (site, alertname, severity, device, router, shard, instance) ({firing})"
    who = label(label(who, "who", "?"), "site", NOTHING, "site", "")
    for name in ("instance", "shard", "router", "device"):
        text = f"{words('column.shard')} $1" if name == "shard" else "$1"
        who = label(who, "who", text, name, "(.+)")
    shades = {"critical": colours.TROUBLE, "warning": colours.SERIES[0]}
    severity = mapped(words.values("severity"), shades)
    return [
        shapes.bars(
            words.panel("fleet.top_rejected"),
            at(0, 4, 7, 9),
            now((f"topk(10, sum by (site) ({REJECTED}) > 0)", "{{site}}")),
            links=[to_site(words, "__field.labels.site")],
            names="left",
        ),
        shapes.bars(
            words.panel("fleet.top_act"),
            at(7, 4, 7, 9),
            now((f"topk(10, sum by (site) ({ACT}) > 0)", "{{site}}")),
            links=[to_site(words, "__field.labels.site")],
            names="left",
        ),
        shapes.table(
            words.panel("fleet.alerts"),
            at(14, 4, 10, 9),
            now(f"topk({MOST_ROWS}, {who})", table=True),
            heads(words, severity="state", site="site", who="who", alertname="what"),
            overrides=[
                column("severity", mappings=[severity], custom__width=65),
                column("site", links=[to_site(words, "__data.fields.site")], custom__width=100),
                column("who", mappings=[mapped(words.values("who"))], custom__width=115),
                column("alertname", mappings=[mapped(words.every_alert_name())]),
            ],
        ),
    ]


def _over_time(words: Words) -> list[Any]:
    counted = f"knockwatch_rejected_packets_total{{{CHOSEN}}}"
    rank = f"(sum by (site) (increase({counted}[$__range] @ end())) > 0)"
    rate = f"60 * sum by (site) (rate({counted}[$__rate_interval]))"
    rows = ranked(rate, rank, "site", 4)
    legends = [*["{{site}}"] * 4, words("others")]
    verdicts = f"sum by (verdict) (verdict:knockwatch_rejected_packets:increase5m{{{CHOSEN}}})"
    causes = f"sum by (cause) (increase({ATTRIBUTED}{{{CHOSEN}}}[$__range])) > 0"
    return [
        shapes.graph(
            words.panel("fleet.over_time"),
            at(0, 13, 9, 8),
            over(*zip(rows, legends, strict=True)),
            unit=f"suffix:{words('unit.a_minute')}",
            stacked=True,
            overrides=ranks(4, "E"),
        ),
        shapes.graph(
            words.panel("fleet.verdicts"),
            at(9, 13, 9, 8),
            over((verdicts, "{{verdict}}"), every="5m"),
            style="bars",
            stacked=True,
            overrides=[
                column(verdict, displayName=text, color=fixed(VERDICTS[verdict]))
                for verdict, text in words.values("verdict").items()
            ],
        ),
        shapes.bars(
            words.panel("fleet.causes"),
            at(18, 13, 6, 8),
            now((f"topk(5, {causes})", "{{cause}}")),
            overrides=named(words.values("cause")),
        ),
    ]


dashboard = board(chosen())
