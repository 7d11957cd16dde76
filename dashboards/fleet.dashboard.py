"""The fleet: which sites are knocked on, which are silent, and what do they have in common?

Its own question is one that no home can ask: is it the same program, port or network at many sites?
The lower half is about what carries it all: `fleet_parts`.
"""

from typing import Any

from dashboards import FLEET, colours, fleet_parts, shapes
from dashboards.asking import now, over
from dashboards.fields import column, fixed, heads, mapped, named, navigation, ranks, to_site
from dashboards.frame import framed
from dashboards.panels import ModernDashboard, Variable
from dashboards.queries import label, or_zero, ranked, with_network
from dashboards.shapes import at
from dashboards.words import Language, Words, chosen

CHOSEN = 'site=~"$site"'
REJECTED = f"increase(knockwatch_rejected_packets_total{{{CHOSEN}}}[$__range])"
ATTRIBUTED = "knockwatch_attributed_packets_total"
NAMED = f'increase({ATTRIBUTED}{{{CHOSEN},device!=""}}[$__range])'
# What a flood or a harmful program is behind, as in the rule of the verdicts.
ACT = (
    f'(increase({ATTRIBUTED}{{{CHOSEN},cause="flood"}}[$__range])'
    f' or (increase({ATTRIBUTED}{{{CHOSEN},cause="p2p"}}[$__range])'
    ' and on (process) knockwatch_process_info{verdict="act"}))'
)
LINES = f"sum by (site) (increase(knockwatch_messages_total{{{CHOSEN}}}[%s]))"
NEWEST = f"max by (site) (knockwatch_router_last_message_timestamp_seconds{{{CHOSEN}}})"
SILENT_SECONDS = 3600  # as in the rule SiteSilent
MOST_ROWS = 100
NOTHING = "–"  # an empty cell would say what an empty table says
VERDICTS = {"benign": colours.BAR, "watch": colours.SERIES[0], "act": colours.TROUBLE}


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
        _sites(words),
        *_programs(words),
        *_in_common(words),
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


def _sites(words: Words) -> Any:
    packets = f"sum by (site) ({REJECTED})"
    decided = f"sum by (site) (increase({ATTRIBUTED}{{{CHOSEN}}}[$__range]))"
    first = f"or on (site) 0 * {packets} and on (site) topk({MOST_ROWS}, {packets})"
    reporting = f"count by (site) (knockwatch_device_report_interval_seconds{{{CHOSEN}}})"
    number = {"unit": "locale", "decimals": 0}
    return shapes.table(
        words.panel("fleet.sites"),
        at(0, 21, 24, 11),
        now(
            f"topk({MOST_ROWS}, {packets})",
            f"sum by (site) ({ACT}) {first}",
            f"sum by (site) ({NAMED}) / ({decided} > 0) {first}",
            f"{reporting} {first}",
            f"{LINES % '$__range'} {first}",
            f"{NEWEST} * 1000 and on (site) topk({MOST_ROWS}, {packets})",
            table=True,
        ),
        {
            "site": words("column.site"),
            "Value #A": words("column.packets"),
            "Value #B": words("column.act"),
            "Value #C": words("column.named"),
            "Value #D": words("column.agents"),
            "Value #E": words("column.lines"),
            "Value #F": words("column.last_line"),
        },
        join="site",
        sort=words("column.packets"),
        overrides=[
            column("site", links=[to_site(words, "__data.fields.site")]),
            column("Value #A", **number),
            column("Value #B", **number),
            column("Value #C", unit="percentunit", decimals=0),
            column("Value #D", **number),
            column("Value #E", **number),
            column("Value #F", unit="dateTimeAsLocal", custom__width=190),
        ],
    )


def _programs(words: Words) -> list[Any]:
    """Programs by the number of sites that have them, and the devices behind most packets."""
    packets = f'increase({ATTRIBUTED}{{{CHOSEN},process!=""}}[$__range])'
    by_site = f"sum by (process, site) ({packets})"
    seen = f"topk(50, count by (process) ({by_site} > 0))"
    most = f"and on (process) {seen}"
    verdict = mapped(words.values("verdict"), VERDICTS)
    info = "topk by (process) (1, knockwatch_process_info)"
    sites = (
        f"({seen}) * on (process) group_left (application, verdict) {info}"
        f" or ({seen}) unless on (process) {info}"
    )
    devices = f"topk(50, sum by (site, device) ({NAMED}) > 0)"
    number = {"unit": "locale", "decimals": 0, "custom__width": 90}
    return [
        shapes.table(
            words.panel("fleet.programs"),
            at(0, 32, 14, 10),
            now(sites, f"sum by (process) ({by_site}) {most}", table=True),
            {
                "process": words("column.program"),
                "application": words("column.application"),
                "verdict": words("column.verdict"),
                "Value #A": words("column.sites"),
                "Value #B": words("column.packets"),
            },
            join="process",
            sort=words("column.sites"),
            overrides=[
                column("verdict", mappings=[verdict], custom__width=130),
                column("Value #A", **number),
                column("Value #B", **number),
            ],
        ),
        shapes.table(
            words.panel("fleet.devices"),
            at(14, 32, 10, 10),
            now(devices, table=True),
            heads(words, site="site", device="device", Value="packets"),
            sort=words("column.packets"),
            overrides=[
                column("site", links=[to_site(words, "__data.fields.site")]),
                column("Value", **number),
            ],
        ),
    ]


def _in_common(words: Words) -> list[Any]:
    """Ports and networks that many sites are knocked on by, and sites that say nothing."""
    knocked = f"sum by (site, transport, destination_port) ({REJECTED}) > 0"
    ports = f"count by (transport, destination_port) ({knocked})"
    ports = label(ports, "destination_port", words("others"), "destination_port", "other")
    networks = f"count by (source_asn) (sum by (site, source_asn) ({REJECTED}) > 0)"
    newest = NEWEST.replace("(site)", "(site, router)")
    silent = f"{newest} * 1000 and on (site, router) (time() - {newest} > {SILENT_SECONDS})"
    return [
        shapes.bars(
            words.panel("fleet.ports"),
            at(0, 42, 7, 10),
            now((f"topk(10, {ports})", "{{transport}} {{destination_port}}")),
            names="left",
            size=(12, 16),
        ),
        shapes.bars(
            words.panel("fleet.networks"),
            at(7, 42, 8, 10),
            now((f"topk(8, {with_network(networks, words)})", "{{network}}")),
        ),
        shapes.table(
            words.panel("fleet.silent_routers"),
            at(15, 42, 9, 10),
            now(f"topk({MOST_ROWS}, {silent})", table=True),
            heads(words, site="site", router="router", Value="last_line"),
            sort=words("column.last_line"),
            overrides=[
                column("site", links=[to_site(words, "__data.fields.site")]),
                column("Value", unit="dateTimeAsLocal", custom__width=190),
            ],
        ),
    ]


dashboard = board(chosen())
