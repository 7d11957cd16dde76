"""Routers and access points: do they speak, are they well, and who joins their Wi-Fi?

Which device is on which access point is not shown: no metric says it yet.
"""

from typing import Any

from dashboards import colours, shapes
from dashboards.asking import now, over
from dashboards.fields import column, heads, mapped, named, ranks, to_page
from dashboards.frame import framed
from dashboards.panels import Json, ModernDashboard, Variable
from dashboards.queries import or_zero, page_variable, ranked
from dashboards.shapes import at
from dashboards.words import Language, Words, chosen

CHOSEN = 'router=~"$router"'
LAST = f"knockwatch_router_last_message_timestamp_seconds{{{CHOSEN}}}"
EVENTS = "knockwatch_router_events_total"
FAULTS = "wan_down|nat_fault|conntrack_full|login_failure|dos_alert|boot"
SILENT_SECONDS = 1800  # as in the rule RouterSilent


def board(language: Language) -> ModernDashboard:
    """Return the dashboard in one language."""
    words = Words(language)
    router = Variable(
        name="router",
        label=words("column.router"),
        query=(
            'label_values({__name__=~"knockwatch_messages_total'
            '|knockwatch_router_expected"}, router)'
        ),
        multi=True,
    )
    panels = [*_totals(words), _routers(words), *_events(words), *_wireless(words), *_speech(words)]
    return framed("routers", words, panels, [page_variable(), router], "24h")


def _totals(words: Words) -> list[Any]:
    known = f"(knockwatch_router_expected{{{CHOSEN}}} or on (router) {LAST})"
    talking = f"(time() - {LAST} < {SILENT_SECONDS})"
    needs_care = [(colours.BAR, None), (colours.SERIES[0], 1)]

    def counted(key: str, x: int, expr: str) -> Any:
        return shapes.stat(
            words.panel(key), at(x, 0, 6, 4), now(or_zero(expr)), steps=needs_care, decimals=0
        )

    faults = f'sum(increase({EVENTS}{{{CHOSEN},event=~"{FAULTS}"}}[$__range]))'
    return [
        shapes.stat(
            words.panel("routers.talking"),
            at(0, 0, 6, 4),
            now(
                (or_zero(f"count{talking}"), words("talking")),
                (or_zero(f"count{known}"), words("known")),
            ),
        ),
        counted("routers.silent", 6, f"count({known} unless on (router) {talking})"),
        counted("routers.faults", 12, faults),
        counted(
            "routers.limited",
            18,
            f"count(knockwatch_router_log_limited{{{CHOSEN}}} > 0"
            f" or on (router) knockwatch_router_source_masked{{{CHOSEN}}} > 0)",
        ),
    ]


def _routers(words: Words) -> Any:
    def gauge(name: str) -> str:
        return f"max by (router) ({name}{{{CHOSEN}}})"

    return shapes.table(
        words.panel("routers.table"),
        at(0, 4, 24, 6),
        now(
            f"max by (router) ({LAST}) * 1000",
            gauge("knockwatch_router_expected"),
            gauge("knockwatch_router_clock_offset_seconds"),
            gauge("knockwatch_input_lag_seconds"),
            gauge("knockwatch_router_source_masked"),
            gauge("knockwatch_router_log_limited"),
            f"sum by (router) (increase(knockwatch_messages_total{{{CHOSEN}}}[$__range]))",
            table=True,
        ),
        {
            "router": words("column.router"),
            "Value #A": words("column.last_line"),
            "Value #B": words("column.expected"),
            "Value #C": words("column.clock"),
            "Value #D": words("column.lag"),
            "Value #E": words("column.masked"),
            "Value #F": words("column.limited"),
            "Value #G": words("column.lines"),
        },
        join="router",
        sort=words("column.last_line"),
        overrides=_spoken(words),
    )


def _spoken(words: Words) -> list[Json]:
    """How the columns of the list of routers are said."""
    yes = mapped(words.values("yes"), {"0": colours.BAR, "1": colours.SERIES[0]})
    seconds = f"suffix:{words('unit.seconds')}"
    return [
        column("router", links=[to_page(words)]),
        column("Value #A", unit="dateTimeAsLocal", custom__width=190),
        column("Value #B", mappings=[mapped(words.values("expected"))]),
        column("Value #C", unit=seconds, decimals=0),
        column("Value #D", unit=seconds, decimals=0),
        column("Value #E", mappings=[yes]),
        column("Value #F", mappings=[yes]),
        column("Value #G", unit="locale", decimals=0),
    ]


