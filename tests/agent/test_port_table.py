"""When the router is asked, and what a report tells meanwhile."""

from collections.abc import Callable
from itertools import pairwise
from queue import SimpleQueue

import pytest

from exporter import wire
from exporter.agent import command
from exporter.agent.complaints import Complaints
from exporter.agent.outbox import Outbox
from exporter.agent.port_table import EVERY, LONGEST_PAUSE, PortTableReader, asking, available
from exporter.agent.push import Agent
from exporter.agent.snapshot import Sighting, Snapshot
from exporter.host_report import Gateway, HostReport, MappedPort, PortTable

HOME = (Gateway(ip="fe80::1"), Gateway(ip="192.168.1.1"))
CAFE = (Gateway(ip="192.168.178.1"),)
PORTS = (MappedPort(transport="udp", port=61413, ip="192.168.1.10", inside_port=51413),)


class World:
    """A clock, and gateways that answer when the test lets them."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.seconds = 0.0  # that an answer takes
        self.error: OSError | None = None
        self.asked: list[str] = []
        self.go: SimpleQueue[None] | None = None  # None: they answer at once
        self.reader = PortTableReader(self.clock, Complaints(self.clock), self.asking)

    def clock(self) -> float:
        return self.now

    def asking(self, gateway: str) -> Callable[[], PortTable]:
        def ask() -> PortTable:
            self.asked.append(gateway)
            if self.go is not None:
                self.go.get(timeout=20)
            self.now += self.seconds
            if self.error:
                raise self.error
            return PortTable(gateway=gateway, mappings=PORTS)

        return ask

    def at(self, now: float, gateways: tuple[Gateway, ...] = HOME) -> PortTable | None:
        """Look at this time, and once more when what that began has come to its end."""
        self.now = now
        self.reader.table(gateways)
        self.reader.wait()
        return self.reader.table(gateways)


@pytest.fixture
def world() -> World:
    return World()


def test_a_look_does_not_wait_and_a_later_one_has_the_table_with_its_age(world: World):
    world.go = SimpleQueue()
    assert world.reader.table(HOME) is None
    assert world.reader.table(HOME) is None
    world.go.put(None)
    world.reader.wait()
    world.now = 1007.0
    told = world.reader.table(HOME)
    assert told == PortTable(gateway="192.168.1.1", age_seconds=7.0, mappings=PORTS)
    assert world.asked == ["192.168.1.1"]


def test_the_age_counts_from_when_the_reading_began(world: World):
    world.seconds = 3.0
    world.at(1000.0)
    assert world.reader.table(HOME) == PortTable(
        gateway="192.168.1.1", age_seconds=3.0, mappings=PORTS
    )


def test_the_router_is_asked_once_a_minute(world: World):
    for now in range(1000, 1000 + 3 * int(EVERY), 15):
        world.at(float(now))
    assert len(world.asked) == 3


def test_where_there_is_no_table_the_pauses_double_up_to_an_hour(world: World, log: list[str]):
    world.error = OSError("it does not answer")
    tries = []
    for now in range(1000, 30_000, 15):
        before = len(world.asked)
        assert world.at(float(now)) is None
        tries += [now] * (len(world.asked) - before)
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert pauses[:5] == [120, 240, 480, 960, 1920]
    assert set(pauses[5:]) == {LONGEST_PAUSE}
    assert len(log) == len(tries)
    assert "cannot be read: it does not answer" in log[0]


def test_a_table_that_can_no_longer_be_read_is_no_longer_told(world: World, log: list[str]):
    world.at(1000.0)
    world.error = OSError("it is gone")
    assert world.at(1059.0) is not None
    assert world.at(1060.0) is None
    world.error = None
    assert world.at(1060.0 + 2 * EVERY) is not None
    assert [line.strip() for line in log] == [
        "the port mappings of 192.168.1.1 are read",
        "the router's port mappings cannot be read: it is gone",
        "the port mappings of 192.168.1.1 are read",
    ]


def test_in_another_network_the_other_gateway_is_asked_at_once(world: World):
    world.at(1000.0)
    told = world.at(1010.0, CAFE)
    assert told is not None
    assert told.gateway == "192.168.178.1"
    assert world.asked == ["192.168.1.1", "192.168.178.1"]


def test_what_is_read_when_the_network_has_changed_is_not_told(world: World):
    world.at(1000.0)
    world.now, world.go = 1060.0, SimpleQueue()
    assert world.reader.table(HOME) is not None
    assert world.reader.table(CAFE) is None  # home is still asked
    world.go.put(None)
    world.reader.wait()
    assert world.reader.table(CAFE) is None  # it is asked now
    world.go.put(None)
    world.reader.wait()
    assert world.asked == ["192.168.1.1", "192.168.1.1", "192.168.178.1"]


@pytest.mark.parametrize("gateways", [(), (Gateway(ip="fe80::1"),)])
def test_without_an_ipv4_gateway_nobody_is_asked(
    world: World, log: list[str], gateways: tuple[Gateway, ...]
):
    for now in (1000.0, 1060.0, 1061.0):
        assert world.at(now, gateways) is None
    assert world.asked == []
    assert log == [
        "the router's port mappings cannot be read: no IPv4 gateway of this host is known\n"
    ]


def test_a_library_that_does_not_work_here_is_said_to_be_the_reason(world: World, log: list[str]):
    def broken(gateway: str) -> Callable[[], PortTable]:
        raise ImportError("aiohttp needs a newer Python")

    world.reader = PortTableReader(world.clock, Complaints(world.clock), broken)
    assert world.at(1000.0) is None
    assert "aiohttp needs a newer Python" in log[0]


def test_who_reports_once_waits_for_the_answer(world: World):
    assert world.reader.now(HOME) == PortTable(gateway="192.168.1.1", mappings=PORTS)


# --- the agent that reports it --------------------------------------------------------------------


class Host:
    """A collector of a host on which nothing changes."""

    def listening(self) -> list[Sighting]:
        return []

    def snapshot(self) -> Snapshot:
        return Snapshot(sockets=[], addresses=[], links=[], neighbours=[], gateways=list(HOME))


def test_an_agent_tells_the_table_once_and_then_when_it_changes(world: World):
    sent: list[HostReport] = []
    complaints = Complaints(world.clock)
    outbox = Outbox(
        lambda body: sent.append(wire.decode(body)),
        clock=world.clock,
        complaints=complaints,
        era="run 1",
    )
    agent = Agent(
        HostReport(version=1, device="box"),
        Host(),
        outbox,
        clock=world.clock,
        complaints=complaints,
        ports=world.reader,
    )
    for now in range(1000, 1240, 15):
        world.now, world.go = float(now), SimpleQueue()
        agent.step()
        world.go.put(None)
        world.reader.wait()
        if now == 1120:
            world.error = OSError("it is gone")
    told = {n: one.port_table for n, one in enumerate(sent) if one.unchanged_since is None}
    assert list(told) == [0, 1, 13]  # before it is known, when it is, when it is no longer
    assert told[1] == PortTable(gateway="192.168.1.1", age_seconds=15.0, mappings=PORTS)
    assert told[0] is told[13] is None


def test_print_waits_for_the_table(
    monkeypatch: pytest.MonkeyPatch, world: World, capfdbinary: pytest.CaptureFixture[bytes]
):
    monkeypatch.setattr(command, "collector", Host)
    monkeypatch.setattr(command, "PortTableReader", lambda *_: world.reader)
    assert started(upnp=True) == 0
    assert wire.decode(capfdbinary.readouterr().out).port_table == PortTable(
        gateway="192.168.1.1", mappings=PORTS
    )
    assert started(upnp=False) == 0
    assert wire.decode(capfdbinary.readouterr().out).port_table is None
    assert len(world.asked) == 1


def test_without_the_library_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch, log: list[str]
):
    monkeypatch.setattr(command, "available", lambda: False)
    assert started(upnp=True) == 2
    assert "pip install '.[upnp]'" in log[0]


def started(*, upnp: bool) -> int:
    return command.run(
        "http://192.0.2.1:10151",
        device="box",
        token=None,
        interval=15.0,
        once=False,
        print_only=True,
        upnp=upnp,
    )


def test_the_library_is_asked_for_the_gateway_that_is_named():
    assert available()
    assert asking("192.0.2.1").__self__._gateway == "192.0.2.1"
