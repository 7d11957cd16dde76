"""The network: which of our ports are knocked on, from which networks and countries.

Everything that routers rejected, whoever it was for. Ports and networks are counted together,
countries apart from them, so there is no table of all three.
"""

from typing import Any

from dashboards import colours, shapes
from dashboards.asking import now, over
from dashboards.fields import PAGE, column, heads, link, mapped, named, ranks
from dashboards.frame import framed
from dashboards.panels import ModernDashboard, Variable
from dashboards.queries import label, or_zero, page_variable, ranked, with_network
from dashboards.shapes import at
from dashboards.words import Language, Words, chosen

CHOSEN = 'router=~"$router",direction=~"$direction"'
REJECTED = f"knockwatch_rejected_packets_total{{{CHOSEN}}}"
COUNTRIES = 'knockwatch_rejected_packets_by_country_total{router=~"$router"}'


def board(language: Language) -> ModernDashboard:
    """Return the dashboard in one language."""
    words = Words(language)
    variables = [
        page_variable(),
        Variable(
            name="router",
            label=words("column.router"),
            query="label_values(knockwatch_rejected_packets_total, router)",
            multi=True,
        ),
        Variable(
            name="direction",
            label=words("column.direction"),
            query="label_values(knockwatch_rejected_packets_total, direction)",
            multi=True,
        ),
    ]
    panels = [*_totals(words), *_over_time(words), *_tops(words), *_tables(words)]
    return framed("network", words, panels, variables, "24h")


def _totals(words: Words) -> list[Any]:
    def distinct(metric: str, by: str) -> str:
        return or_zero(f"count(sum by ({by}) (increase({metric}[$__range])) > 0)")

    total = or_zero(f"sum(increase({REJECTED}[$__range]))")
    return [
        shapes.stat(words.panel("network.packets"), at(0, 0, 5, 4), now(total), decimals=0),
        shapes.stat(
            words.panel("network.ports"),
            at(5, 0, 4, 4),
            now(distinct(REJECTED, "destination_port")),
        ),
        shapes.stat(
            words.panel("network.networks"), at(9, 0, 4, 4), now(distinct(REJECTED, "source_asn"))
        ),
        shapes.stat(
            words.panel("network.countries"),
            at(13, 0, 4, 4),
            now(distinct(COUNTRIES, "source_country")),
        ),
        _others(words),
    ]


def _others(words: Words) -> Any:
    """How much lost its name to the label budgets."""

    def share(metric: str, choice: str, label: str) -> str:
        all_of_it = f"sum(increase({metric}{{{choice}}}[$__range]))"
        other = f'sum(increase({metric}{{{choice},{label}="other"}}[$__range]))'
        return or_zero(f"{other} / ({all_of_it} > 0)")

    packets, by_country = "knockwatch_rejected_packets_total", COUNTRIES.partition("{")[0]
    return shapes.stat(
        words.panel("network.other"),
        at(17, 0, 7, 4),
        now(
            (share(packets, CHOSEN, "destination_port"), words("column.port")),
            (share(packets, CHOSEN, "source_asn"), words("column.network")),
            (share(by_country, 'router=~"$router"', "source_country"), words("column.country")),
        ),
        unit="percentunit",
        decimals=0,
        steps=[(colours.BAR, None), (colours.SERIES[0], 0.5)],
    )


def _over_time(words: Words) -> list[Any]:
    a_minute = f"suffix:{words('unit.a_minute')}"

    def rate(by: str) -> str:
        return f"60 * sum by ({by}) (rate({REJECTED}[$__rate_interval]))"

    networks = f"sum by (source_asn) (increase({REJECTED}[$__range] @ end())) > 0"
    rows = ranked(rate("source_asn"), f"({networks})", "source_asn", 4)
    legends = [*["{{network}}"] * 4, words("others")]
    named_rows = [with_network(row, words) for row in rows[:4]]
    return [
        shapes.graph(
            words.panel("network.directions"),
            at(0, 4, 8, 8),
            over((rate("direction"), "{{direction}}")),
            unit=a_minute,
            stacked=True,
            overrides=named(words.values("direction"), colours.SERIES),
        ),
        shapes.graph(
            words.panel("network.transports"),
            at(8, 4, 8, 8),
            over((rate("transport"), "{{transport}}")),
            unit=a_minute,
            stacked=True,
            overrides=named(words.values("transport"), colours.SERIES),
        ),
        shapes.graph(
            words.panel("network.over_time"),
            at(16, 4, 8, 8),
            over(*zip([*named_rows, rows[4]], legends, strict=True)),
            unit=a_minute,
            stacked=True,
            overrides=ranks(5),
        ),
    ]


