"""The agent as the command line starts it: `run` of `exporter.agent.push`."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from exporter import wire
from exporter.agent import host, run
from exporter.agent.push import collector
from tests.agent.servers import Server, bound, serving


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


def test_print_shows_exactly_what_would_be_sent(capfdbinary: pytest.CaptureFixture[bytes]):
    status = run(
        "http://192.168.1.10:10151",
        device="Study-PC",
        token=None,
        interval=15,
        once=False,
        print_only=True,
    )
    out = capfdbinary.readouterr().out
    assert status == 0
    assert wire.encode(wire.decode(out)) == out


@pytest.mark.skipif(sys.platform != "linux", reason="netlink is Linux's")
def test_where_netlink_is_closed_psutil_looks_instead(monkeypatch: pytest.MonkeyPatch):
    from exporter.agent import linux, portable

    assert isinstance(collector(), linux.Linux)
    monkeypatch.setattr(linux, "works", lambda: False)
    assert isinstance(collector(), portable.Portable)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
def test_a_running_agent_reports_changes_and_ends_cleanly(server: Server):
    code = (
        "import sys; from exporter.agent import run\n"
        "sys.exit(run(sys.argv[1], device='pc', token=None, interval=3600,"
        " once=False, print_only=False))"
    )
    with (
        serving(server),
        subprocess.Popen([sys.executable, "-c", code, server.url], stderr=subprocess.PIPE) as agent,
    ):
        assert agent.stderr
        server.next_report()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
            mine.bind(("127.0.0.1", 0))
            port = mine.getsockname()[1]
            while all(found.local_port != port for found in server.next_report().sockets):
                pass  # other programs of this machine may change something too
        agent.send_signal(signal.SIGTERM)
        log = agent.stderr.read().decode()
        assert agent.wait(timeout=20) == 0
    assert "stopped by signal 15" in log
    assert "Traceback" not in log
