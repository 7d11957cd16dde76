"""The pasts hold what they claim, and what the project's own rules make of it."""

import re
from datetime import UTC, datetime
from pathlib import Path

from exporter.metrics.declared import ALL
from tests.system.parts import own, pasts, shown
from tests.system.parts.alertmanager import alertmanager
from tests.system.parts.needs import needs
from tests.system.parts.process import until
from tests.system.parts.prompast import CONFIG, Server, remembering
from tests.system.parts.rules import EXTERNAL, NAME, RULES, Rule, alerts, in_order, phases, rules
from tests.system.parts.web import get

pytestmark = needs("prometheus", "promtool", "alertmanager")


def test_every_metric_has_a_past(homes):
    server, now = homes["trouble"].server, f"{homes['trouble'].now}"
    names = {metric.name for metric in ALL} - shown.ABSENT | own.NAMES
    answers = {name: server.ask("query", query=name, time=now)["data"]["result"] for name in names}
    assert [name for name, result in answers.items() if not result] == []


def test_prometheus_and_alertmanager_call_their_own_metrics_so(tmp_path):
    names = own.NAMES - {"up"} - own.OF_SCRAPES.keys()
    with alertmanager(tmp_path, {}) as told:
        target = told.url.removeprefix("http://")
        config = f"{ruling(tmp_path)}alerting:\n  alertmanagers:\n"
        config += f"    - static_configs: [{{targets: ['{target}']}}]\n"
        with remembering(tmp_path / "server", (), config) as server:

            def unknown() -> set[str]:
                exposed = get(f"{server.url}/metrics").text + get(f"{told.url}/metrics").text
                return {name for name in names if f"# TYPE {name} " not in exposed}

            # Those about an Alertmanager appear once it is found.
            until(lambda: unknown() == set(), "known metrics")


def test_prometheus_raises_the_same_alerts_from_the_same_rules(lived, tmp_path):
    """The past's alerts are worked out by `parts/rules`: here Prometheus does it itself."""
    past = lived["trouble"]
    config = ruling(tmp_path)
    with remembering(tmp_path / "server", past.blocks, config) as server:
        pasts.go_on("trouble", past, server, round(datetime.now(UTC).timestamp()) + 120)

        def same() -> bool:
            found = raised(server)
            names = {dict(labels)["alertname"] for labels in found}
            # The rules that others build on come first: in between nothing is raised by either.
            return names > {"RejectionFlood", "Watchdog"} and found == expected(server)

        until(same, "the same alerts", seconds=90)


def test_an_alert_is_pending_for_its_time_and_kept_for_its_time():
    rule = Rule("Test", "1", alert=True, labels={}, interval=60, hold=120, keep=120)
    assert phases(rule, [0, 60, 120, 180, 600], 1000, 60) == [
        *((0, "pending"), (60, "pending"), (120, "firing"), (180, "firing")),
        *((240, "firing"), (300, "firing"), (600, "pending")),
    ]


def test_rules_are_lived_through_after_those_that_they_build_on():
    order = [rule.name for step in in_order(rules()) for rule in step]
    for rule in rules():
        for used in set(NAME.findall(rule.expr)) & set(order) - {rule.name}:
            assert rule.alert or order.index(used) < order.index(rule.name)


def ruling(folder: Path) -> str:
    """A configuration with the project's rules, all of them evaluated each second."""
    copies = folder / "rules"
    copies.mkdir()
    for file in RULES.glob("*.yml"):
        text = re.sub(r"(?m)^( +)interval: .*$", r"\1interval: 1s", file.read_text("utf-8"))
        (copies / file.name).write_text(text)
    external = "".join(f"    {label}: {value}\n" for label, value in EXTERNAL.items())
    times = "  evaluation_interval: 1s\n"
    files = f"rule_files: [{copies}/*.yml]\n"
    return f"{CONFIG}global:\n{times}  external_labels:\n{external}{files}"


def expected(server: Server) -> set[frozenset[tuple[str, str]]]:
    """The labels of the alerts that are active by `parts/rules`, at this moment."""
    now = round(datetime.now(UTC).timestamp())
    return {
        frozenset(labels for labels in series.key[1] if labels[0] != "alertstate")
        for rule in rules()
        if rule.alert
        for series in alerts(rule, server, now, now, pasts.FINE)
    }


def raised(server: Server) -> set[frozenset[tuple[str, str]]]:
    """The labels of the alerts that a Prometheus holds active itself."""
    found = server.ask("alerts")["data"]["alerts"]
    return {frozenset(alert["labels"].items()) for alert in found}
