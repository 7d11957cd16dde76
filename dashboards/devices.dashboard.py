"""Devices and programs: whose packets were they, how is that known, and why did they come?

`All` holds nobody too; a bandwidth is that of the busiest interface, since a bridge or a VPN
carries the same bytes once more.
"""

from typing import Any

from dashboards import colours, shapes
from dashboards.asking import now, over
from dashboards.fields import column, fixed, heads, mapped, named, query, ranks, to_device, to_page
from dashboards.frame import framed
from dashboards.panels import ModernDashboard, Variable
from dashboards.queries import label, or_zero, page_variable, ranked, with_application
from dashboards.shapes import at
from dashboards.words import Language, Words, chosen

CHOSEN = 'device=~"$device"'
ALL = "knockwatch_attributed_packets_total"
ATTRIBUTED = f"{ALL}{{{CHOSEN}}}"
DECOYS = "knockwatch_attribution_decoys_total"
VERDICTS = {"benign": colours.BAR, "watch": colours.SERIES[0], "act": colours.TROUBLE}


def board(language: Language) -> ModernDashboard:
    """Return the dashboard in one language."""
    words = Words(language)
    device = Variable(
        name="device",
        label=words("column.device"),
        query=(
            'label_values({__name__=~"knockwatch_attributed_packets_total'
            '|knockwatch_device_last_report_timestamp_seconds"}, device)'
        ),
        multi=True,
    )
    panels = [
        *_totals(words),
        *_over_time(words),
        *_reasons(words),
        _programs(words),
        _bandwidth(words),
        _program_bandwidth(words),
        *_hosts(words),
    ]
    return framed("devices", words, panels, [page_variable(), device], "24h")


def _totals(words: Words) -> list[Any]:
    total = f"sum(increase({ATTRIBUTED}[$__range]))"
    known = f'sum(increase({ALL}{{{CHOSEN},device!=""}}[$__range]))'
    several = f'sum(increase({ALL}{{{CHOSEN},evidence="ambiguous"}}[$__range]))'
    naming = f'sum(increase({DECOYS}{{evidence!~"none|ambiguous"}}[$__range]))'
    tried = f"sum(increase({DECOYS}[$__range]))"
    share: dict[str, Any] = {"unit": "percentunit", "decimals": 1}
    return [
        shapes.stat(
            words.panel("devices.packets"), at(0, 0, 6, 4), now(or_zero(total)), decimals=0
        ),
        shapes.stat(
            words.panel("devices.named"),
            at(6, 0, 6, 4),
            now(or_zero(f"{known} / ({total} > 0)")),
            **share,
        ),
        shapes.stat(
            words.panel("devices.ambiguous"),
            at(12, 0, 6, 4),
            now(or_zero(f"{several} / ({total} > 0)")),
            **share,
        ),
        shapes.stat(
            words.panel("devices.decoys"),
            at(18, 0, 6, 4),
            now(or_zero(f"{naming} / ({tried} > 0)")),
            steps=[(colours.BAR, None), (colours.SERIES[0], 0.05)],
            **share,
        ),
    ]


def _over_time(words: Words) -> list[Any]:
    def rate(matcher: str) -> str:
        metric = f"{ALL}{{{CHOSEN},device{matcher}}}"
        return f"60 * sum by (device) (rate({metric}[$__rate_interval]))"

    rank = f'(sum by (device) (increase({ALL}{{{CHOSEN},device!=""}}[$__range] @ end())) > 0)'
    rows = ranked(rate('!=""'), rank, "device", 4)
    legends = [*["{{device}}"] * 4, words("others")]
    a_minute = f"suffix:{words('unit.a_minute')}"
    verdicts = f"sum by (verdict) (verdict:knockwatch_rejected_packets:increase5m{{{CHOSEN}}})"
    overrides = named(words.values("verdict"), list(VERDICTS.values()))
    return [
        shapes.graph(
            words.panel("devices.over_time"),
            at(0, 4, 12, 8),
            over(*zip(rows, legends, strict=True), (rate('=""'), words("nobody"))),
            unit=a_minute,
            stacked=True,
            overrides=ranks(5, "F"),
            links=[to_device(words, "__field.labels.device"), to_page(words)],
        ),
        shapes.graph(
            words.panel("devices.verdicts"),
            at(12, 4, 12, 8),
            over((verdicts, "{{verdict}}"), every="5m"),
            style="bars",
            stacked=True,
            overrides=overrides,
        ),
    ]


def _reasons(words: Words) -> list[Any]:
    packets = f"increase({ATTRIBUTED}[$__range])"

    def share(metric: str) -> str:
        return (
            f"sum by (evidence) (increase({metric}[$__range])) "
            f"/ on () group_left () sum(increase({metric}[$__range]))"
        )

    evidence = named(words.values("evidence"))
    return [
        shapes.bars(
            words.panel("devices.causes"),
            at(0, 12, 8, 12),
            now((f"sort_desc(sum by (cause) ({packets}) > 0)", "{{cause}}")),
            overrides=named(words.values("cause")),
            links=[to_page(words)],
        ),
        shapes.bars(
            words.panel("devices.evidence"),
            at(8, 12, 8, 12),
            now((f"sort_desc(sum by (evidence) ({packets}) > 0)", "{{evidence}}")),
            overrides=evidence,
            links=[to_page(words)],
        ),
        shapes.bars(
            words.panel("devices.decoy_evidence"),
            at(16, 12, 8, 12),
            now((f"sort_desc({share(DECOYS)} > 0)", "{{evidence}}")),
            overrides=evidence,
            unit="percentunit",
            maximum=1,
        ),
    ]


