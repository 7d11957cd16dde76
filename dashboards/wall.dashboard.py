"""The wall: is everything all right, and if not, who is it and what is to be done?

Made for a tablet of 1280x800 CSS pixels three metres away: the verdict and the two lines beside it
are what must be read from there; everything else is for whoever walks up to it. No variable is
shown, nothing scrolls, and nothing is green.
"""

from typing import Any

from grafanalib.core import Annotations, TimePicker

from dashboards import colours, shapes
from dashboards.asking import now, over
from dashboards.fields import (
    between,
    but,
    column,
    fixed,
    link,
    mapped,
    query,
    ranks,
    to_device,
    to_page,
)
from dashboards.frame import framed
from dashboards.panels import DATA_SOURCE, Json, ModernDashboard
from dashboards.queries import (
    UP,
    label,
    or_zero,
    page_variable,
    ranked,
    with_application,
    with_network,
)
from dashboards.shapes import at
from dashboards.situation import situation
from dashboards.words import Language, Words, chosen

RANKS = 4
LARGE = (15, 17)  # of name and value in bars
SMALL = {"titleSize": 13, "valueSize": 30}


def board(language: Language) -> ModernDashboard:
    """Return the dashboard in one language."""
    words = Words(language)
    return framed(
        "wall",
        words,
        [*situation(words), *_who(words), _when(words), *_hearing(words), *_freshness(words)],
        [page_variable()],
        "6h",
        links=[],  # nothing but the panels: a tablet shows links as a row of their own
        annotations=Annotations([_alerts(words)]),
        timePicker=TimePicker(refreshIntervals=[], timeOptions=[], hidden=True),
    )


def _who(words: Words) -> list[Any]:
    """Who is behind it: devices, programs, networks of the last quarter of an hour."""
    packets = "increase(knockwatch_attributed_packets_total%s[15m])"
    nobody = words("nobody")
    owned, unowned = packets % '{device!=""}', packets % '{device=""}'
    unknown = or_zero(f"sum({unowned})")
    devices = label(f"sum by (device) ({owned}) > 0", "who", "$1", "device", "(.*)")
    programs = f"sum by (process) ({owned}) > 0"
    named = label(with_application(programs), "program", words("no_program"), "process", "")
    grey = [column(name, color=fixed(colours.NOBODY)) for name in (nobody, words("no_program"))]
    # An override's links are added to the default ones, so there are no default ones.
    links = [
        but(nobody, links=[to_device(words, "__field.labels.device")]),
        column(nobody, links=[to_page(words)]),
    ]
    # One link each: for two Grafana offers a menu, and makes the bars higher than their panel.
    return [
        shapes.bars(
            words.panel("wall.devices"),
            at(0, 5, 8, 7),
            now((f"topk(3, {devices}) or {label(unknown, 'who', nobody)}", "{{who}}")),
            overrides=[*grey, *links],
            size=LARGE,
        ),
        shapes.bars(
            words.panel("wall.programs"),
            at(8, 5, 8, 7),
            now((f"topk(3, {named}) or {label(unknown, 'program', nobody)}", "{{program}}")),
            overrides=grey,
            links=[to_page(words)],
            size=LARGE,
        ),
        _networks(words),
    ]


def _networks(words: Words) -> Any:
    rejected = "increase(knockwatch_rejected_packets_total[15m])"
    networks = with_network(f"sum by (source_asn) ({rejected}) > 0", words)
    nothing = label(f"0 * {UP} unless on () (sum({rejected}) > 0)", "network", words("nothing"))
    return shapes.bars(
        words.panel("wall.networks"),
        at(16, 5, 8, 7),
        now((f"topk(4, {networks}) or {nothing}", "{{network}}")),
        links=[link(words("to_network"), f"/d/{words.uid('network')}")],
        size=LARGE,
    )


