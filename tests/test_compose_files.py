"""What the compose files promise, read as text: no Docker is needed here."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.config import parse
from exporter.settings import Config

ROOT = Path(__file__).resolve().parents[1]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


class Loader(yaml.SafeLoader):
    """YAML with Compose's own tags."""


Loader.add_constructor("!reset", lambda _loader, _node: None)
yaml.add_constructor("!override", yaml.SafeLoader.construct_yaml_seq, Loader)


def read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.load((ROOT / name).read_text(), Loader)
    return content


SERVICES = read("docker-compose.yml")["services"]
FLEET = read("docker-compose.fleet.yml")["services"]


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_bounded_and_without_rights(service):
    about = SERVICES[service]
    assert about["read_only"] is True
    assert about["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in about["security_opt"]
    assert about["logging"]["options"]["max-size"]
    assert about["mem_limit"]
    assert re.fullmatch(r"\d+:\d+", about["user"])
    assert about["restart"] == ("no" if service == "demo" else "unless-stopped")
    if service != "agent":
        assert not about["user"].startswith("0:")
        assert "cap_add" not in about


@pytest.mark.parametrize("service", SERVICES)
def test_a_new_version_makes_every_container_anew(service):
    assert SERVICES[service]["labels"] == {"org.opencontainers.image.version": VERSION}
    if service in ("exporter", "demo", "agent"):
        assert SERVICES[service]["image"] == f"knockwatch:{VERSION}"


def test_the_documentation_names_the_version_of_the_image():
    names = re.findall(r"knockwatch:([0-9.]+)", (ROOT / "docs/docker.md").read_text())
    assert set(names) == {VERSION}


@pytest.mark.parametrize("service", SERVICES)
def test_images_are_pinned(service):
    assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+\.\d+", SERVICES[service]["image"])


def test_all_services_that_last_are_watched():
    assert {name for name, about in SERVICES.items() if "healthcheck" not in about} == {"demo"}


def test_the_limits_of_everything_add_up_to_one_gibibyte():
    limits = {name: int(about["mem_limit"].removesuffix("m")) for name, about in SERVICES.items()}
    assert sum(limits.values()) <= 1024
    for name in ("prometheus", "alertmanager", "grafana"):
        goal = int(SERVICES[name]["environment"]["GOMEMLIMIT"].removesuffix("MiB"))
        assert goal <= 0.95 * limits[name]


def test_the_exporter_waits_for_nobody():
    assert "depends_on" not in SERVICES["exporter"]


def test_port_514_has_the_same_number_inside_and_outside():
    assert {"514:514/udp", "514:514/tcp"} <= set(SERVICES["exporter"]["ports"])


def test_pages_without_a_guard_are_for_this_machine_only():
    for service in ("prometheus", "alertmanager"):
        assert all(port.startswith("127.0.0.1:") for port in SERVICES[service]["ports"])


def test_folders_are_mounted_and_exist():
    """A file would go on being the old one after `git pull`."""
    for service in ("exporter", "prometheus", "alertmanager", "grafana"):
        for volume in SERVICES[service]["volumes"]:
            source = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", volume).split(":")[0]
            if source.startswith("."):
                assert (ROOT / source).is_dir(), volume
                assert volume.endswith(":ro")


def test_every_setting_is_in_the_example():
    names = ("docker-compose.yml", "docker-compose.hostnet.yml", "docker-compose.fleet.yml")
    files = [ROOT / name for name in names]
    used = {name for file in files for name in re.findall(r"\$\{(\w+)[:}]", file.read_text())}
    example = (ROOT / ".env.example").read_text()
    offered = set(re.findall(r"^#(\w+)=", example, re.MULTILINE))
    assert used - offered == {"KNOCKWATCH_GROUP_WAIT", "KNOCKWATCH_GROUP_INTERVAL"}
    assert offered - used == {"COMPOSE_PROFILES", "COMPOSE_FILE"}


def test_the_example_sets_nothing():
    lines = (ROOT / ".env.example").read_text().splitlines()
    assert all(not line or line.startswith("#") for line in lines)


@pytest.mark.parametrize(
    ("file", "port"),
    [("deploy/exporter/knockwatch.toml", 514), ("deploy/exporter/hostnet/knockwatch.toml", 5514)],
)
def test_the_containers_configurations_differ_from_the_defaults_in_little(file, port):
    config = parse((ROOT / file).read_text(), file)
    assert config.listen.syslog_port == port
    assert config.listen.host_names == ("exporter",)
    assert config.listen.http_port == Config().listen.http_port
    assert config.listen.allowed_senders == Config().listen.allowed_senders


def test_prometheus_asks_the_exporter_by_a_name_that_it_answers_to():
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    jobs = {
        job["job_name"]: job["static_configs"][0]["targets"] for job in config["scrape_configs"]
    }
    assert jobs == {
        "knockwatch": ["exporter:10151"],
        "prometheus": ["localhost:9090"],
        "alertmanager": ["alertmanager:9093"],
    }


def test_grafana_has_no_account_and_calls_nobody():
    ini = (ROOT / "deploy/grafana/grafana.ini").read_text()
    for line in (
        "disable_initial_admin_creation = true",
        "disable_login_form = true",
        "org_role = Viewer",
        "reporting_enabled = false",
        "check_for_updates = false",
        "check_for_plugin_updates = false",
        "preinstall_disabled = true",
        "preinstall_auto_update = false",
        "disable_gravatar = true",
        "min_refresh_interval = 10s",
    ):
        assert f"\n{line}\n" in ini


def test_the_wall_is_the_home_page_in_either_language():
    for language in ("en", "ja"):
        assert (ROOT / "dashboards/generated" / language / "wall.json").is_file()


def test_dashboards_refer_to_the_data_source_that_is_there():
    file = ROOT / "deploy/grafana/provisioning/datasources/knockwatch.yml"
    sources = yaml.safe_load(file.read_text())["datasources"]
    assert [source["uid"] for source in sources] == ["prometheus"]


def test_secrets_stay_out_of_the_repository():
    rules = (ROOT / "secrets/.gitignore").read_text().split("\n")
    assert {"*", "!.gitignore", "!README.md"} <= set(rules)


@pytest.mark.parametrize("service", [name for name in FLEET if "extends" not in FLEET[name]])
def test_a_fleets_own_services_are_bounded_and_without_rights(service):
    about = FLEET[service]
    assert about["read_only"] is True
    assert about["cap_drop"] == ["ALL"]
    assert "cap_add" not in about
    assert about["security_opt"] == ["no-new-privileges:true"]
    assert about["logging"]["options"]["max-size"]
    assert about["mem_limit"]
    assert about["restart"] == "unless-stopped"
    assert about["healthcheck"]
    assert re.fullmatch(r"[a-z/-]+:v?\d+\.\d+\.\d+", about["image"])
    assert all(port.startswith("127.0.0.1:") for port in about.get("ports", ()))
    assert about["user"] == {"kafka": "1000:1000", "victoria-metrics": "0:0"}[service]


def test_a_fleets_other_services_are_those_of_a_home():
    extended = {name: about["extends"] for name, about in FLEET.items() if "extends" in about}
    parts = {"worker": "exporter", "relay": "exporter", "prometheus": "prometheus"}
    parts |= {"alertmanager": "alertmanager", "grafana": "grafana"}
    assert extended == {
        name: {"file": "docker-compose.yml", "service": part} for name, part in parts.items()
    }
    assert not {"user", "read_only", "cap_drop", "security_opt", "image"} & {
        key for name in extended for key in FLEET[name]
    }


def test_a_fleets_folders_are_mounted_and_exist():
    for service in FLEET.values():
        for volume in service.get("volumes", ()):
            source = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", volume).split(":")[0]
            if source.startswith("."):
                assert (ROOT / source).is_dir(), volume
                assert volume.endswith(":ro")


@pytest.mark.parametrize("part", ["worker", "relay"])
def test_a_fleets_parts_have_a_configuration_that_finds_the_broker(part):
    file = f"deploy/fleet/{part}.toml"
    config = parse((ROOT / file).read_text(), file)
    assert config.kafka.servers == ("kafka:9092",)
    assert FLEET[part]["environment"]["KNOCKWATCH_CONFIG"] == f"/etc/knockwatch/{part}.toml"
    assert bool(config.relay.site) == (part == "relay")
    assert "KAFKA_AUTO_CREATE_TOPICS_ENABLE" in FLEET["kafka"]["environment"]


def test_a_fleets_prometheus_finds_its_parts_and_takes_a_shards_instance_away():
    config = yaml.safe_load((ROOT / "deploy/fleet/prometheus.yml").read_text())
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    names = {name: jobs[name]["dns_sd_configs"][0]["names"] for name in ("knockwatch", "relay")}
    assert names == {"knockwatch": ["worker"], "relay": ["relay"]}
    assert set(names["knockwatch"] + names["relay"]) <= set(FLEET)
    assert jobs["knockwatch"]["metric_relabel_configs"] == [
        {"source_labels": ["shard"], "regex": ".+", "target_label": "instance", "replacement": ""}
    ]
    rules = [file for name in config["rule_files"] for file in (ROOT / "deploy/fleet").glob(name)]
    assert {file.name for file in rules} == {
        *("rejections.yml", "routers.yml", "devices.yml", "knockwatch.yml", "fleet.yml")
    }


def test_a_fleets_dashboard_is_the_home_page_in_either_language():
    environment = FLEET["grafana"]["environment"]
    folder = environment["KNOCKWATCH_DASHBOARDS"].removeprefix("/etc/knockwatch/dashboards/")
    for language in ("en", "ja"):
        assert (ROOT / "dashboards/generated" / folder / language / "fleet.json").is_file()
    page = environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert page.startswith(environment["KNOCKWATCH_DASHBOARDS"])
    assert page.endswith("/fleet.json")
