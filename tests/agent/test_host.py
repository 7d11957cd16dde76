import socket
from pathlib import Path

import pytest

from exporter.agent import host


def test_the_machine_id_is_stable_and_never_the_secret_one(tmp_path: Path):
    file = tmp_path / "machine-id"
    file.write_text("0123456789abcdef0123456789abcdef\n")
    missing = tmp_path / "none"
    first = host.machine_id((missing, file))
    assert first is not None
    assert len(first) == 32
    assert first != "0123456789abcdef0123456789abcdef"
    assert host.machine_id((file,)) == first
    file.write_text("0123456789abcdef0123456789abcdee\n")
    assert host.machine_id((file,)) != first


def test_a_host_without_machine_id_invents_none(tmp_path: Path):
    empty = tmp_path / "machine-id"
    empty.touch()
    assert host.machine_id((tmp_path / "none", empty)) is None


def test_the_device_is_the_first_label_of_the_host_name_case_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "Study-PC.home.example")
    assert host.device_name() == "Study-PC"


def test_the_agent_names_itself_with_its_version():
    name, _, version = host.agent().partition("/")
    assert name == "knockwatch-agent"
    assert version


def test_the_uptime_only_grows():
    assert 0 < host.uptime() <= host.uptime()
