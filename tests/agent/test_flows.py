import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

if sys.platform != "linux":
    pytest.skip("connection tracking is Linux's", allow_module_level=True)

from exporter.agent.ends import Home
from exporter.agent.flows import Flows
from exporter.host_report import Flow
from tests import logged
from tests.system.parts.lab import Lab, home, run
from tests.system.parts.needs import needs
from tests.system.parts.process import until

pytestmark = [pytest.mark.system, needs("namespaces", "conntrack")]

ROUTER = Home(["203.0.113.10", "192.168.1.1", "2001:db8:1::1"], behind=["2001:db8:1::/64"])
PC = Home(["192.168.1.10"])
SERVER = ("198.51.100.7", 3478)
PORTS = """
table ip ports {
  chain pre {
    type nat hook prerouting priority dstnat;
    iifname "wan" udp dport 8080 dnat to 192.168.1.10:80
  }
  chain post {
    type nat hook postrouting priority srcnat - 1;
    udp sport 50123 masquerade to :61000
  }
}
"""


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with home() as built:
        inside(built, "router", "nft", "-f", "-", text=PORTS)
        inside(built, "router", "sysctl", "-qw", "net.netfilter.nf_conntrack_acct=1")
        yield built


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def forgotten(lab: Lab) -> None:
    """No test sees the connections of the one before."""
    with lab.inside("router"):
        Flows(Clock()).report(ROUTER)
    inside(lab, "router", "conntrack", "-F")


log = logged.fixture("DEBUG")


def inside(lab: Lab, node: str, *command: str, text: str | None = None) -> str:
    return run("ip", "netns", "exec", lab.name(node), *command, text=text)


@contextmanager
def udp(lab: Lab, node: str, ip: str = "", port: int = 0) -> Iterator[socket.socket]:
    with lab.inside(node):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with made:
        made.settimeout(10)
        made.bind((ip, port))
        yield made


def say(lab: Lab, port: int, *, to: tuple[str, int] = SERVER) -> None:
    """Let the PC say something to a server, and wait until it has passed the router."""
    with udp(lab, "internet", *to) as server, udp(lab, "pc", port=port) as client:
        client.sendto(b"hello", to)
        server.recvfrom(99)


def report(lab: Lab, flows: Flows, node: str = "router") -> list[Flow]:
    with lab.inside(node):
        return flows.report(ROUTER if node == "router" else PC)


def test_a_devices_conversation_is_told_with_the_port_outside_and_its_bytes(lab: Lab, clock: Clock):
    say(lab, 50123)
    (told,) = report(lab, Flows(clock))
    assert told == Flow(
        transport="udp",
        local_ip="192.168.1.10",
        local_port=50123,
        nat_port=61000,
        remote_ip=SERVER[0],
        remote_port=SERVER[1],
        bytes=33,  # 20 of IP, 8 of UDP, and hello
    )


def test_what_a_stranger_says_to_a_forwarded_port_is_told(lab: Lab, clock: Clock):
    with (
        udp(lab, "pc", "192.168.1.10", 80) as service,
        udp(lab, "internet", "198.51.100.9", 4000) as stranger,
    ):
        stranger.sendto(b"hi", ("203.0.113.10", 8080))
        service.recvfrom(99)
    (told,) = report(lab, Flows(clock))
    assert (told.local_ip, told.local_port, told.nat_port) == ("192.168.1.10", 80, 8080)
    assert (told.remote_ip, told.remote_port) == ("198.51.100.9", 4000)


def test_a_conversation_between_two_reports_is_told_with_its_age(lab: Lab, clock: Clock):
    flows = Flows(clock)
    assert report(lab, flows) == []
    say(lab, 50123)
    inside(lab, "router", "conntrack", "-D", "-p", "udp", "--orig-port-src", "50123")
    clock.now += 1.5
    flows.hear()
    clock.now += 10.0
    (told,) = report(lab, flows)
    assert (told.nat_port, told.age_seconds, told.bytes) == (61000, 10.0, 33)


def test_a_connection_of_tcp_is_told(lab: Lab, clock: Clock):
    flows = Flows(clock)
    report(lab, flows)
    with ExitStack() as stack:
        with lab.inside("internet"):
            server = stack.enter_context(socket.create_server(SERVER))
        with lab.inside("pc"):
            client = stack.enter_context(socket.create_connection(SERVER, 10))
        accepted = stack.enter_context(server.accept()[0])
        client.sendall(b"hello")
        assert accepted.recv(99) == b"hello"
        (told,) = report(lab, flows)
        assert (told.transport, told.local_ip) == ("tcp", "192.168.1.10")
        assert told.local_port == client.getsockname()[1]


def test_what_two_at_home_say_to_each_other_is_left_out(lab: Lab, clock: Clock):
    flows = Flows(clock)
    report(lab, flows)
    with udp(lab, "router", "192.168.1.1", 53) as resolver, udp(lab, "pc") as client:
        client.sendto(b"?", ("192.168.1.1", 53))
        resolver.recvfrom(99)
    assert inside(lab, "router", "conntrack", "-L").count("dport=53 ") == 1
    assert report(lab, flows) == []


def test_when_the_kernel_could_not_tell_of_all_the_table_is_read_again(
    lab: Lab, clock: Clock, log: list[str]
):
    flows = Flows(clock)
    report(lab, flows)
    clock.now += 1000.0
    with udp(lab, "pc") as client:
        for port in range(1, 12_001):  # more than fit into the buffer of notifications
            client.sendto(b"x", ("198.51.100.8", port))
        client.sendto(b"x", SERVER)
    with lab.inside("router"):
        flows.hear()
    assert any("could not tell of all connections" in line for line in log)
    clock.now += 1000.0
    assert len(report(lab, flows)) == 1000


def test_without_connection_tracking_the_closed_sockets_of_this_host_are_told(
    lab: Lab, clock: Clock
):
    flows = Flows(clock)
    report(lab, flows, "pc")
    with udp(lab, "pc", port=40001) as brief:
        brief.connect(SERVER)

    def told() -> list[Flow]:
        return report(lab, flows, "pc")

    (flow,) = until(told, "word of the closed socket")
    assert (flow.local_ip, flow.local_port) == ("192.168.1.10", 40001)
    assert (flow.remote_ip, flow.remote_port, flow.nat_port) == (*SERVER, None)


def test_without_rights_it_says_once_what_it_lacks_and_goes_on(lab: Lab):
    code = (
        "import os, socket\n"
        "from exporter.agent.ends import Home; from exporter.agent.flows import Flows\n"
        "os.setuid(65534)\n"
        "flows = Flows(lambda: 1.0); ours = Home(['203.0.113.10'])\n"
        "flows.report(ours)\n"
        "with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as brief:\n"
        "    brief.connect(('203.0.113.1', 9))\n"
        "while not (told := flows.report(ours)): pass\n"
        "print(told[0].remote_ip)\n"
    )
    command = ["ip", "netns", "exec", lab.name("router"), sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "203.0.113.1\n"
    assert done.stderr.count("connection tracking is closed to us") == 1
    assert done.stderr.count("\n") == 1
