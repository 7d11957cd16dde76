"""Ages over restarts, the pace after an outage, and what goes to disk."""

from pathlib import Path

import pytest

from exporter import wire
from exporter.agent.complaints import Complaints
from exporter.agent.outbox import AT_ONCE, BOOT, MAX_AGE, PER_SECOND, Outbox
from exporter.agent.post import ReportRefusedError, ServerAwayError
from exporter.agent.push import POLL
from exporter.agent.spool import MOST, Spool
from exporter.host_report import HostReport, Socket

STARTED = 1_795_000_000.0  # what the server's clock showed when the host was started first


class Host:
    """A host that may be started anew, and a server with a clock of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.uptime = 1000.0
        self.server_time: float | None = STARTED + 1000.0
        self.error: Exception | None = None
        self.sent: list[HostReport] = []
        self.asked = 0
        self.outbox = self.started("boot 1")

    def started(self, era: str) -> Outbox:
        """Start the agent in this era of the host."""
        self.outbox = Outbox(
            self.post,
            clock=lambda: self.uptime,
            complaints=Complaints(lambda: self.uptime),
            era=era,
            spool=Spool(self.folder),
            server_time=self.time,
            jitter=lambda: 1.0,
        )
        return self.outbox

    def passes(self, seconds: float) -> None:
        self.uptime += seconds
        if self.server_time is not None:
            self.server_time += seconds

    def restarts(self, off: float, uptime: float, era: str = "boot 2") -> None:
        """Start the host again: it was off for a time, and is up for another."""
        self.uptime = uptime
        if self.server_time is not None:
            self.server_time += off + uptime
        self.error = None
        self.started(era)

    def post(self, body: bytes) -> float | None:
        if self.error:
            raise self.error
        self.sent.append(wire.decode(body))
        return self.server_time

    def time(self) -> float | None:
        self.asked += 1
        return self.server_time

    def makes(self, port: int = 1) -> None:
        socket = Socket(transport="udp", local_ip="0.0.0.0", local_port=port)
        report = HostReport(version=1, device="PC", sockets=(socket,))
        self.outbox.add(report, self.uptime)

    def fails(self, ports: int = 1, error: Exception | None = None) -> None:
        """Make a report after a first one that was taken, while the server is away."""
        self.makes()
        self.outbox.send()
        self.error = error or ServerAwayError("down")
        for port in range(ports):
            self.makes(port + 2)
            self.outbox.send()
        self.sent.clear()

    def ages(self) -> list[float]:
        return [report.age_seconds for report in self.sent]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_in_memory_is_only_what_can_be_sent_now(host: Host):
    host.makes()
    assert list(host.folder.iterdir()) == []
    host.error = ServerAwayError("down")
    host.outbox.send()
    assert len(list(host.folder.iterdir())) == 1
    host.makes(2)  # the next try is a while away
    assert len(list(host.folder.iterdir())) == 2


def test_an_age_of_nothing_takes_no_room(host: Host):
    bodies: list[bytes] = []
    host.outbox._post = bodies.append
    host.outbox.add(HostReport(version=1, device="PC", unchanged_since=15.0), host.uptime)
    host.passes(0.02)
    host.outbox.send()
    assert bodies == [b'{"version":1,"device":"PC","unchanged_since":15.0}']


def test_a_restart_of_the_agent_changes_no_age(host: Host):
    host.fails()
    host.passes(500.0)
    host.error = None
    host.started("boot 1").send()
    assert host.ages() == [500.0]
    assert host.asked == 0


def test_over_a_restart_of_the_host_the_servers_clock_tells_the_age(host: Host):
    host.fails()
    host.passes(100.0)
    host.restarts(off=3600.0, uptime=30.0)
    host.outbox.send()
    assert host.ages() == [3730.0]
    assert host.asked == 1


def test_a_report_whose_time_the_server_never_told_is_dropped_after_a_restart(host: Host):
    host.server_time = None
    host.fails()
    host.restarts(off=3600.0, uptime=30.0)
    host.server_time = STARTED + 9000.0
    host.outbox.send()
    assert host.sent == []
    assert list(host.folder.iterdir()) == []


def test_without_the_servers_time_nothing_of_before_a_restart_is_sent(host: Host):
    host.fails()
    host.restarts(off=3600.0, uptime=30.0)
    host.server_time = None
    host.outbox.send()
    assert host.sent == []


@pytest.mark.parametrize("jump", [-4000.0, -3610.0, 2 * MAX_AGE])
def test_an_age_that_cannot_be_is_dropped(host: Host, jump: float):
    host.fails()
    host.restarts(off=3600.0, uptime=30.0)
    assert host.server_time
    host.server_time += jump  # somebody set the server's clock
    host.outbox.send()
    assert host.sent == []
    assert list(host.folder.iterdir()) == []


def test_where_the_system_names_no_start_the_server_tells_the_age_over_each_restart(host: Host):
    host.started("run a")
    host.fails()
    host.passes(100.0)
    host.restarts(off=0.0, uptime=host.uptime, era="run b")  # of the agent alone
    assert host.server_time
    host.server_time -= host.uptime
    host.outbox.send()
    assert host.ages() == [100.0]


def test_a_report_older_than_a_day_says_nothing_more(host: Host):
    host.fails()
    host.passes(MAX_AGE - 1.0)
    host.makes(3)
    host.passes(2.0)
    host.error = None
    host.outbox.send()
    assert host.ages() == [2.0]


def test_a_server_that_is_away_is_not_taken_for_one_that_tells_no_time(host: Host):
    host.fails()
    host.restarts(off=3600.0, uptime=30.0)

    def down() -> float:
        raise ServerAwayError("down")

    asking = host.time
    host.outbox._ask_time = down
    host.outbox.send()
    assert (host.sent, len(list(host.folder.iterdir()))) == ([], 1)
    host.outbox._ask_time = asking
    host.passes(60.0)
    host.outbox.send()
    assert host.ages() == [3690.0]


def test_after_an_outage_reports_are_sent_as_fast_as_the_server_takes_them(host: Host):
    host.fails(ports=AT_ONCE + 10)
    host.error = None
    host.passes(60.0)
    host.outbox.send()
    assert len(host.sent) == AT_ONCE
    assert host.outbox.away  # it has not caught up
    host.makes(99)
    host.passes(0.5)
    host.outbox.send()
    assert len(host.sent) == AT_ONCE + round(PER_SECOND / 2)
    host.passes(1.5)
    host.outbox.send()
    ports = [report.sockets[0].local_port for report in host.sent]
    assert ports == [*range(2, AT_ONCE + 12), 99]
    assert not host.outbox.away


@pytest.mark.thorough
def test_a_day_of_reports_is_caught_up_with_in_five_minutes(host: Host):
    host.fails(ports=MOST)
    host.error = None
    host.passes(60.0)
    steps = 0
    while host.outbox.away:
        host.passes(POLL)
        host.outbox.send()
        steps += 1
    assert len(host.sent) == MOST
    assert steps * POLL <= 300.0


def test_a_refused_report_of_the_spool_costs_itself_only(host: Host):
    host.fails(ports=3)
    host.passes(60.0)
    host.error = ReportRefusedError("HTTP 400: no", 400)
    assert host.outbox.send() == "next"
    assert list(host.folder.iterdir()) == []


def test_where_nothing_can_be_written_reports_wait_in_memory(host: Host, log: list[str]):
    (host.folder / "file").touch()
    host.folder = host.folder / "file" / "spool"
    host.started("boot 1")
    host.fails(ports=3)
    host.passes(60.0)
    host.error = None
    host.outbox.send()
    assert host.ages() == [60.0] * 3
    assert [line for line in log if "in memory only" in line] == log[1:2]


def test_the_era_of_a_host_is_told_from_an_agents_own():
    assert "boot 1".startswith(BOOT)
    assert not "run a".startswith(BOOT)