def _when(words: Words) -> Any:
    """When it happened, by device; from the recorded series, for a home's server is small."""
    packets = 'subject:knockwatch_rejected_packets:increase5m{subject="device",device%s}'
    known = packets % '!=""'
    rank = f"avg_over_time({known}[6h] @ end()) > 0"
    rows = ranked(known, rank, "device", RANKS)
    legends = [*["{{device}}"] * RANKS, words("others")]
    nobody = (packets % '=""', words("nobody"))
    return shapes.graph(
        words.panel("wall.when"),
        at(0, 12, 10, 8),
        over(*zip(rows, legends, strict=True), nobody, every="5m"),
        style="bars",
        stacked=True,
        overrides=ranks(RANKS + 1, "F"),
        links=[to_device(words, "__field.labels.device"), to_page(words)],
    )


def _hearing(words: Words) -> list[Any]:
    """Whether routers and agents are heard."""
    routers = "knockwatch_router_last_message_timestamp_seconds"
    agents = "knockwatch_device_report_interval_seconds"
    known_routers = f"count(knockwatch_router_expected or on (router) {routers})"
    known_agents = or_zero(f"count(last_over_time({agents}[1d]))")
    steps = [(colours.SERIES[0], None), (colours.BAR, 1)]
    return [
        shapes.stat(
            words.panel("wall.routers"),
            at(10, 16, 3, 4),
            now(
                (or_zero(f"count(time() - {routers} < 1800)"), words("talking")),
                (or_zero(known_routers), words("known")),
            ),
            links=[link(words("to_routers"), f"/d/{words.uid('routers')}")],
            orientation="vertical",
            text=SMALL,
            steps=steps,
        ),
        shapes.stat(
            words.panel("wall.agents"),
            at(13, 16, 4, 4),
            now(
                (or_zero(f"count({agents})"), words("reporting")),
                (f"({known_agents}) and on () {UP}", words("known")),
            ),
            links=[link(words("to_devices"), f"/d/{words.uid('devices')}")],
            orientation="vertical",
            text=SMALL,
            steps=steps,
        ),
    ]


def _freshness(words: Words) -> list[Any]:
    """How old the newest line is, and how much of what came is explained. -1 stands for nothing."""
    attributed = "knockwatch_attributed_packets_total"
    named = f'sum(increase({attributed}{{device!=""}}[1h]))'
    share = f"{named} / (sum(increase({attributed}[1h])) > 0) and on () {UP} or -1 * {UP}"
    newest = "max(knockwatch_router_last_message_timestamp_seconds)"
    late = colours.SERIES[0]
    return [
        shapes.stat(
            words.panel("wall.newest"),
            at(17, 16, 3, 4),
            now(f"floor((time() - {newest}) / 60) or -1 * {UP}"),
            unit=f"suffix:{words('unit.minutes')}",
            steps=[(colours.BAR, None), (late, 10)],
            mappings=[
                mapped({"-1": words("none_yet")}, {"-1": colours.NOBODY}),
                between(None, 0, words("just_now"), colours.BAR),
                between(120, None, words("hours_ago"), late),
            ],
            links=[link(words("to_routers"), f"/d/{words.uid('routers')}")],
        ),
        shapes.stat(
            words.panel("wall.named"),
            at(20, 16, 4, 4),
            now((share, words("named")), ("knockwatch_undecided_packets", words("undecided"))),
            unit="percentunit",
            decimals=0,
            mappings=[mapped({"-1": words("nothing")}, {"-1": colours.NOBODY})],
            overrides=[query("B", unit="locale")],
            links=[link(words("to_devices"), f"/d/{words.uid('devices')}")],
            orientation="vertical",
            text=SMALL,
        ),
    ]


def _alerts(words: Words) -> Json:
    """The alerts as marks over the graph, in words."""
    firing = 'ALERTS{alertstate="firing",topic!="",severity=~"critical|warning"}'
    marks = f"max by (alertname, device, router) ({firing})"
    marks = label(marks, "what", "$1", "alertname", "(.*)")
    for name, what in words.alert_names().items():
        marks = label(marks, "what", what, "alertname", name)
    return {
        "name": words("alerts"),
        "datasource": dict(DATA_SOURCE),
        "enable": True,
        "hide": True,
        "iconColor": colours.LOOK,
        "expr": marks,
        "titleFormat": "{{what}}",
        "textFormat": "{{device}}{{router}}",
        "step": "60s",
    }


dashboard = board(chosen())
