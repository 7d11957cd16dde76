"""The alert rules as data: what every alert says, and that each is shown to fire."""

import re
from pathlib import Path
from typing import Any

import msgspec.yaml
import pytest

DEPLOY = Path(__file__).parents[1] / "deploy"
PLACES = (DEPLOY / "prometheus", DEPLOY / "fleet")
SEVERITIES = {"critical", "warning", "info", "none"}
TOPICS = {"rejections", "router", "device", "knockwatch", "digest", "watchdog"}
TOPICS |= {"site", "fleet"}
TEXTS = {
    *("title", "title_ja", "summary", "summary_ja", "action", "action_ja"),
    *("dashboard", "page"),
}
NAMES = re.compile(r"{{.*?}}")  # what a template puts in
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def alerts() -> list[dict[str, Any]]:
    """Return every alerting rule of every file."""
    groups = (
        group
        for place in PLACES
        for file in sorted((place / "rules").glob("*.yml"))
        for group in msgspec.yaml.decode(file.read_bytes())["groups"]
    )
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def expected() -> dict[tuple[str, str], list[dict[str, str]]]:
    """Return the texts that the tests expect, by alert and severity."""
    found: dict[tuple[str, str], list[dict[str, str]]] = {}
    for file in (path for place in PLACES for path in (place / "rules_test").glob("*.yml")):
        for test in msgspec.yaml.decode(file.read_bytes())["tests"]:
            for case in test.get("alert_rule_test", ()):
                for alert in case["exp_alerts"]:
                    key = (case["alertname"], alert["exp_labels"]["severity"])
                    found.setdefault(key, []).append(alert["exp_annotations"])
    return found


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_every_alert_says_how_bad_what_and_what_to_do(rule):
    assert rule["labels"]["severity"] in SEVERITIES
    assert rule["labels"]["topic"] in TOPICS
    assert set(rule["annotations"]) == TEXTS
    for name, text in rule["annotations"].items():
        assert bool(JAPANESE.search(text)) == name.endswith("_ja"), f"{name}: {text}"


@pytest.mark.thorough
@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_every_alert_is_shown_to_fire_with_its_texts(rule):
    texts = expected().get((rule["alert"], rule["labels"]["severity"]))
    assert texts, "no test in rules_test expects it"
    for of_alert in texts:
        for name, text in of_alert.items():
            if name != "page" or "//home" in of_alert["dashboard"]:  # a fleet has no page
                assert text.strip(), name
            assert "error expanding" not in text
            assert "  " not in text, f"{name} has a gap: {text}"
            assert not text.endswith(" "), name


def test_titles_fit_on_a_phone():
    for rule in alerts():
        for name in ("title", "title_ja"):
            longest = max(NAMES.split(rule["annotations"][name]), key=len)
            assert len(longest) <= 40, longest
            assert ":" not in longest, longest


def test_names_from_outside_are_quoted_wherever_they_go_into_a_query():
    for rule in alerts():
        for name, text in rule["annotations"].items():
            for query in re.findall(r'printf "(.*?[^\\])"', text):
                assert not re.search(r"%[sv]", query), f"{rule['alert']} {name}: {query}"
                assert "'%" not in query, f"{rule['alert']} {name}: {query}"


def test_the_page_about_alerts_names_each_of_them_and_no_other():
    page = (DEPLOY.parent / "docs" / "alerts.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == {
        rule["alert"] for rule in alerts()
    }
