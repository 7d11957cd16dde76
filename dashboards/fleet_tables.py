"""The tables of the fleet's dashboard: its sites, its programs, and what sites have in common."""

from typing import Any

from dashboards import colours, shapes
from dashboards.asking import now
from dashboards.fields import column, heads, mapped, to_site
from dashboards.queries import label, with_network
from dashboards.shapes import at
from dashboards.words import Words

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
VERDICTS = {"benign": colours.BAR, "watch": colours.SERIES[0], "act": colours.TROUBLE}


def sites(words: Words) -> Any:
    """The sites: how much came, what was decided of it, and who is silent."""
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


def programs(words: Words) -> list[Any]:
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


def in_common(words: Words) -> list[Any]:
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
