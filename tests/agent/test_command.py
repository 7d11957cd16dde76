import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter import wire
from exporter.agent import command, host, run
from exporter.agent.command import collector
from exporter.agent.snapshot import Snapshot
from exporter.host_report import Flow, HostReport, Link, MappedPort, Neighbour, PortTable, Socket
from tests.agent.servers import Server, bound, serving

TOLD = {
    *("version", "device", "machine_id", "age_seconds", "interval_seconds", "os", "agent"),
    *("addresses", "sockets", "flows", "neighbours", "links", "gateways", "unchanged_since"),
    *("transport", "local_ip", "local_port", "remote_ip", "remote_port", "state", "process", "pid"),
    *("process_age_seconds", "lacks"),
    *("container", "nat_port", "bytes", "ip", "mac", "interface", "ssid", "bssid"),
    *("received_bytes", "sent_bytes", "port_table", "gateway", "mappings", "port", "inside_port"),
}
HOLD = """
import socket, sys
mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
mine.bind(("127.0.0.1", 0))
print(mine.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def server() -> Iterator[Server]:
    with bound() as found:
        yield found


def test_once_sends_one_report_of_this_host(server: Server):
    with serving(server), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
        mine.bind(("127.0.0.1", 0))
        port = mine.getsockname()[1]
        assert once(server.url) == 0
        (report,) = server.reports()
    assert report.device == "Study-PC"
    assert report.agent.startswith("knockwatch-agent/")
    assert ("udp", port) in {(found.transport, found.local_port) for found in report.sockets}


def test_once_fails_when_the_report_is_not_taken(server: Server):
    assert once(server.url) == 1
    server.answers = [(401, {}, b'{"error": "no token"}')]
    with serving(server):
        assert once(server.url) == 1


def test_a_configuration_that_cannot_work_is_told_at_once():
    assert once("192.168.1.10:10151") == 2
    assert once("http://127.0.0.1:abc") == 2
    assert once("http://anna:secret@127.0.0.1:1") == 2
    assert once("http://127.0.0.1:1", device="") == 2
    assert once("http://127.0.0.1:1", device="\ud800") == 2
    assert once("http://127.0.0.1:1", interval=0.0) == 2
    assert once("http://127.0.0.1:1", interval=3601.0) == 2


def once(server: str, device: str = "Study-PC", interval: float = 15.0) -> int:
    return run(server, device=device, token=None, interval=interval, once=True, print_only=False)


def test_a_long_name_of_the_system_is_shortened(server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(host, "system", lambda: "Linux " + "x" * 64)
    with serving(server):
        assert once(server.url) == 0
        (report,) = server.reports()
    assert report.os == "Linux " + "x" * 58


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host on which nothing changes: what the collector sees is recorded once."""
    seen = collector().snapshot()

    class Still:
        def snapshot(self) -> Snapshot:
            return seen

    monkeypatch.setattr(command, "collector", Still)
    monkeypatch.setattr(host, "uptime", lambda: 1e6)  # processes grow no older


@pytest.mark.usefixtures("still")
def test_print_shows_every_byte_that_is_sent(
    server: Server, capfdbinary: pytest.CaptureFixture[bytes]
):
    status = run(
        "http://192.168.1.10:10151",
        device="Study-PC",
        token=None,
        interval=15,
        once=False,
        print_only=True,
    )
    printed = capfdbinary.readouterr().out
    assert status == 0
    with serving(server):
        assert once(server.url) == 0
    path, _, sent = server.posted.get(timeout=20)
    assert (path, sent) == ("/api/v1/reports", printed)
    assert len(wire.decode(sent).links) == len(collector().snapshot().links)


def test_no_report_tells_a_command_line_or_a_user(server: Server, tmp_path: Path):
    argv = [sys.executable, "-c", f"{HOLD}\n# --password=hunter2"]
    environment = os.environ | {"USER": "anna.example", "SECRET": "hunter3"}
    with (
        subprocess.Popen(
            argv, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        ) as child,
        serving(server),
    ):
        assert child.stdout
        port = int(child.stdout.readline())
        assert once(server.url) == 0
        child.communicate()
    _, _, body = server.posted.get(timeout=20)
    sockets = wire.decode(body).sockets
    assert [found.pid for found in sockets if found.local_port == port] == [child.pid]
    for word in ("hunter2", "hunter3", "anna.example", str(tmp_path), "import socket"):
        assert word.encode() not in body


def test_a_report_has_no_place_for_command_lines_and_users():
    """Process name, ports and counters: whoever adds a field adds it here, and to the docs."""
    kinds = (HostReport, Socket, Flow, Neighbour, Link, PortTable, MappedPort)
    told = {name for kind in kinds for name in kind.__struct_fields__} - {
        "of_itself"
    }  # the server's
    assert told <= TOLD


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere psutil looks")
def test_on_linux_the_command_imports_neither_the_exporter_nor_other_systems_parts():
    code = (
        "import sys; from exporter import cli\n"
        "status = cli.main(['agent', '--server', 'http://127.0.0.1:1', '--print'])\n"
        "large = {'exporter.pipeline', 'exporter.web', 'prometheus_client', 'jinja2', 'psutil',"
        " 'aiohttp'}\n"
        "sys.exit(status or repr(sorted(large & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.skipif(sys.platform != "linux", reason="netlink is Linux's")
def test_where_netlink_is_closed_psutil_looks_instead(monkeypatch: pytest.MonkeyPatch):
    from exporter.agent import linux, portable

    assert isinstance(collector(), linux.Linux)
    monkeypatch.setattr(linux, "works", lambda: False)
    assert isinstance(collector(), portable.Portable)


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
def test_a_running_agent_reports_changes_and_ends_cleanly(server: Server, tmp_path: Path):
    code = (
        "import sys; from exporter.agent import run\n"
        "sys.exit(run(sys.argv[1], device='pc', token=None, interval=3600,"
        " once=False, print_only=False, state_dir=sys.argv[2]))"
    )
    argv = [sys.executable, "-c", code, server.url, str(tmp_path)]
    with serving(server), subprocess.Popen(argv, stderr=subprocess.PIPE) as agent:
        assert agent.stderr
        try:
            server.next_report()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
                mine.bind(("127.0.0.1", 0))
                port = mine.getsockname()[1]
                while all(found.local_port != port for found in server.next_report().sockets):
                    pass  # other programs of this machine may change something too
        finally:
            agent.send_signal(signal.SIGTERM)
        log = agent.stderr.read().decode()
        assert agent.wait(timeout=20) == 0
    assert "stopped by signal 15" in log
    assert "Traceback" not in log