def _tops(words: Words) -> list[Any]:
    packets = f"increase({REJECTED}[$__range])"
    ports = f"sum by (transport, destination_port) ({packets}) > 0"
    ports = label(ports, "destination_port", words("others"), "destination_port", "other")
    networks = with_network(f"sum by (source_asn) ({packets}) > 0", words)
    kinds = (
        f"sum by (kind) (sum by (source_asn) ({packets}) * on (source_asn) group_left (kind) "
        'topk by (source_asn) (1, knockwatch_network_info{kind!=""})) > 0'
    )
    page = [link(words("to_page"), PAGE)]
    return [
        shapes.bars(
            words.panel("network.top_ports"),
            at(0, 12, 6, 11),
            now((f"topk(10, {ports})", "{{transport}} {{destination_port}}")),
            links=page,
            names="left",
            size=(12, 16),
        ),
        shapes.bars(
            words.panel("network.top_networks"),
            at(6, 12, 6, 11),
            now((f"topk(8, {networks})", "{{network}}")),
            links=page,
        ),
        shapes.bars(
            words.panel("network.top_countries"),
            at(12, 12, 6, 11),
            now((f"topk(10, {_countries(words)})", "{{country}}")),
            links=page,
            names="left",
            size=(12, 16),
        ),
        shapes.bars(
            words.panel("network.kinds"),
            at(18, 12, 6, 11),
            now((f"topk(8, {kinds})", "{{kind}}")),
            overrides=named(words.values("kind")),
            links=page,
        ),
    ]


def _countries(words: Words) -> str:
    """Packets by country, with a label `country` that is never empty."""
    countries = f"sum by (source_country) (increase({COUNTRIES}[$__range])) > 0"
    countries = label(countries, "country", "$1", "source_country", "(.*)")
    countries = label(countries, "country", words("others"), "source_country", "other")
    return label(countries, "country", "?", "source_country", "")


def _tables(words: Words) -> list[Any]:
    packets = f"increase({REJECTED}[$__range])"
    rows = f"topk(50, sum by (direction, transport, destination_port, source_asn) ({packets}) > 0)"
    by_country = f"sum by (router, transport, source_country) (increase({COUNTRIES}[$__range]))"
    countries = f"topk(50, {by_country} > 0)"
    count = column("Value", unit="locale", decimals=0, custom__width=110)
    page = column("network", links=[link(words("to_page"), PAGE)])
    return [
        shapes.table(
            words.panel("network.ports_networks"),
            at(0, 23, 15, 12),
            now(with_network(rows, words), table=True),
            heads(
                words,
                direction="direction",
                transport="transport",
                destination_port="port",
                network="network",
                source_asn="asn",
                Value="packets",
            ),
            sort=words("column.packets"),
            overrides=[*_spoken(words), count, page],
        ),
        shapes.table(
            words.panel("network.by_country"),
            at(15, 23, 9, 12),
            now(countries, table=True),
            heads(
                words,
                source_country="country",
                transport="transport",
                router="router",
                Value="packets",
            ),
            sort=words("column.packets"),
            overrides=[*_spoken(words), count],
        ),
    ]


def _spoken(words: Words) -> list[Any]:
    return [
        column("direction", mappings=[mapped(words.values("direction"))], custom__width=150),
        column("destination_port", mappings=[mapped({"other": words("others")})], custom__width=80),
        column("transport", custom__width=85),
        column("source_asn", custom__width=95),
        column(
            "source_country", mappings=[mapped({"other": words("others"), "": words("unknown")})]
        ),
    ]


dashboard = board(chosen())
