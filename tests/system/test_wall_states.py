"""The wall never says that all is well when nobody knows: its queries, in promtool's engine."""

import json
import subprocess

import pytest
import yaml

from dashboards import GENERATED
from tests.system.parts.needs import needs
from tests.system.parts.prometheus import binary

pytestmark = needs("promtool")

QUIET, NOTHING_YET, SILENT, LOOK, TROUBLE, NO_DATA = range(6)
UP = ('up{job="knockwatch"}', "1x180")
DOWN = ('up{job="knockwatch"}', "1x170 0x10")
GONE = ('up{job="knockwatch"}', "1x150 stale")
HEARD = ('knockwatch_messages_total{router="r"}', "0+9x180")
NOW = ('knockwatch_router_last_message_timestamp_seconds{router="r"}', "0+60x180")
LONG_AGO = ('knockwatch_router_last_message_timestamp_seconds{router="r"}', "60x180")
RESTARTED = ('knockwatch_router_last_message_timestamp_seconds{router="r"}', "0+60x160 stale")


def alert(name, severity, labels="", state="firing", topic='topic="router",'):
    series = (
        f'ALERTS{{alertname="{name}",alertstate="{state}",severity="{severity}",{topic}{labels}}}'
    )
    return (series, "1x180")


CASES = {
    "all is well": (QUIET, [UP, HEARD, NOW]),
    "only information": (QUIET, [UP, HEARD, NOW, alert("AgentStale", "info")]),
    "an alert that only waits": (QUIET, [UP, HEARD, NOW, alert("X", "critical", state="pending")]),
    "somebody else's alert": (QUIET, [UP, HEARD, NOW, alert("DiskFull", "critical", topic="")]),
    "just restarted": (QUIET, [UP, HEARD, RESTARTED]),
    "no router ever": (NOTHING_YET, [UP]),
    "no line for hours": (SILENT, [UP, HEARD, LONG_AGO]),
    "restarted, and no line since": (SILENT, [UP, HEARD]),
    "a warning": (LOOK, [UP, HEARD, NOW, alert("RouterNatFault", "warning", 'router="r"')]),
    "a warning in silence": (LOOK, [UP, HEARD, LONG_AGO, alert("RouterSilent", "warning")]),
    "both kinds": (TROUBLE, [UP, HEARD, NOW, alert("A", "warning"), alert("B", "critical")]),
    "exporter down": (NO_DATA, [DOWN, HEARD, NOW]),
    "exporter down, alert known": (NO_DATA, [DOWN, HEARD, NOW, alert("ExporterDown", "critical")]),
    "exporter forgotten": (NO_DATA, [GONE, HEARD, NOW]),
    "an empty Prometheus": (NO_DATA, []),
}
SPIKE = alert("RejectionSpike", "warning", 'device="ANNA-PC"', topic='topic="rejections",')
FLOOD = alert("RejectionFlood", "warning", 'device="ANNA-PC"', topic='topic="rejections",')


def query(position):
    wall = json.loads((GENERATED / "en" / "wall.json").read_text("utf-8"))
    return wall["panels"][position]["targets"][0]["expr"]


def told(folder, series, expr, expected):
    """Let promtool compare what a query gives after three hours; return its complaints."""
    test = {
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series],
                "promql_expr_test": [{"expr": expr, "eval_time": "180m", "exp_samples": expected}],
            }
        ],
    }
    file = folder / "test.yml"
    file.write_text(yaml.safe_dump(test))
    argv = [str(binary("promtool")), "test", "rules", str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


@pytest.mark.parametrize("case", CASES)
def test_the_verdict_is(case, tmp_path):
    state, series = CASES[case]
    expected = [{"labels": "{}", "value": state}]
    assert told(tmp_path, series, query(0), expected) == ""


def test_another_verdict_would_be_complained_about(tmp_path):
    _, series = CASES["exporter down"]
    assert told(tmp_path, series, query(0), [{"labels": "{}", "value": QUIET}])


def line(who, what, board):
    return f'{{who="{who}", what="{what}", do="{what}", board="{board}"}}'


@pytest.mark.parametrize(
    ("series", "value", "labels"),
    [
        ([], QUIET, line("–", "Quiet/wall", "network")),
        ([FLOOD], LOOK, line("ANNA-PC", "RejectionFlood/warning", "devices")),
        ([SPIKE, FLOOD], LOOK, line("ANNA-PC", "RejectionFlood/warning", "devices")),
        (
            [alert("RejectionFlood", "critical", topic='topic="rejections",')],
            TROUBLE,
            line("?", "RejectionFlood/critical", "network"),
        ),
        (
            [alert("RouterNatFault", "warning", 'router="r"')],
            LOOK,
            line("r", "RouterNatFault/warning", "routers"),
        ),
        (
            [alert("RulesFailing", "warning", topic='topic="knockwatch",')],
            LOOK,
            line("knockwatch", "RulesFailing/warning", "pipeline"),
        ),
    ],
)
def test_the_table_says_who_and_what_and_where_there_is_more(series, value, labels, tmp_path):
    expected = [{"labels": labels, "value": value}]
    assert told(tmp_path, [UP, HEARD, NOW, *series], query(2), expected) == ""
