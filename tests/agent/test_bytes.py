"""Bytes of programs: what a real transfer of a known size is told and counted as."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

if sys.platform != "linux":
    pytest.skip("the kernel's counters are Linux's", allow_module_level=True)

from exporter.agent import push
from exporter.agent.linux import AROUND_EVERY, Linux
from exporter.agent.watch import Watch
from exporter.host_report import HostReport
from exporter.hosts.traffic import Traffic
from tests.system.parts.lab import Lab, home, run
from tests.system.parts.needs import needs
from tests.system.parts.process import until

pytestmark = [pytest.mark.system, needs("namespaces", "conntrack")]

SERVER = ("198.51.100.7", 443)
SIZE = 5_000_000
HEADERS = SIZE // 20  # at most; connection tracking counts them too
TRACKED = "table ip t { chain c { type filter hook output priority 0; ct state new counter; }; }"
# Sends as many bytes as it is told, prints when the other side has them, ends with its input.
CLIENT = """
import json, socket, sys
mine = socket.create_connection(json.loads(sys.argv[1]), 10)
for line in sys.stdin:
    mine.sendall(b"x" * int(line))
    mine.recv(1)
    print("done", flush=True)
"""


class Host:
    """The PC of the laboratory, its reports, and what the server counts of them."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._now = 1000.0
        self._collector = Linux(lambda: self._now)
        self._about = HostReport(version=1, device="pc")
        self._traffic = Traffic()
        self.report()

    def report(self) -> int:
        """Make a report; return how many bytes are the programs'."""
        self._now += AROUND_EVERY
        with self._lab.inside("pc"):
            seen = self._collector.snapshot()
        made = push.report(self._about, seen, Watch(), self._now)
        return sum(self._traffic.add(made).values())


@pytest.fixture
def lab() -> Iterator[Lab]:
    with home() as built:
        yield built


@contextmanager
def talking(lab: Lab) -> Iterator[subprocess.Popen[str]]:
    """Run a program that is connected to a server, which acknowledges every transfer."""
    with lab.inside("internet"):
        server = socket.create_server(SERVER)
    with server:
        reader = threading.Thread(target=read_all, args=(server,))
        reader.start()
        command = ["ip", "netns", "exec", lab.name("pc"), sys.executable, "-c", CLIENT]
        with subprocess.Popen(
            [*command, json.dumps(SERVER)], stdin=-1, stdout=subprocess.PIPE, text=True
        ) as client:
            yield client
        reader.join()


def read_all(server: socket.socket) -> None:
    accepted, _ = server.accept()
    with accepted:
        got = 0
        while data := accepted.recv(65536):
            got += len(data)
            if got % SIZE == 0:
                accepted.sendall(b".")


def send(client: subprocess.Popen[str]) -> None:
    assert client.stdin
    assert client.stdout
    client.stdin.write(f"{SIZE}\n")
    client.stdin.flush()
    assert client.stdout.readline() == "done\n"


def test_a_transfer_counts_as_many_bytes_as_it_had(lab: Lab):
    """While it goes on, and what came between the last report and its end."""
    host = Host(lab)
    with talking(lab) as client:
        send(client)
        assert abs(host.report() - (SIZE + 1)) <= 3  # its beginning and end count as one each
        assert host.report() == 0
        send(client)
    rest = until(host.report, "the last bytes of a closed connection")
    assert abs(rest - (SIZE + 1)) <= 3
    assert host.report() == 0


def test_where_connections_are_tracked_too_nothing_is_counted_twice(lab: Lab):
    inside = ("ip", "netns", "exec", lab.name("pc"))
    run(*inside, "nft", "-f", "-", text=TRACKED)
    run(*inside, "sysctl", "-qw", "net.netfilter.nf_conntrack_acct=1")
    host = Host(lab)
    with talking(lab) as client:
        send(client)
        counted = host.report() + host.report()
        assert SIZE < counted <= SIZE + HEADERS
        send(client)
    for _ in range(5):
        counted += host.report()
    run(*inside, "conntrack", "-F")
    for _ in range(5):
        counted += host.report()
    assert 2 * SIZE < counted <= 2 * (SIZE + HEADERS)


def test_where_tracking_counts_no_bytes_the_sockets_do(lab: Lab):
    run("ip", "netns", "exec", lab.name("pc"), "nft", "-f", "-", text=TRACKED)
    host = Host(lab)
    with talking(lab) as client:
        send(client)
        counted = host.report()
        send(client)
    counted += until(host.report, "the last bytes of a closed connection")
    assert abs(counted - 2 * (SIZE + 1)) <= 4
    assert host.report() == 0
