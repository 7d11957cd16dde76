"""What is committed is what the sources make, by our build and by grafanalib's own command."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dashboards import GENERATED, build
from tests.dashboards.generated import DASHBOARDS, HOME_KEYS, KEYS, ROOT, dashboard, walk


def test_generated_files_are_fresh():
    made = {GENERATED / path: text for path, text in build.files()}
    assert set(GENERATED.rglob("*.json")) == set(made)
    stale = [str(path.relative_to(ROOT)) for path in made if path.read_text("utf-8") != made[path]]
    assert stale == [], "run `make dashboards`"


@pytest.mark.thorough
@pytest.mark.parametrize("key", [*HOME_KEYS, ("en", "fleet/fleet")], ids="-".join)
def test_grafanalibs_command_makes_the_same(key, tmp_path):
    language, path = key
    folder, _, name = path.rpartition("/")
    out = tmp_path / "out.json"
    command = Path(sys.executable).with_name("generate-dashboard")
    source = ROOT / "dashboards" / f"{name}.dashboard.py"
    environment = {**os.environ, "KNOCKWATCH_LANGUAGE": language}
    subprocess.run([command, "-o", out, source], check=True, cwd=tmp_path, env=environment)
    assert out.read_text("utf-8") == (GENERATED / folder / language / f"{name}.json").read_text(
        "utf-8"
    )


@pytest.mark.parametrize("key", KEYS, ids="-".join)
def test_an_importable_dashboard_asks_for_its_data_source_and_is_else_the_same(key):
    asking = dashboard(*key, kind="import")
    (source,) = asking.pop("__inputs")
    assert (source["name"], source["pluginId"]) == ("DS_PROMETHEUS", "prometheus")
    needed = {one["id"] for one in asking.pop("__requires") if one["type"] == "panel"}
    assert needed == {panel["type"] for panel in asking["panels"]}
    assert asking.pop("__elements") == {}
    assert asking.pop("id") is None
    references = [v for v in walk(asking) if isinstance(v, dict) and v.get("type") == "prometheus"]
    assert references
    assert {reference["uid"] for reference in references} == {"${DS_PROMETHEUS}"}
    answered = json.dumps(asking).replace("${DS_PROMETHEUS}", "prometheus")
    assert json.loads(answered) == DASHBOARDS[key]
