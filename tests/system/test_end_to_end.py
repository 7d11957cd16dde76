"""From a router's log file to PromQL, through real parts in a network of their own."""

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.system.parts import knockwatch, lab, program, prometheus, rsyslog
from tests.system.parts.founding import PORT, PROCESS, line
from tests.system.parts.needs import needs
from tests.system.parts.process import until
from tests.system.parts.ulogd import ulogd

BOX = "192.168.1.2"
REJECTED = "sum(knockwatch_rejected_packets_total)"
DECIDED = "sum(knockwatch_attributed_packets_total)"
NAMED = "sum by (device, process, evidence) (knockwatch_attributed_packets_total)"
SYSLOG = "RSYSLOG_TraditionalForwardFormat"
RFC5424 = "RSYSLOG_SyslogProtocol23Format"

pytestmark = needs("namespaces", "rsyslogd", "prometheus")


@contextmanager
def watched_home(folder) -> Iterator[tuple[lab.Lab, prometheus.Prometheus]]:
    """A home whose pc runs the culprit and an agent, watched by knockwatch and Prometheus.

    The calling thread is in the network of the box, on which those two run.
    """
    with ExitStack() as stack:
        home = stack.enter_context(lab.home())
        stack.enter_context(home.inside("box"))
        server = stack.enter_context(knockwatch.serve_in(home.name("box"), folder))
        monitor = stack.enter_context(
            prometheus.prometheus(folder, "127.0.0.1:10151", 9090, namespace=home.name("box"))
        )
        pc = home.name("pc")
        stack.enter_context(
            program.holding(PORT, PROCESS, folder, namespace=pc, greets=("198.51.100.7:3478",))
        )
        knockwatch.ready(server)
        url = f"http://{BOX}:10151"
        stack.enter_context(knockwatch.agent(pc, folder, url, device="winpc"))
        prometheus.ready(monitor)
        seen = 'knockwatch_device_info{device="winpc"}'
        until(lambda: monitor.query(seen), "report of the agent in Prometheus")
        yield home, monitor


def test_prometheus_counts_exactly_the_packets_that_the_router_refused(tmp_path):
    udp, lf, octets = (tmp_path / f"{name}.log" for name in ("udp", "lf", "octets"))
    forwards = [
        rsyslog.Forward(udp, BOX, 5514, "udp", template=SYSLOG),
        rsyslog.Forward(lf, BOX, 5514, "tcp", "traditional", SYSLOG),
        rsyslog.Forward(octets, BOX, 5514, "tcp", "octet-counted", RFC5424),
    ]
    with (
        watched_home(tmp_path) as (home, monitor),
        rsyslog.rsyslogd(tmp_path, forwards, namespace=home.name("router")),
    ):
        rsyslog.write(udp, [line(f"198.51.100.{n}:3478") for n in range(1, 41)])
        rsyslog.write(lf, [line(f"198.51.100.{n}:3478") for n in range(41, 71)])
        rsyslog.write(octets, [line(f"192.0.2.{n}:40000") for n in range(1, 21)])
        rsyslog.write(udp, [line(f"192.0.2.{n}:40000", 22, "TCP") for n in range(21, 31)])

        until(lambda: monitor.number(DECIDED) >= 100, "decision on every packet", seconds=40)
        assert monitor.number(REJECTED) == 100
        assert monitor.query(NAMED) == {
            frozenset({"device=winpc", f"process={PROCESS}", "evidence=socket"}): 90,
            frozenset({"evidence=none"}): 10,  # PromQL shows an empty label as an absent one
        }
        heard = "sum by (router, outcome) (knockwatch_messages_total)"
        assert monitor.query(heard) == {frozenset({"router=home-router", "outcome=event"}): 100}
        assert monitor.number("sum(knockwatch_dropped_messages_total)") == 0
        # At the time of a sample nothing is extrapolated: a first packet that Prometheus had
        # missed would be missing here.
        last = monitor.number("max(timestamp(knockwatch_rejected_packets_total))")
        grown = "sum(increase(knockwatch_{}_packets_total[10m]))"
        assert monitor.number(grown.format("rejected"), at=last) == pytest.approx(100)
        assert monitor.number(grown.format("attributed"), at=last) == pytest.approx(100)


@needs("ulogd")
def test_packets_that_a_real_kernel_refused_are_laid_at_the_right_door(tmp_path):
    packets = tmp_path / "packets.log"
    forward = rsyslog.Forward(packets, BOX, 5514, template="kernel", tag="kernel:")
    with (
        watched_home(tmp_path) as (home, monitor),
        rsyslog.rsyslogd(tmp_path, [forward], namespace=home.name("router")),
        ulogd(tmp_path, packets, group=lab.NFLOG_GROUP, namespace=home.name("router")) as logger,
    ):
        until(lambda: "entering main loop" in logger.output(), "listening ulogd")
        with home.inside("internet"):
            for number in range(1, 26):
                knock(f"198.51.100.{100 + number}", 3478, "203.0.113.10", PORT)

        until(lambda: monitor.number(DECIDED) >= 25, "decision on every packet", seconds=40)
        assert monitor.query(NAMED) == {
            frozenset({"device=winpc", f"process={PROCESS}", "evidence=socket"}): 25
        }
        assert monitor.number(REJECTED) == 25 == refused(home)


def knock(source: str, source_port: int, target: str, port: int) -> None:
    """Send one datagram from an address of the laboratory's internet."""
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.bind((source, source_port))
        sender.sendto(b"x", (target, port))


def refused(home: lab.Lab) -> int:
    """Return how many packets the router's own firewall counted as refused."""
    rules = lab.run("ip", "netns", "exec", home.name("router"), "nft", "list", "ruleset")
    return sum(int(count) for count in re.findall(r"counter packets (\d+)", rules))