def _counted(words: Words) -> list[Json]:
    """How a table of events is said."""
    return [
        column("event", mappings=[mapped(words.values("event"))]),
        column("router", custom__width=110),
        column("Value", unit="locale", decimals=0, custom__width=80),
    ]


def _events(words: Words) -> list[Any]:
    packets = f"increase({EVENTS}{{{CHOSEN}}}[$__range])"
    faults = f'increase({EVENTS}{{{CHOSEN},event=~"{FAULTS}"}}[%s])'
    names = words.values("event")
    return [
        shapes.bars(
            words.panel("routers.events"),
            at(0, 10, 8, 9),
            now((f"topk(6, sum by (event) ({packets}) > 0)", "{{event}}")),
            overrides=named(names),
            links=[to_page(words)],
        ),
        shapes.table(
            words.panel("routers.fault_table"),
            at(8, 10, 8, 9),
            now(f"sum by (router, event) ({faults % '$__range'}) > 0", table=True),
            heads(words, router="router", event="event", Value="times"),
            sort=words("column.times"),
            overrides=_counted(words),
        ),
        shapes.graph(
            words.panel("routers.fault_time"),
            at(16, 10, 8, 9),
            over((f"sum by (event) ({faults % '$__rate_interval'})", "{{event}}"), every="5m"),
            style="bars",
            stacked=True,
            overrides=named({kind: names[kind] for kind in FAULTS.split("|")}, colours.SERIES),
        ),
    ]


def _wireless(words: Words) -> list[Any]:
    rate = f'60 * sum by (router) (rate({EVENTS}{{{CHOSEN},event="%s"}}[$__rate_interval]))'
    stations = f'increase({EVENTS}{{{CHOSEN},event=~"wifi_.*"}}[$__range])'
    names = {kind: text for kind, text in words.values("event").items() if kind[:5] == "wifi_"}
    return [
        shapes.graph(
            words.panel("routers.wifi"),
            at(0, 19, 10, 8),
            over(*((rate % kind, f"{{{{router}}}} · {text}") for kind, text in names.items())),
            unit=f"suffix:{words('unit.a_minute')}",
            overrides=ranks(len(names)),
        ),
        shapes.table(
            words.panel("routers.stations"),
            at(10, 19, 7, 8),
            now(f"topk(20, sum by (router, event) ({stations}) > 0)", table=True),
            heads(words, router="access_point", event="event", Value="times"),
            sort=words("column.times"),
            overrides=_counted(words),
        ),
        shapes.table(
            words.panel("routers.places"),
            at(17, 19, 7, 8),
            now("max by (device, access_point) (knockwatch_device_access_point)", table=True),
            heads(words, device="device", access_point="access_point"),
            sort=words("column.access_point"),
        ),
    ]


def _speech(words: Words) -> list[Any]:
    lines = f"60 * sum by (router) (rate(knockwatch_messages_total{{{CHOSEN}}}[$__rate_interval]))"
    rank = (
        f"(sum by (router) (increase(knockwatch_messages_total{{{CHOSEN}}}[$__range] @ end())) > 0)"
    )
    legends = [*["{{router}}"] * 3, words("others")]

    def state(metric: str) -> list[Any]:
        return over(*zip(ranked(f"max by (router) ({metric}{{{CHOSEN}}})", rank, "router", 3)[:3],
                         legends[:3], strict=True))  # fmt: skip

    seconds = f"suffix:{words('unit.seconds')}"
    return [
        shapes.graph(
            words.panel("routers.lines"),
            at(0, 27, 8, 8),
            over(*zip(ranked(lines, rank, "router", 3), legends, strict=True)),
            unit=f"suffix:{words('unit.a_minute')}",
            stacked=True,
            overrides=ranks(4),
        ),
        shapes.graph(
            words.panel("routers.clock"),
            at(8, 27, 8, 8),
            state("knockwatch_router_clock_offset_seconds"),
            unit=seconds,
            overrides=ranks(3),
            smallest=None,
        ),
        shapes.graph(
            words.panel("routers.lag"),
            at(16, 27, 8, 8),
            state("knockwatch_input_lag_seconds"),
            unit=seconds,
            overrides=ranks(3),
        ),
    ]


dashboard = board(chosen())
