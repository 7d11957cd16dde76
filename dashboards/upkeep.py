"""The lower half of the pipeline's dashboard: scrapes, memory, alerts and notifications."""

from typing import Any

from dashboards import colours, shapes
from dashboards.asking import now, over
from dashboards.fields import column, fixed, named, query
from dashboards.queries import or_zero
from dashboards.shapes import at
from dashboards.words import Words

OURS = '{job="knockwatch"}'


def scrapes(words: Words) -> list[Any]:
    """Return how long a scrape takes, how large it is, and what memory it all needs."""
    first, second = (
        query("A", color=fixed(colours.SERIES[0])),
        query("B", color=fixed(colours.SERIES[1])),
    )
    return [
        shapes.graph(
            words.panel("pipeline.scrape_seconds"),
            at(0, 28, 8, 8),
            over(
                (f"max(scrape_duration_seconds{OURS})", words("seen_by_prometheus")),
                ("max(knockwatch_scrape_duration_seconds)", words("seen_by_exporter")),
            ),
            unit="s",
            overrides=[first, second],
        ),
        shapes.graph(
            words.panel("pipeline.samples"),
            at(8, 28, 8, 8),
            over(
                (f"max(scrape_samples_scraped{OURS})", words("samples")),
                ("sum(knockwatch_omitted)", words("omitted")),
            ),
            overrides=[first, second],
        ),
        shapes.graph(
            words.panel("pipeline.memory"),
            at(16, 28, 8, 8),
            over(
                (f"max(process_resident_memory_bytes{OURS})", "exporter"),
                ('max(process_resident_memory_bytes{job="prometheus"})', "prometheus"),
            ),
            unit="bytes",
            overrides=[first, second],
        ),
    ]


def notifications(words: Words) -> list[Any]:
    """Return what fires, what was delivered, and what failed on the way."""
    sent = "sum by (integration) (increase(alertmanager_notifications_total[24h])) > 0"
    failed = "sum by (integration) (increase(alertmanager_notifications_failed_total[24h])) > 0"
    firing = 'count by (severity) (ALERTS{alertstate="firing",topic!=""})'
    severities = [colours.TROUBLE, colours.SERIES[0], colours.SERIES[1], colours.NOBODY]
    return [
        shapes.graph(
            words.panel("pipeline.alerts"),
            at(0, 36, 8, 8),
            over((firing, "{{severity}}")),
            style="bars",
            stacked=True,
            overrides=named(words.values("severity"), severities),
        ),
        shapes.table(
            words.panel("pipeline.notifications"),
            at(8, 36, 8, 8),
            now(sent, failed, table=True),
            {
                "integration": words("column.receiver"),
                "Value #A": words("column.tried"),
                "Value #B": words("column.failed"),
            },
            join="integration",
            overrides=[
                column("Value #A", unit="locale", decimals=0),
                column("Value #B", unit="locale", decimals=0),
            ],
        ),
        _prometheus(words),
    ]


def _prometheus(words: Words) -> Any:
    failures = [
        (or_zero(f"sum(increase({metric}[24h]))"), words(name))
        for metric, name in (
            ("prometheus_rule_evaluation_failures_total", "rules_failed"),
            ("prometheus_notifications_dropped_total", "alerts_dropped"),
            ("prometheus_notifications_errors_total", "alerts_refused"),
        )
    ]
    return shapes.stat(
        words.panel("pipeline.prometheus"),
        at(16, 36, 8, 8),
        now(*failures),
        decimals=0,
        steps=[(colours.BAR, None), (colours.TROUBLE, 1)],
        textMode="value_and_name",
        orientation="horizontal",
    )
