import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("netlink is Linux's", allow_module_level=True)

from exporter.agent.linux import Linux, works
from exporter.agent.snapshot import Sighting
from exporter.host_report import Flow, Gateway
from tests.agent import children
from tests.system.parts.lab import home
from tests.system.parts.needs import needs
from tests.system.parts.process import until


def at(sightings: list[Sighting], transport: str, port: int) -> list[Sighting]:
    return [
        seen
        for seen in sightings
        if (seen.socket.transport, seen.socket.local_port) == (transport, port)
    ]


def test_the_kernel_shows_us_our_own_sockets():
    assert works()


@pytest.mark.parametrize("command", [children.script, children.binary])
def test_each_socket_of_a_program_is_found_with_name_and_pid(
    command: Callable[[Path, str], list[str]], tmp_path: Path
):
    with children.program(command(tmp_path, "netsession_win.exe")) as child:
        sightings = Linux().snapshot().sockets
    for (transport, ip), port in child.ports.items():
        found = [s.socket for s in at(sightings, transport, port) if s.socket.local_ip == ip]
        assert len(found) == 1
        assert (found[0].process, found[0].pid) == ("netsession_win.exe", child.pid)
        assert found[0].state == ("listen" if transport == "tcp" else None)
        assert found[0].remote_ip is None


def test_the_quick_look_sees_the_same_listeners_under_the_same_identity(tmp_path: Path):
    with children.program(children.script(tmp_path, "x")) as child:
        full, quick = Linux().snapshot().sockets, Linux().listening()
    for (transport, _), port in child.ports.items():
        identities = {seen.identity for seen in at(full, transport, port)}
        assert identities == {seen.identity for seen in at(quick, transport, port)}
        assert identities


def test_a_connected_udp_socket_tells_its_remote_end():
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        server.bind(("127.0.0.1", 0))
        client.connect(server.getsockname())
        found = at(Linux().snapshot().sockets, "udp", client.getsockname()[1])
        assert [(s.socket.remote_ip, s.socket.remote_port) for s in found] == [server.getsockname()]


def test_a_mapped_ipv4_connection_is_an_ipv4_connection():
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client,
    ):
        server.bind(("127.0.0.1", 0))
        client.connect(("::ffff:127.0.0.1", server.getsockname()[1]))
        found = at(Linux().snapshot().sockets, "udp", client.getsockname()[1])
        assert [(s.socket.local_ip, s.socket.remote_ip) for s in found] == [("127.0.0.1",) * 2]


def test_a_connection_in_time_wait_belongs_to_nobody():
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as client:
            mine, served = client.getsockname()[1], server.getsockname()[1]
            theirs, _ = server.accept()
        with theirs:
            assert theirs.recv(1) == b""  # the client closed first
    sightings = at(Linux().snapshot().sockets, "tcp", mine)
    # The kernel gives one local port to connections of different destinations.
    found = [seen for seen in sightings if seen.socket.remote_port == served]
    assert [(s.socket.state, s.socket.process, s.socket.pid) for s in found] == [
        ("time_wait", None, None)
    ]


@pytest.mark.thorough
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_without_rights_sockets_of_others_have_no_owner(tmp_path: Path):
    code = (
        "import os, sys; from exporter.agent.linux import Linux; os.setuid(65534)\n"
        "host = Linux(); host.snapshot(); seen = host.snapshot()\n"
        "print([s.socket.process for s in seen.sockets"
        " if s.socket.local_port == int(sys.argv[1]) and s.socket.transport == 'udp'], seen.lacks)"
    )
    with children.program(children.script(tmp_path, "x")) as child:
        port = str(child.ports["udp", "127.0.0.1"])
        command = [sys.executable, "-c", code, port]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout.startswith("[None] ['programs'")
    assert answer.stderr.count("programs of other users are closed to us") == 1


def test_with_rights_nothing_is_lacking():
    assert ("programs" in Linux().snapshot().lacks) == (os.geteuid() != 0)


def test_the_host_is_seen_without_loopback():
    snapshot = Linux().snapshot()
    assert "lo" not in {link.interface for link in snapshot.links}
    assert not {"127.0.0.1", "::1"} & set(snapshot.addresses)
    for link in snapshot.links:
        counters = Path("/sys/class/net", link.interface, "statistics")
        assert link.received_bytes <= int((counters / "rx_bytes").read_text())


def test_a_socket_that_stays_as_it_is_is_not_read_again():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
        mine.bind(("127.0.0.1", 0))
        port, host = mine.getsockname()[1], Linux()
        (first,), (second,) = (at(host.listening(), "udp", port) for _ in range(2))
        assert first is second
        mine.connect(("127.0.0.1", 9))
        (third,) = at(host.listening(), "udp", port)
        assert third.socket.remote_port == 9


@pytest.mark.system
@needs("namespaces")
def test_a_conversation_that_no_look_has_seen_is_told_by_the_next_report() -> None:
    host = Linux()
    with home() as lab, lab.inside("pc"):
        assert host.snapshot().gateways == [Gateway(ip="192.168.1.1", interface="eth0")]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as brief:
            brief.connect(("198.51.100.7", 3478))
            port = brief.getsockname()[1]

        def told() -> list[Flow]:
            host.listening()
            return host.snapshot().flows

        (flow,) = until(told, "word of the closed socket")
        assert (flow.local_ip, flow.local_port) == ("192.168.1.10", port)
        assert (flow.remote_ip, flow.remote_port) == ("198.51.100.7", 3478)


def test_a_hundred_looks_leave_no_open_file_behind():
    Linux().snapshot()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(100):
        Linux().listening()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
