import os
import sys
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("/proc is Linux's", allow_module_level=True)

from exporter.agent.processes import container, owners, program_name, sees_others

TICKS = os.sysconf("SC_CLK_TCK")


def add(
    proc: Path,
    pid: int,
    comm: str,
    *,
    exe: str = "",
    argv: tuple[str, ...] = (),
    inodes: tuple[int, ...] = (),
    started: float = 10.0,
) -> Path:
    """Write one process the way the kernel shows it."""
    path = proc / str(pid)
    (path / "fd").mkdir(parents=True)
    numbers = " ".join(["0"] * 18)
    ticks = int(started * TICKS)
    (path / "stat").write_text(f"{pid} ({comm}) S {numbers} {ticks} 0 0\n")
    (path / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in argv))
    if exe:
        (path / "exe").symlink_to(exe)
    (path / "fd" / "0").symlink_to("/dev/null")
    for number, inode in enumerate(inodes, 3):
        (path / "fd" / str(number)).symlink_to(f"socket:[{inode}]")
    return path


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "self").symlink_to("42")
    (tmp_path / "meminfo").touch()
    return tmp_path


def test_the_process_that_holds_a_socket_owns_it(proc: Path):
    add(proc, 42, "qbittorrent", exe="/usr/bin/qbittorrent", inodes=(700, 701), started=12.5)
    add(proc, 43, "sshd", exe="/usr/sbin/sshd", inodes=(800,))
    found = owners({700, 800, 900}, proc)
    assert set(found) == {700, 800}
    assert (found[700].name, found[700].pid, found[700].started) == ("qbittorrent", 42, 12.5)
    assert found[800].name == "sshd"


def test_inode_0_has_no_owner(proc: Path):
    add(proc, 42, "odd", inodes=(0,))
    assert owners({0}, proc) == {}


def test_an_inherited_socket_belongs_to_the_process_that_started_first(proc: Path):
    add(proc, 40, "worker", inodes=(700,), started=20)
    add(proc, 41, "nginx", inodes=(700,), started=15)
    add(proc, 42, "worker", inodes=(700,), started=30)
    assert owners({700}, proc)[700].pid == 41


def test_init_owns_only_what_nobody_else_holds(proc: Path):
    add(proc, 1, "systemd", inodes=(700, 701), started=0)
    add(proc, 42, "rpcbind", inodes=(700,), started=30)
    assert {inode: found.name for inode, found in owners({700, 701}, proc).items()} == {
        700: "rpcbind",
        701: "systemd",
    }


def test_a_process_that_vanishes_during_the_walk_is_skipped(proc: Path):
    (add(proc, 42, "gone", inodes=(700,)) / "stat").unlink()
    (proc / "43").mkdir()
    assert owners({700}, proc) == {}


def test_parentheses_in_a_name_do_not_move_the_start_time(proc: Path):
    add(proc, 42, "a) S (b", inodes=(700,), started=3.0)
    found = owners({700}, proc)[700]
    assert (found.name, found.started) == ("a) S (b", 3.0)


def test_a_name_that_is_not_utf_8_stays_printable(proc: Path):
    path = add(proc, 42, "x", inodes=(700,))
    (path / "stat").write_bytes((path / "stat").read_bytes().replace(b"(x)", b"(x\xff)"))
    assert owners({700}, proc)[700].name == "x\ufffd"


