"""What is exposed, configured and ruled passes Prometheus' own checks."""

import subprocess
from pathlib import Path

import pytest

from tests.system.parts.founding import DEVICE, NETSTAT, flood
from tests.system.parts.knockwatch import ROOT, run, serve
from tests.system.parts.needs import needs
from tests.system.parts.prometheus import binary
from tests.system.parts.web import get, post

pytestmark = needs("promtool")

DEPLOY = ROOT / "deploy"
RULE_TESTS = sorted(DEPLOY.glob("*/rules_test/*.yml"))


def complaints(exposition: str) -> str:
    """Return what promtool finds wrong with a text exposition; nothing when it is clean."""
    argv = [str(binary("promtool")), "check", "metrics"]
    done = subprocess.run(argv, input=exposition, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def test_a_bad_exposition_is_complained_about():
    assert complaints("# TYPE knocks counter\nknocks 1\n")


def test_the_metrics_of_a_server_are_clean(tmp_path):
    with serve(tmp_path) as server:
        assert post(f"{server.url}/api/v1/sockets/{DEVICE}", NETSTAT.encode()).status < 300
        server.send(*flood(10), "<13>hello", "")
        exposition = get(f"{server.url}/metrics").text
    assert "knockwatch_" in exposition
    assert complaints(exposition) == ""


def test_the_exposition_of_a_replay_is_clean():
    done = run("replay", "-", text="".join(f"{line}\n" for line in flood(10)))
    assert done.returncode == 0, done.stderr
    assert "knockwatch_rejected_packets_total{" in done.stdout
    assert "_created" not in done.stdout
    assert complaints(done.stdout) == ""


def test_the_configuration_and_every_rule_are_valid():
    for config in DEPLOY.glob("*/prometheus.yml"):
        promtool("check", "config", config)
    promtool("check", "rules", "--lint=all", "--lint-fatal", *DEPLOY.glob("*/rules/*.yml"))


@pytest.mark.parametrize("file", RULE_TESTS, ids=lambda file: file.stem)
def test_alerts_fire_when_they_should_and_not_else(file: Path):
    promtool("test", "rules", file)


def promtool(*arguments: str | Path) -> None:
    """Run a check of promtool's; a failure carries what it found."""
    argv = [str(binary("promtool")), *map(str, arguments)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
