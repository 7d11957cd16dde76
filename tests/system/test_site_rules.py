"""A site of a fleet raises exactly what a home raises: the home's own tests, with a site's labels.

Each series of the exporter gets the labels of a fleet's, `site` and `shard`. All that is expected
stays as it is; an alert is of the site in addition, and its link chooses it.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.system.parts.knockwatch import ROOT
from tests.system.parts.needs import needs
from tests.system.test_promtool import promtool

pytestmark = needs("promtool")

RULES = ROOT / "deploy" / "prometheus" / "rules"
TESTS = ROOT / "deploy" / "prometheus" / "rules_test"
SITE = "osaka 7"
# They are about a server, whatever site there is.
OF_NO_SITE = {
    *("Watchdog", "AlertmanagerDown", "NotificationsFailing", "RulesFailing"),
    *("ExporterDown", "StateNotStored", "WeeklyDigest"),
}

Json = dict[str, Any]


@pytest.mark.parametrize("file", sorted(TESTS.glob("*.yml")), ids=lambda file: file.stem)
def test_a_site_raises_what_a_home_raises(file: Path, tmp_path: Path):
    content = yaml.safe_load(file.read_text("utf-8"))
    content["rule_files"] = [str(path) for path in sorted(RULES.glob("*.yml"))]
    for test in content["tests"]:
        of_a_site(test)
    sited = tmp_path / file.name
    sited.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    promtool("test", "rules", sited)


def of_a_site(test: Json) -> None:
    """Give a test's series, and the alerts that it expects, a site."""
    for series in test["input_series"]:
        series["series"] = labelled(series["series"])
    for case in test.get("promql_expr_test", ()):
        # As if it were a home again: the shard must be gone by itself.
        case["expr"] = f'label_replace({case["expr"]}, "site", "", "", "")'
    for case in test.get("alert_rule_test", ()):
        if case["alertname"] not in OF_NO_SITE:
            for alert in case["exp_alerts"]:
                alert["exp_labels"]["site"] = SITE
                link = alert["exp_annotations"]["dashboard"]
                chosen = f"{'&' if '?' in link else '?'}var-site=osaka%207"
                alert["exp_annotations"]["dashboard"] = link + chosen


def labelled(series: str) -> str:
    """Return the name of a series with the labels of a fleet's, if it is one of the exporter's."""
    match = re.fullmatch(r"(knockwatch_\w+)(?:\{(.*)\})?", series)
    if not match:
        return series
    own = f"{match[2]}," if match[2] else ""
    return f'{match[1]}{{{own}site="{SITE}",shard="3"}}'
