"""Compose itself reads every combination of files that the documentation names."""

import json
import os

import pytest

from tests.system.parts.docker import command
from tests.system.parts.knockwatch import ROOT
from tests.system.parts.needs import needs
from tests.system.parts.prometheus import binary

pytestmark = needs("docker-compose")

MAIN = "docker-compose.yml"
HOSTNET = (MAIN, "docker-compose.hostnet.yml")
ALONE = ("docker-compose.exporter.yml",)
FLEET = ("docker-compose.fleet.yml",)
BASE = {"exporter", "prometheus", "alertmanager", "grafana"}


def config(files, *profiles, **settings):
    """Return what Compose makes of the files, with no settings of whoever runs the test."""
    chosen = [part for file in files for part in ("--file", file)]
    chosen += [part for profile in profiles for part in ("--profile", profile)]
    environment = {"PATH": os.environ["PATH"], **settings}
    argv = [binary("docker-compose"), "--env-file", "/dev/null", *chosen, "config", "--format=json"]
    return json.loads(command(argv, environment, 60.0, ROOT))["services"]


@pytest.mark.parametrize(
    ("files", "profiles", "services"),
    [
        ((MAIN,), (), BASE),
        ((MAIN,), ("demo",), BASE | {"demo"}),
        ((MAIN,), ("agent",), BASE | {"agent"}),
        ((MAIN,), ("demo", "agent"), BASE | {"demo", "agent"}),
        (HOSTNET, (), BASE),
        (HOSTNET, ("demo", "agent"), BASE | {"demo", "agent"}),
        (ALONE, (), {"exporter"}),
        (
            FLEET,
            (),
            {"kafka", "worker", "relay", "victoria-metrics", *BASE - {"exporter"}},
        ),
    ],
)
def test_every_combination_of_files_is_understood(files, profiles, services):
    assert set(config(files, *profiles)) == services


def test_in_the_hosts_network_nothing_is_published_and_prometheus_finds_the_exporter():
    services = config(HOSTNET, "demo")
    assert services["exporter"]["network_mode"] == "host"
    assert "ports" not in services["exporter"]
    assert services["prometheus"]["extra_hosts"] == ["exporter=host-gateway"]
    assert "127.0.0.1:5514" in services["demo"]["command"]


def test_an_own_configuration_takes_the_place_of_ours():
    for files in ((MAIN,), HOSTNET, ALONE):
        exporter = config(files, KNOCKWATCH_CONFIG_DIR="./own")["exporter"]
        mounted = {mount["target"]: mount["source"] for mount in exporter["volumes"]}
        assert mounted["/etc/knockwatch"] == str(ROOT / "own")


def test_grafana_has_an_account_only_with_a_password():
    none = config((MAIN,))["grafana"]["environment"]
    assert none["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == ""  # grafana.ini decides
    assert none["GF_AUTH_DISABLE_LOGIN_FORM"] == ""
    one = config((MAIN,), GRAFANA_ADMIN_PASSWORD="of the test")["grafana"]["environment"]
    assert one["GF_SECURITY_ADMIN_PASSWORD"] == "of the test"
    assert one["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "false"
    assert one["GF_AUTH_DISABLE_LOGIN_FORM"] == "false"


def test_the_agents_rights_are_as_few_as_it_needs():
    agent = config((MAIN,), "agent")["agent"]
    assert (agent["network_mode"], agent["pid"]) == ("host", "host")
    assert set(agent["security_opt"]) == {"no-new-privileges:true", "apparmor:unconfined"}
    assert (agent["cap_drop"], agent["cap_add"]) == (["ALL"], ["SYS_PTRACE", "DAC_READ_SEARCH"])


def test_the_agents_reports_outlive_its_container_where_it_may_write():
    """Not in the image's own folder: that is the exporter's, and this root has no right to it."""
    agent = config((MAIN,), "agent")["agent"]
    [place] = [mount["target"] for mount in agent["volumes"] if mount["type"] == "volume"]
    assert agent["command"][-2:] == ["--state-dir", place]
    image = (ROOT / "Dockerfile").read_text()
    assert place not in image


def test_a_fleets_parts_are_a_homes_with_other_arguments():
    services, exporter = config(FLEET), config((MAIN,))["exporter"]
    for part in ("worker", "relay"):
        for same in ("image", "user", "read_only", "cap_drop", "security_opt", "healthcheck"):
            assert services[part][same] == exporter[same], same
    assert services["worker"]["deploy"]["replicas"] == 2
    assert "ports" not in services["worker"]
    published = {(port["published"], port["protocol"]) for port in services["relay"]["ports"]}
    assert published == {("514", "udp"), ("514", "tcp"), ("10151", "tcp")}
    targets = {mount["target"] for mount in services["relay"]["volumes"]}
    assert targets == {"/etc/knockwatch", "/var/lib/knockwatch"}
    assert all(about["mem_limit"] for about in services.values())
