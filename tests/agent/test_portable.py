import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import psutil
import pytest

from exporter.agent.portable import Portable
from exporter.agent.snapshot import Collector, Sighting
from exporter.host_report import Socket
from tests.agent import children


def test_each_socket_of_a_program_is_found_with_name_and_pid(tmp_path: Path):
    # A name that is not longer than what every system keeps.
    command = children.binary if sys.platform == "linux" else children.script
    with children.program(command(tmp_path, "netsession.exe")) as child:
        sightings = Portable().snapshot().sockets
    for (transport, ip), port in child.ports.items():
        found = [
            seen.socket
            for seen in sightings
            if (seen.socket.transport, seen.socket.local_port) == (transport, port)
        ]
        assert [(s.local_ip, s.pid, s.remote_ip) for s in found] == [(ip, child.pid, None)]
        assert found[0].state == ("listen" if transport == "tcp" else None)
        if sys.platform == "linux":
            assert found[0].process == "netsession.exe"


def test_the_quick_look_sees_the_same_listeners_under_the_same_identity(tmp_path: Path):
    with children.program(children.script(tmp_path, "x")) as child:
        full = {s.identity for s in Portable().snapshot().sockets if s.socket.pid == child.pid}
        quick = {s.identity for s in Portable().listening() if s.socket.pid == child.pid}
    assert len(quick) == 4
    assert quick == full


def test_a_connection_is_part_of_the_snapshot_only():
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        ends = (client.getsockname()[1], server.getsockname()[1])  # an old one may share one end
        found = [
            seen
            for seen in Portable().snapshot().sockets
            if (seen.socket.local_port, seen.socket.remote_port) == ends
        ]
        assert [s.socket.state for s in found] == ["established"]
        assert ends[0] not in {seen.socket.local_port for seen in Portable().listening()}


def test_where_sockets_of_others_are_secret_our_own_are_still_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    def refuse(kind: str) -> NoReturn:
        raise psutil.AccessDenied

    with children.program(children.script(tmp_path, "x")) as child:
        monkeypatch.setattr(psutil, "net_connections", refuse)
        ports = {s.socket.local_port for s in Portable().listening() if s.socket.pid == child.pid}
    assert ports == set(child.ports.values())


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("a\udcffb", "a\ufffdb"),
        ("", None),
        ("Google Chrome Helper", "Google Chrome Helper"),
        ("postgres-custom-db: anna sales 10.0.0.7 idle", "postgres-custom-db"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="only Unix cuts names, and completes them")
def test_a_name_can_be_sent_and_names_the_program_only(
    monkeypatch: pytest.MonkeyPatch, told: str, name: str | None
):
    monkeypatch.setattr(psutil.Process, "name", lambda _: told)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
        mine.bind(("127.0.0.1", 0))
        snapshot = Portable().snapshot()
        # Whoever else is on this machine may have the same port elsewhere.
        here = ("udp", *mine.getsockname())
        found = [
            seen
            for seen in snapshot.sockets
            if (seen.socket.transport, seen.socket.local_ip, seen.socket.local_port) == here
        ]
    assert {seen.socket.process for seen in found} == {name}


def test_the_librarys_own_error_is_an_unreadable_system(monkeypatch: pytest.MonkeyPatch):
    def fail(kind: str) -> NoReturn:
        raise psutil.NoSuchProcess(7)

    monkeypatch.setattr(psutil, "net_connections", fail)
    for look in (Portable().listening, Portable().snapshot):
        with pytest.raises(OSError, match="pid=7"):
            look()


def test_an_interface_with_an_odd_name_can_be_sent(monkeypatch: pytest.MonkeyPatch):
    counted, up = psutil.net_io_counters(), next(iter(psutil.net_if_stats().values()))
    monkeypatch.setattr(psutil, "net_io_counters", lambda pernic: {"e\udcff": counted})
    monkeypatch.setattr(psutil, "net_if_stats", lambda: {"e\udcff": up._replace(isup=True)})
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: {"e\udcff": []})
    assert [link.interface for link in Portable().snapshot().links] == ["e\ufffd"]


def test_the_host_is_seen_without_loopback():
    snapshot = Portable().snapshot()
    assert not {"127.0.0.1", "::1"} & set(snapshot.addresses)
    assert "lo" not in {link.interface for link in snapshot.links}
    assert all(link.mac is None or len(link.mac) == 17 for link in snapshot.links)


@pytest.mark.skipif(sys.platform != "linux", reason="there is nothing to compare with elsewhere")
def test_it_sees_what_the_other_way_to_look_at_linux_sees(tmp_path: Path):
    from exporter.agent.linux import Linux

    with (
        children.program(children.binary(tmp_path, "netsession.exe")) as child,
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as mapped,
    ):
        mapped.connect(("::ffff:127.0.0.1", 9))
        mine = {client.getsockname()[1], server.getsockname()[1], mapped.getsockname()[1]}
        ports = mine | set(child.ports.values())
        looks: list[Callable[[], Collector]] = [Portable, Linux]
        theirs, ours = (look().snapshot() for look in looks)
    assert told(theirs.sockets, ports) == told(ours.sockets, ports)
    assert set(theirs.addresses) == set(ours.addresses)
    assert {(link.interface, link.mac) for link in theirs.links} == {
        (link.interface, link.mac) for link in ours.links
    }
    assert theirs.lacks == ours.lacks


def told(sightings: list[Sighting], ports: set[int]) -> set[Socket]:
    return {seen.socket for seen in sightings if seen.socket.local_port in ports}


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the truth to compare with")
def test_no_process_is_said_to_have_begun_later_than_it_did(tmp_path: Path):
    """Or what came before would be denied to be its."""
    from exporter.agent.linux import Linux

    with children.program(children.binary(tmp_path, "x")) as child:
        seen = [look().snapshot().sockets for look in (Portable, Linux)]
    theirs, ours = ({s.socket.pid: s.started for s in one}[child.pid] for one in seen)
    assert theirs is not None
    assert ours is not None
    assert ours - 2.5 < theirs <= ours
