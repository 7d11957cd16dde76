from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from exporter import wire
from exporter.agent.complaints import Complaints
from exporter.agent.outbox import IN_MEMORY, Outbox
from exporter.agent.post import Post, ReportRefusedError, ServerAwayError
from exporter.agent.post import Server as There
from exporter.agent.push import INTERVAL_AWAY, Agent
from exporter.agent.snapshot import Sighting, Snapshot
from exporter.agent.spool import Spool
from exporter.host_report import Flow, Gateway, HostReport, Link, Socket
from tests.agent.servers import Server, bound, serving

ABOUT = HostReport(  # about as long as real ones are
    version=1,
    device="Study-PC",
    machine_id="0123456789abcdef" * 2,
    interval_seconds=15.0,
    os="Linux 6.12.48+deb13-amd64",
    agent="knockwatch-agent/0.1.0",
)


class World:
    """A host, a clock and a server, all of them plain values that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.sockets = [udp(1)]
        self.unreadable: Exception | None = None
        self.links = [Link(interface="eth0", received_bytes=7)]
        self.flows: list[Flow] = []
        self.gateways: list[Gateway] = []
        self.error: Exception | None = None
        self.refuses_heartbeats = False
        self.sent: list[HostReport] = []
        self.sizes: list[int] = []
        self.tries: list[float] = []
        self.seconds_per_post = self.seconds_per_look = 0.0
        self.snapshots = 0
        self.agent = self.agent_with(self.post)

    def agent_with(self, post: Post, spool: Spool | None = None) -> Agent:
        complaints = Complaints(self.clock)
        outbox = Outbox(
            post,
            clock=self.clock,
            complaints=complaints,
            era="run 1",
            spool=spool,
            jitter=lambda: 1.0,
        )
        return Agent(ABOUT, self, outbox, clock=self.clock, complaints=complaints)

    def clock(self) -> float:
        return self.now

    def listening(self) -> list[Sighting]:
        self.now += self.seconds_per_look
        return self.sockets

    def snapshot(self) -> Snapshot:
        self.snapshots += 1
        if self.unreadable:
            raise self.unreadable
        return Snapshot(
            sockets=self.sockets,
            addresses=["192.0.2.1", "192.0.2.1"],
            links=self.links,
            neighbours=[],
            flows=self.flows,
            gateways=self.gateways,
        )

    def post(self, body: bytes) -> None:
        self.now += self.seconds_per_post
        self.tries.append(self.now)
        if self.error:
            raise self.error
        report = wire.decode(body)
        self.sent.append(report)
        self.sizes.append(len(body))
        if self.refuses_heartbeats and report.unchanged_since is not None:
            raise ReportRefusedError("HTTP 409: send a full one", 409)

    def step_at(self, now: float) -> list[HostReport]:
        """Let the agent look at this time; return what it sent."""
        self.now = now
        self.sent = []
        self.agent.step()
        return self.sent


def udp(identity: int, port: int = 51413) -> Sighting:
    return Sighting(
        identity=identity, socket=Socket(transport="udp", local_ip="0.0.0.0", local_port=port)
    )


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def server() -> Iterator[Server]:
    with bound() as found:
        yield found


def test_the_first_report_is_complete(world: World):
    (report,) = world.step_at(1000.0)
    assert report.device == "Study-PC"
    assert report.addresses == ("192.0.2.1",)
    assert report.links == (Link(interface="eth0", received_bytes=7),)
    assert [(s.local_port, s.age_seconds) for s in report.sockets] == [(51413, 0.0)]
    assert report.age_seconds == 0.0


def test_without_changes_a_report_is_sent_each_interval(world: World):
    times = [t for t in range(1000, 1061) if world.step_at(float(t))]
    assert times == [1000, 1015, 1030, 1045, 1060]


def test_a_change_is_reported_at_the_next_look(world: World):
    world.step_at(1000.0)
    world.sockets = [udp(1), udp(2, 3478)]
    (report,) = world.step_at(1001.5)
    assert [(s.local_port, s.age_seconds) for s in report.sockets] == [(51413, 1.5), (3478, 0.0)]
    assert world.step_at(1003.0) == []


def test_an_old_report_never_claims_that_its_sockets_are_open_now(world: World):
    world.error = ServerAwayError("down")
    world.step_at(1000.0)
    world.sockets = []
    world.step_at(1001.5)
    world.error = None
    old, new = world.step_at(1010.0)
    assert (old.age_seconds, len(old.sockets)) == (10.0, 1)
    assert (new.age_seconds, len(new.sockets)) == (8.5, 0)


def test_reports_age_while_others_are_being_sent(world: World):
    world.error = ServerAwayError("down")
    world.step_at(1000.0)
    world.sockets = []
    world.step_at(1001.5)
    world.error = None
    world.seconds_per_post = 4.0
    assert [report.age_seconds for report in world.step_at(1010.0)] == [10.0, 12.5]


def test_where_nothing_can_be_written_only_the_newest_reports_are_kept(world: World):
    world.error = ServerAwayError("down")
    for number in range(IN_MEMORY + 5):
        world.sockets = [udp(number)]
        world.step_at(1000.0 + 15 * number)
    world.error = None
    world.sockets = [udp(99)]
    reports = world.step_at(1000.0 + 15 * (IN_MEMORY + 9))
    assert len(reports) == IN_MEMORY
    ages = [report.age_seconds for report in reports]
    assert ages == sorted(ages, reverse=True)
    assert ages[-1] == 0.0


def test_a_server_that_is_away_is_tried_ever_more_rarely(world: World):
    world.error = ServerAwayError("down")
    for second in range(300):
        world.step_at(1000.0 + second)
    pauses = [after - before for before, after in pairwise(world.tries)]
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]


@pytest.mark.thorough
def test_a_server_that_is_away_for_days_gets_the_present(world: World):
    world.error = ServerAwayError("down")
    for minute in range(3000):
        world.step_at(1000.0 + 60 * minute)
    world.error, world.refuses_heartbeats = None, True  # its state is gone, too
    heartbeat, now = world.step_at(200_000.0)
    assert heartbeat.unchanged_since is not None
    assert (now.age_seconds, len(now.sockets)) == (0.0, 1)


def test_an_idle_host_costs_less_than_a_kilobyte_a_minute(world: World):
    world.sockets = [udp(number, 40_000 + number) for number in range(40)]
    times = [1000.0 + 1.5 * look for look in range(int(3600 / 1.5))]
    sent = [report for now in times for report in world.step_at(now)]
    assert len(sent) == 240  # each interval, as before
    assert sum(report.unchanged_since is None for report in sent) == 2  # each half hour
    heartbeats = sorted(world.sizes)[:-2]
    assert sum(heartbeats) / 60 < 900
    assert sum(world.sizes) / 60 < 1000
    assert sum(world.sizes) < 0.1 * 240 * max(world.sizes)


def test_a_heartbeat_that_the_server_cannot_place_is_followed_by_a_full_report_at_once(
    world: World, log: list[str]
):
    world.step_at(1000.0)
    world.refuses_heartbeats = True  # it was started anew
    heartbeat, full = world.step_at(1015.0)
    assert heartbeat.unchanged_since == 15.0
    assert (full.unchanged_since, len(full.sockets), full.age_seconds) == (None, 1, 0.0)
    world.refuses_heartbeats = False
    (again,) = world.step_at(1030.0)
    assert again.unchanged_since == 15.0
    assert log == []  # nothing is wrong


def test_after_a_refused_report_the_next_one_is_complete(world: World):
    world.error = ReportRefusedError("HTTP 400: no", 400)
    world.step_at(1000.0)
    world.error = None
    (report,) = world.step_at(1015.0)
    assert (report.unchanged_since, len(report.sockets)) == (None, 1)


@pytest.mark.thorough
def test_an_idle_host_keeps_two_reports_however_long_the_server_is_away(
    world: World, tmp_path: Path
):
    spool = Spool(tmp_path)
    world.agent = world.agent_with(world.post, spool)
    world.error = ServerAwayError("down")
    for minute in range(600):
        world.step_at(1000.0 + 60 * minute)
    assert len(spool) == 2
    world.error = None
    first, last, now = world.step_at(37_000.0) + world.step_at(37_001.5)
    assert (first.age_seconds, len(first.sockets)) == (36_000.0, 1)
    assert last.unchanged_since == 36_000.0 - last.age_seconds
    assert now.age_seconds == 0.0


def test_while_the_server_is_away_a_report_is_made_each_minute_and_for_each_change(world: World):
    world.error = ServerAwayError("down")
    world.step_at(1000.0)
    looks = []
    for second in range(1001, 1121):
        before = world.snapshots
        world.step_at(float(second))
        looks += [second] * (world.snapshots - before)
        if second == 1030:
            world.sockets = [udp(2)]
    assert looks == [1015, 1031, 1031 + INTERVAL_AWAY]


def test_what_waits_on_disk_outlives_a_restart_of_the_agent(world: World, tmp_path: Path):
    world.agent = world.agent_with(world.post, Spool(tmp_path))
    world.error = ServerAwayError("down")
    world.step_at(1000.0)
    world.sockets = []
    world.step_at(1001.5)
    world.agent = world.agent_with(world.post, Spool(tmp_path))
    world.error = None
    old, newer, now = world.step_at(1100.0)
    assert [len(report.sockets) for report in (old, newer, now)] == [1, 0, 0]
    assert [report.age_seconds for report in (old, newer, now)] == [100.0, 98.5, 0.0]
    assert list(tmp_path.iterdir()) == []


def test_a_refused_report_is_not_sent_again(world: World, log: list[str]):
    world.error = ReportRefusedError("HTTP 400: expected int")
    world.step_at(1000.0)
    world.error = None
    assert world.step_at(1001.5) == []
    assert log == ["report refused and dropped: HTTP 400: expected int\n"]


def test_a_refused_report_does_not_hold_up_the_next(world: World, server: Server):
    world.agent = world.agent_with(There(server.url).post)
    world.step_at(1000.0)
    world.step_at(1015.0)
    server.answers = [(400, {}, b'{"error": "no"}')]
    with serving(server):
        world.step_at(1029.0)
    assert [report.age_seconds for report in server.reports()] == [29.0, 14.0]
    assert server.answers == []


def test_the_same_trouble_is_logged_once_a_minute(world: World, log: list[str]):
    world.error = ServerAwayError("down")
    for second in range(0, 120, 5):
        world.step_at(1000.0 + second)
    assert len(log) == 2
    world.error = None
    world.step_at(1200.0)
    assert log[2].startswith("server is back")


def test_a_braced_text_of_the_server_is_logged_as_it_is(world: World, log: list[str]):
    world.error = ReportRefusedError("{0} {device}")
    world.step_at(1000.0)
    assert log == ["report refused and dropped: {0} {device}\n"]


def test_a_system_that_cannot_be_read_for_a_moment_stops_nothing(world: World, log: list[str]):
    world.unreadable = OSError(105, "no buffer")
    assert world.step_at(1000.0) == []
    world.unreadable = None
    assert len(world.step_at(1001.5)) == 1
    assert log == ["the sockets of this host cannot be read: [Errno 105] no buffer\n"]


def test_more_sockets_than_the_server_takes_do_not_silence_the_host(world: World):
    world.sockets = [udp(number, number % 65536) for number in range(wire.MAX_SOCKETS + 1)]
    (report,) = world.step_at(1000.0)
    assert len(report.sockets) == wire.MAX_SOCKETS


def test_conversations_and_ways_out_are_told_as_far_as_the_server_takes_them(world: World):
    talk = Flow(
        transport="udp",
        local_ip="192.168.1.10",
        local_port=50123,
        nat_port=61000,
        remote_ip="198.51.100.7",
        remote_port=3478,
        age_seconds=1.5,
    )
    world.flows = [talk] * (wire.MAX_FLOWS + 1)
    world.gateways = [Gateway(ip="192.168.1.1")] * (wire.MAX_GATEWAYS + 1)
    (report,) = world.step_at(1000.0)
    assert (report.flows[0], len(report.flows)) == (talk, wire.MAX_FLOWS)
    assert (report.gateways[0].ip, len(report.gateways)) == ("192.168.1.1", wire.MAX_GATEWAYS)


def test_more_or_longer_links_than_the_server_takes_do_not_silence_the_host(world: World):
    world.links = [Link(interface=f"{n:03}" + "x" * 99) for n in range(wire.MAX_LINKS + 1)]
    (report,) = world.step_at(1000.0)
    names = [link.interface for link in report.links]
    assert (len(names), names[-1]) == (wire.MAX_LINKS, "063" + "x" * 61)


@pytest.mark.parametrize("error", [OSError(105, "no buffer"), ValueError("odd"), UnicodeError()])
def test_whatever_a_look_meets_is_logged_once_a_minute_and_survived(
    world: World, log: list[str], error: Exception
):
    world.unreadable = error
    for second in range(0, 120, 5):
        assert world.step_at(1000.0 + second) == []
    assert len(log) == 2
    world.unreadable = None
    assert len(world.step_at(1200.0)) == 1


def test_a_report_that_is_no_text_does_not_hold_up_the_next(world: World, log: list[str]):
    world.links = [Link(interface="\ud800")]
    assert world.step_at(1000.0) == []
    world.links = []
    assert len(world.step_at(1015.0)) == 1
    assert [line.partition(":")[0] for line in log] == ["report refused and dropped"]


def test_a_look_that_takes_long_is_repeated_more_rarely(world: World):
    world.step_at(1000.0)
    pauses = []
    for seconds in (0.0, 0.1, 1.0, 5.0):
        world.seconds_per_look = seconds
        world.now = 1001.0
        pauses.append(world.agent.step())
    assert pauses == pytest.approx([1.5, 1.5, 9.0, 15.0])


def test_a_real_server_gets_what_it_missed_with_its_true_age(world: World, server: Server):
    world.agent = world.agent_with(There(server.url).post)
    world.step_at(1000.0)  # refused: nobody listens yet
    with serving(server):
        world.step_at(1100.0)
    assert [report.age_seconds for report in server.reports()] == [100.0, 0.0]
