from collections.abc import Iterator
from itertools import pairwise

import pytest
from loguru import logger

from exporter import wire
from exporter.agent.post import Post, ReportRefusedError, ServerAwayError, poster
from exporter.agent.push import KEPT_REPORTS, Agent
from exporter.agent.snapshot import Sighting, Snapshot
from exporter.events import HostReport, Link, Socket
from tests.agent.servers import Server, bound, serving

ABOUT = HostReport(version=1, device="Study-PC", interval_seconds=15.0)


class World:
    """A host, a clock and a server, all of them plain values that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.sockets = [udp(1)]
        self.unreadable: Exception | None = None
        self.links = [Link(interface="eth0", received_bytes=7)]
        self.error: Exception | None = None
        self.sent: list[HostReport] = []
        self.tries: list[float] = []
        self.seconds_per_post = self.seconds_per_look = 0.0
        self.agent = self.agent_with(self.post)

    def agent_with(self, post: Post) -> Agent:
        return Agent(ABOUT, self, post, clock=lambda: self.now, jitter=lambda: 1.0)

    def listening(self) -> list[Sighting]:
        self.now += self.seconds_per_look
        return self.sockets

    def snapshot(self) -> Snapshot:
        if self.unreadable:
            raise self.unreadable
        return Snapshot(
            sockets=self.sockets,
            addresses=["192.0.2.1", "192.0.2.1"],
            links=self.links,
            neighbours=[],
        )

    def post(self, body: bytes) -> None:
        self.now += self.seconds_per_post
        self.tries.append(self.now)
        if self.error:
            raise self.error
        self.sent.append(wire.decode(body))

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
def log() -> Iterator[list[str]]:
    lines: list[str] = []
    sink = logger.add(lines.append, format="{message}")
    yield lines
    logger.remove(sink)


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


def test_only_the_newest_reports_are_kept(world: World):
    world.error = ServerAwayError("down")
    for number in range(KEPT_REPORTS + 5):
        world.step_at(1000.0 + 15 * number)
    world.error = None
    reports = world.step_at(1000.0 + 15 * (KEPT_REPORTS + 9))
    assert len(reports) == KEPT_REPORTS
    ages = [report.age_seconds for report in reports]
    assert ages == sorted(ages, reverse=True)
    assert ages[-1] == 0.0


def test_a_server_that_is_away_is_tried_ever_more_rarely(world: World):
    world.error = ServerAwayError("down")
    for second in range(300):
        world.step_at(1000.0 + second)
    pauses = [after - before for before, after in pairwise(world.tries)]
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]


def test_a_server_that_is_away_for_days_stays_only_away(world: World):
    world.error = ServerAwayError("down")
    for minute in range(3000):
        world.step_at(1000.0 + 60 * minute)
    world.error = None
    assert len(world.step_at(200_000.0)) == KEPT_REPORTS


def test_a_refused_report_is_not_sent_again(world: World, log: list[str]):
    world.error = ReportRefusedError("HTTP 400: expected int")
    world.step_at(1000.0)
    world.error = None
    assert world.step_at(1001.5) == []
    assert log == ["report refused and dropped: HTTP 400: expected int\n"]


def test_a_refused_report_does_not_hold_up_the_next(world: World, server: Server):
    world.agent = world.agent_with(poster(server.url, None))
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
    world.agent = world.agent_with(poster(server.url, None))
    world.step_at(1000.0)  # refused: nobody listens yet
    with serving(server):
        world.step_at(1100.0)
    assert [report.age_seconds for report in server.reports()] == [100.0, 0.0]