def _programs(words: Words) -> Any:
    rows = (
        "topk(100, sum by (device, process, cause, evidence) "
        f'(increase({ALL}{{{CHOSEN},device!=""}}[$__range])) > 0)'
    )
    info = "topk by (process) (1, knockwatch_process_info)"
    joined = (
        f"({rows}) * on (process) group_left (application, verdict) {info} "
        f"or ({rows}) unless on (process) {info}"
    )
    joined = label(joined, "process", words("no_program"), "process", "")
    links = [to_device(words, "__data.fields.device"), to_page(words)]
    verdict = mapped(words.values("verdict"), VERDICTS)
    return shapes.table(
        words.panel("devices.programs"),
        at(0, 24, 24, 10),
        now(joined, table=True),
        heads(
            words,
            device="device",
            process="program",
            application="application",
            verdict="verdict",
            cause="cause",
            evidence="evidence",
            Value="packets",
        ),
        sort=words("column.packets"),
        overrides=[
            column("device", links=links, custom__width=160),
            column("process", links=links, custom__width=180),
            column("verdict", mappings=[verdict], custom__width=130),
            column("cause", mappings=[mapped(words.values("cause"))], custom__width=195),
            column("evidence", mappings=[mapped(words.values("evidence"))], custom__width=180),
            column("Value", unit="locale", decimals=0, custom__width=100),
        ],
    )


def _bandwidth(words: Words) -> Any:
    busiest = (
        "max by (device) (8 * rate(knockwatch_device_network_bytes_total"
        f'{{{CHOSEN},direction="%s"}}[$__rate_interval]))'
    )
    rank = "(max by (device) (rate(knockwatch_device_network_bytes_total[$__range] @ end())))"
    received = ranked(busiest % "received", rank, "device", 3)[:3]
    sent = ranked(busiest % "sent", rank, "device", 3)[:3]
    dash = {"fill": "dash", "dash": [6, 6]}
    dashed = [
        query(letter, color=fixed(colour), custom__lineStyle=dash)
        for letter, colour in zip("DEF", colours.SERIES, strict=False)
    ]
    return shapes.graph(
        words.panel("devices.bandwidth"),
        at(0, 34, 8, 8),
        over(
            *((expr, "{{device}} ↓") for expr in received),
            *((expr, "{{device}} ↑") for expr in sent),
        ),
        unit="bps",
        overrides=[*ranks(3), *dashed],
    )


def _program_bandwidth(words: Words) -> Any:
    counted = f"knockwatch_process_network_bytes_total{{{CHOSEN}}}"
    rank = f"(sum by (device, process) (increase({counted}[$__range] @ end())) > 0)"
    rate = f"8 * sum by (device, process) (rate({counted}[$__rate_interval]))"
    rows = ranked(rate, rank, "device, process", 4)
    legends = [*["{{process}} · {{device}}"] * 4, words("others")]
    return shapes.graph(
        words.panel("devices.program_bandwidth"),
        at(8, 34, 8, 8),
        over(*zip(rows, legends, strict=True)),
        unit="bps",
        overrides=ranks(4),
        links=[to_device(words, "__field.labels.device"), to_page(words)],
    )


def _hosts(words: Words) -> list[Any]:
    last = f"knockwatch_device_last_report_timestamp_seconds{{{CHOSEN}}}"
    info = f"topk by (device) (1, knockwatch_device_info{{{CHOSEN}}})"
    reports = (
        f"({last} * 1000) * on (device) group_left (os, agent) {info} "
        f"or ({last} * 1000) unless on (device) {info}"
    )
    first = with_application(f"knockwatch_first_seen_timestamp_seconds{{{CHOSEN}}} * 1000")
    moment = column("Value", unit="dateTimeAsLocal", custom__width=190)
    device = column("device", links=[to_device(words, "__data.fields.device"), to_page(words)])
    return [
        shapes.bars(
            words.panel("devices.sockets"),
            at(16, 34, 8, 8),
            now((f"topk(10, knockwatch_device_listening_sockets{{{CHOSEN}}})", "{{device}}")),
            links=[to_device(words, "__field.labels.device")],
            names="left",
        ),
        shapes.table(
            words.panel("devices.first_seen"),
            at(0, 42, 12, 9),
            now(f"topk(50, {first})", table=True),
            heads(words, Value="first_seen", device="device", program="program"),
            sort=words("column.first_seen"),
            overrides=[device, moment],
        ),
        shapes.table(
            words.panel("devices.hosts"),
            at(12, 42, 12, 9),
            now(reports, table=True),
            heads(words, device="device", Value="last_report", os="os", agent="agent"),
            sort=words("column.last_report"),
            overrides=[device, moment],
        ),
    ]


dashboard = board(chosen())
