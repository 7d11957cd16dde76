"""The systemd units: systemd finds nothing wrong, and their commands start what they promise."""

import re
import shlex
import subprocess

import pytest

from tests.system.parts import web
from tests.system.parts.knockwatch import COMMAND, ROOT
from tests.system.parts.lab import home
from tests.system.parts.needs import needs
from tests.system.parts.process import found, started, until
from tests.system.parts.prometheus import binary

pytestmark = needs("namespaces", "systemd-analyze", "prometheus", "alertmanager")

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
NAMES = [unit.name for unit in UNITS]


def moved(text, folder):
    """Return a unit as it would read with the programs and folders of this test."""
    for old, new in (
        ("/usr/local/bin/knockwatch", folder / "knockwatch"),
        ("/usr/local/bin/prometheus", binary("prometheus")),
        ("/usr/local/bin/alertmanager", binary("alertmanager")),
        ("/etc/knockwatch", folder / "etc"),
        ("/opt/knockwatch", ROOT),
        ("/run/knockwatch-", folder / "run-"),
        ("/var/lib/knockwatch-", folder / "state-"),
        ("EnvironmentFile=-/etc/default/knockwatch", "# no settings of this machine"),
    ):
        text = text.replace(old, str(new))
    return text


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "etc" / "secrets").mkdir(parents=True)
    for part in ("prometheus", "alertmanager"):
        (tmp_path / f"run-{part}").mkdir()
    (tmp_path / "etc" / "knockwatch.toml").write_bytes(
        (ROOT / "deploy/exporter/knockwatch.toml").read_bytes()
    )
    program = tmp_path / "knockwatch"
    program.write_text(f'#!/bin/sh\ncd {ROOT} && exec {shlex.join(COMMAND)} "$@"\n')
    program.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_systemd_has_nothing_to_say_about_a_unit(folder, name):
    unit = folder / name
    unit.write_text(moved((ROOT / "deploy/systemd" / name).read_text(), folder))
    argv = [found("systemd-analyze"), "verify", "--man=no", unit]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if name in line]
    assert (done.returncode, said) == (0, [])


def test_a_mistake_in_a_unit_is_noticed(folder):
    unit = folder / "wrong.service"
    unit.write_text("[Service]\nExecStart=/nowhere/knockwatch\nDynamicUsr=yes\n")
    argv = [found("systemd-analyze"), "verify", "--man=no", unit]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert "DynamicUsr" in done.stderr
    assert "/nowhere/knockwatch" in done.stderr


def commands(folder, name):
    """Return the unit's command, those before it, and its environment, as systemd reads them."""
    text = moved((ROOT / "deploy/systemd" / name).read_text(), folder)
    settings = dict(
        setting.split("=", 1)
        for line in re.findall(r"^Environment=(.*)$", text, re.MULTILINE)
        for setting in shlex.split(line)
    )
    before = [shlex.split(c) for c in re.findall(r"^ExecStartPre=\+?(.*)$", text, re.MULTILINE)]
    (command,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    expanded = re.sub(r"\$\{?(\w+)\}?", lambda match: settings[match[1]], command)
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "STATE_DIRECTORY": f"{folder}/state"}
    return shlex.split(expanded), before, environment | settings


def start(folder, name, namespace):
    """Run a unit's commands in a network where nobody else has their ports."""
    command, before, environment = commands(folder, name)
    for argv in before:
        subprocess.run(argv, check=True, env=environment)
    return started(command, folder / f"{name}.log", namespace=namespace, env=environment)


def test_the_commands_of_the_units_make_a_working_whole(folder):
    with home() as lab:
        box = lab.name("box")

        def answer(url, **query):
            with lab.inside("box"):
                try:
                    return web.get_json(url, **query)
                except (OSError, RuntimeError):
                    return None

        def up():
            found = answer("http://127.0.0.1:9090/api/v1/query", query="sum(up)")
            return found and [row["value"][1] for row in found["data"]["result"]] == ["3"]

        def reported():
            found = answer("http://127.0.0.1:9090/api/v1/query", query="knockwatch_device_info")
            return found and len(found["data"]["result"]) == 1

        with (
            start(folder, "knockwatch.service", box),
            start(folder, "knockwatch-alertmanager.service", box),
            start(folder, "knockwatch-prometheus.service", box) as prometheus,
            start(folder, "knockwatch-agent.service", box),
        ):
            until(up, "three scrapes", seconds=60)
            until(reported, "report of the agent", seconds=60)
            rules = answer("http://127.0.0.1:9090/api/v1/rules")["data"]["groups"]
            files = {group["file"].rpartition("/")[2] for group in rules}
            assert files == {file.name for file in (ROOT / "deploy/prometheus/rules").iterdir()}
            assert "level=ERROR" not in prometheus.output()


def test_every_service_takes_the_settings_of_its_machine():
    for unit in UNITS:
        assert "\nEnvironmentFile=-/etc/default/knockwatch\n" in unit.read_text()


def test_no_unit_runs_as_root():
    for unit in UNITS:
        assert "\nDynamicUser=yes\n" in unit.read_text()
        assert "\nCapabilityBoundingSet=" in unit.read_text()
