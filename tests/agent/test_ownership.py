"""What is looked for between two whole walks through /proc, and that each socket is found."""

import sys
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("/proc is Linux's", allow_module_level=True)

from exporter.agent import processes
from exporter.agent.ownership import WHOLE_EVERY, Owners
from tests.agent.test_processes import add


class Host:
    """A /proc of our own, a clock, and which processes were looked into."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.proc = folder
        self.now = 1000.0
        self.looked: list[int] = []
        self.owners = Owners(lambda: self.now, folder)
        links = processes._links

        def look(fd: Path) -> list[str]:
            self.looked.append(int(fd.parent.name))
            return links(fd)

        monkeypatch.setattr(processes, "_links", look)

    def opens(self, pid: int, inode: int) -> None:
        fd = self.proc / str(pid) / "fd"
        (fd / str(len(list(fd.iterdir())) + 3)).symlink_to(f"socket:[{inode}]")

    def names(self, *inodes: int) -> dict[int, str]:
        self.looked.clear()
        self.now += 1.5
        return {inode: process.name for inode, process in self.owners.of(inodes).items()}


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    (tmp_path / "meminfo").touch()
    made = Host(tmp_path, monkeypatch)
    add(tmp_path, 41, "firefox", inodes=(700,))
    add(tmp_path, 42, "sshd", inodes=(800,))
    add(tmp_path, 43, "bash")
    assert made.names(700, 800) == {700: "firefox", 800: "sshd"}
    assert sorted(made.looked) == [41, 42, 43]
    return made


def test_known_sockets_are_not_looked_for(host: Host):
    assert host.names(700, 800) == {700: "firefox", 800: "sshd"}
    assert host.names(800) == {800: "sshd"}
    assert host.looked == []


def test_a_new_socket_is_looked_for_where_one_was_opened_last(host: Host):
    host.opens(41, 701)
    assert host.names(700, 701, 800)[701] == "firefox"
    host.opens(41, 702)
    assert host.names(700, 701, 702, 800)[702] == "firefox"
    assert host.looked == [41]


def test_then_in_processes_that_are_new_and_then_in_all(host: Host):
    add(host.proc, 50, "dig", inodes=(900,))
    assert host.names(700, 800, 900)[900] == "dig"
    assert 43 not in host.looked
    host.opens(43, 950)  # it had none before
    assert host.names(700, 800, 900, 950)[950] == "bash"


def test_one_that_nobody_seems_to_have_is_looked_for_once(host: Host):
    assert host.names(700, 999) == {700: "firefox"}
    assert 43 in host.looked
    assert host.names(700, 999) == {700: "firefox"}
    assert host.looked == []


def test_a_connection_that_belongs_to_nobody_any_more_is_not_looked_for(host: Host):
    assert host.names(0, 700) == {700: "firefox"}
    assert host.looked == []


def test_a_whole_walk_settles_what_has_changed(host: Host):
    """A socket that was handed on, and a program that goes by another name now."""
    (host.proc / "41" / "stat").write_text("41 (thunderbird) S " + "0 " * 18 + "1000 0 0\n")
    (host.proc / "42" / "fd" / "3").unlink()
    host.opens(43, 800)
    assert host.names(700, 800) == {700: "firefox", 800: "sshd"}
    host.now += WHOLE_EVERY
    assert host.names(700, 800) == {700: "thunderbird", 800: "bash"}


def test_a_closed_socket_is_forgotten(host: Host):
    assert host.names() == {}
    assert host.names(700) == {700: "firefox"}  # and looked for anew
    assert host.looked