@pytest.mark.parametrize(
    ("comm", "exe", "argv", "name"),
    [
        ("sshd", "/usr/sbin/sshd", ["sshd: root@pts/0"], "sshd"),
        ("transmission-da", "/usr/bin/transmission-daemon", ["x"], "transmission-daemon"),
        (
            "netsession_win.",
            "/opt/n/netsession_win.exe",
            ["./netsession_win.exe"],
            "netsession_win.exe",
        ),
        ("netsession_win.", "", ["./netsession_win.exe", "-v"], "netsession_win.exe"),
        # a script with a #! line, and one given to its interpreter
        (
            "netsession_win.",
            "/usr/bin/python3.11",
            ["python3", "./netsession_win.exe"],
            "netsession_win.exe",
        ),
        ("python", "/usr/bin/python3.11", ["python", "netsession_win.exe"], "netsession_win.exe"),
        ("python3", "/usr/bin/python3.11", ["python3", "-uB", "/srv/app.py", "x"], "app.py"),
        ("python3", "/usr/bin/python3.11", ["python3", "-m", "http.server"], "python3"),
        ("python3", "/usr/bin/python3.11", ["/usr/bin/python3", "-c", "pass"], "python3"),
        ("deluged", "/usr/bin/python3.11", ["/usr/bin/python3", "/usr/bin/x"], "deluged"),
        ("MainThread", "/usr/bin/node", ["node", "server.js"], "server.js"),
        # Wine calls programs by their Windows paths
        (
            "netsession_win.",
            "/usr/lib/wine/wine64-preloader",
            ["C:\\Program Files\\Akamai\\netsession_win.exe"],
            "netsession_win.exe",
        ),
        ("Socket Process", "/usr/lib/firefox/firefox", ["/usr/lib/firefox/firefox"], "firefox"),
        ("httpd", "/bin/busybox", ["httpd", "-f"], "httpd"),
        ("foo", "/usr/bin/foo (deleted)", ["/usr/bin/foo"], "foo"),
        ("qbittorrent-nox", "/usr/bin/qbittorrent-nox", ["x"], "qbittorrent-nox"),
        ("fifteen-letters", "/usr/bin/other", ["title"], "fifteen-letters"),
        ("kworker/0:1", "", [""], "kworker/0:1"),
        # what programs write behind their name is not sent
        (
            "postgres-custom",
            "/usr/lib/postgres",
            ["postgres-custom-db: anna sales 10.0.0.7 idle"],
            "postgres-custom-db",
        ),
        ("postgres-custom", "", ["postgres-custom: anna"], "postgres-custom"),
        ("python3", "/usr/bin/python3.11", ["worker: serves /srv/anna.pdf"], "python3"),
        ("MainThread", "/usr/bin/node", ["worker anna", "rest"], "node"),
        ("python3", "/usr/bin/python3.11", ["python3", "app.py: anna 10.0.0.7"], "app.py"),
        (
            "long-script-nam",
            "/usr/bin/perl",
            ["perl", "long-script-name: anna"],
            "long-script-name",
        ),
        ("My Long Program", "/opt/x/My Long Program 2", ["x"], "My Long Program 2"),
    ],
)
def test_a_program_is_called_what_people_call_it(comm: str, exe: str, argv: list[str], name: str):
    words = [word.encode() for word in argv]
    assert program_name(comm.encode(), exe.encode(), words) == name


@pytest.mark.parametrize(
    ("groups", "name"),
    [
        (f"0::/system.slice/docker-{'0a' * 32}.scope", "0a0a0a0a0a0a"),
        (f"12:pids:/docker/{'0a' * 32}\n1:name=systemd:/docker/{'0a' * 32}\n", "0a0a0a0a0a0a"),
        (f"0::/machine.slice/libpod-{'1b' * 32}.scope/container", "1b1b1b1b1b1b"),
        (f"0::/kubepods.slice/kubepods-pod7.slice/cri-containerd-{'2c' * 32}.scope", "2c" * 6),
        (f"1:cpu:/kubepods/burstable/pod7/{'3d' * 32}", "3d" * 6),
        ("0::/lxc.payload.web/system.slice/nginx.service", "web"),
        ("3:cpu:/lxc/101/ns/system.slice/cron.service", "101"),
        ("0::/machine.slice/systemd-nspawn@build-box.service/payload", "build-box"),
        ("0::/machine.slice/machine-build\\x2dbox.scope", "build-box"),
        (f"0::/lxc.payload.web/docker/{'4e' * 32}", "4e" * 6),
        # of the host itself
        ("0::/", None),
        ("", None),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/firefox.scope", None),
        (f"0::/machine.slice/libpod-conmon-{'5f' * 32}.scope", None),
        ("0::/lxc.monitor.web", None),
        ("0::/machine.slice/machine-qemu\\x2d1\\x2dwindows.scope/libvirt", None),
        ("0::/system.slice/docker.service", None),
        (f"0::/system.slice/{'0a' * 40}.service", None),
    ],
)
def test_a_process_in_a_container_is_known_by_its_group(groups: str, name: str | None):
    assert container(groups.encode()) == name


def test_the_owner_of_a_socket_tells_its_container(proc: Path):
    path = add(proc, 42, "nginx", inodes=(700,))
    assert owners({700}, proc)[700].container is None
    (path / "cgroup").write_text(f"0::/system.slice/docker-{'0a' * 32}.scope\n")
    assert owners({700}, proc)[700].container == "0a0a0a0a0a0a"


def test_a_boundless_command_line_does_not_make_a_boundless_name():
    assert len(program_name(b"fifteen-letters", b"", [b"fifteen-letters" * 9999])) == 255


def test_whether_others_can_be_looked_into_is_tried(proc: Path, monkeypatch: pytest.MonkeyPatch):
    assert not sees_others(proc)  # they are hidden
    init = add(proc, 1, "systemd")
    assert sees_others(proc)  # there are none
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert sees_others(proc)
    (init / "fd" / "0").unlink()
    (init / "fd" / "0").touch()  # a link that cannot be read
    refused = PermissionError()

    def refuse(path: Path) -> Path:
        raise refused

    monkeypatch.setattr(Path, "readlink", refuse)
    assert not sees_others(proc)
