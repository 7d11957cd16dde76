"""What makes a report complete, and what a heartbeat leaves out."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.agent.heartbeat import COMPLETE_EVERY, MOVED, Heartbeat
from exporter.agent.snapshot import Sighting
from exporter.host_report import Flow, Gateway, HostReport, Link, Neighbour, Socket
from exporter.hosts import Hosts

UDP = Socket(transport="udp", local_ip="0.0.0.0", local_port=51413, process="transmission", pid=7)
SEEN = [Sighting(identity=1, socket=UDP)]
GATE = Neighbour(ip="192.168.1.1", mac="00:00:5e:00:53:01")
REPORT = HostReport(
    version=1,
    device="Study-PC",
    agent="knockwatch-agent/1",
    addresses=("192.168.1.20",),
    sockets=(replace(UDP, age_seconds=0.0),),
    neighbours=(GATE,),
    links=(Link(interface="eth0", received_bytes=10, sent_bytes=5),),
)


@pytest.fixture
def heartbeat() -> Heartbeat:
    """Return one that has just seen a complete report, at 1000 seconds."""
    made = Heartbeat()
    assert made.shorten(REPORT, SEEN, 1000.0) is REPORT
    return made


def is_short(heartbeat: Heartbeat, seen: list[Sighting] | None = None, **facts: Any) -> bool:
    report = replace(REPORT, **facts)
    short = heartbeat.shorten(report, SEEN if seen is None else seen, 1015.0)
    return short.unchanged_since is not None


def test_nothing_new_is_told_without_lists(heartbeat: Heartbeat):
    short = heartbeat.shorten(REPORT, SEEN, 1015.0)
    assert short == HostReport(version=1, device="Study-PC", unchanged_since=15.0)
    assert heartbeat.shorten(REPORT, SEEN, 1030.0).unchanged_since == 30.0


@pytest.mark.parametrize(
    "socket",
    [
        Sighting(identity=2, socket=UDP),  # closed, and opened again
        Sighting(identity=1, socket=replace(UDP, remote_ip="198.51.100.7", remote_port=1)),
        Sighting(identity=1, socket=replace(UDP, process="other")),
    ],
)
def test_another_socket_makes_it_complete(heartbeat: Heartbeat, socket: Sighting):
    assert not is_short(heartbeat, [socket])


def test_sockets_that_came_or_went_make_it_complete(heartbeat: Heartbeat):
    more = Sighting(identity=2, socket=replace(UDP, local_port=1))
    assert not is_short(heartbeat, [*SEEN, more])
    assert not is_short(heartbeat, [])


def test_a_connection_that_has_ended_is_no_change(heartbeat: Heartbeat):
    """Every report makes one."""
    ended = replace(UDP, transport="tcp", remote_ip="192.168.1.2", remote_port=10151)
    seen = Sighting(identity=2, socket=replace(ended, state="time_wait"))
    assert is_short(heartbeat, [*SEEN, seen])
    assert not is_short(heartbeat, [*SEEN, Sighting(identity=2, socket=ended)])


@pytest.mark.parametrize("remote", ["127.0.0.1", "::1", "192.168.1.20"])
def test_what_stays_inside_the_host_is_no_change(heartbeat: Heartbeat, remote: str):
    inside = replace(UDP, transport="tcp", remote_ip=remote, remote_port=9, state="established")
    assert is_short(heartbeat, [*SEEN, Sighting(identity=2, socket=inside)])


@pytest.mark.parametrize(
    "facts",
    [
        {"addresses": ("192.168.1.21",)},
        {"links": ()},
        {"links": (Link(interface="eth0", mac="00:00:5e:00:53:07"),)},
        {"links": (Link(interface="eth0", received_bytes=10 + MOVED, sent_bytes=5),)},
        {"lacks": ("connections",)},
        {"gateways": (Gateway(ip="192.168.1.1", interface="eth0"),)},
        {"neighbours": (GATE, Neighbour(ip="192.168.1.2", mac="00:00:5e:00:53:02"))},
        {"neighbours": (Neighbour(ip="192.168.1.1", mac="00:00:5e:00:53:02"),)},
    ],
)
def test_an_address_link_or_neighbour_that_is_new_makes_it_complete(heartbeat: Heartbeat, facts):
    assert not is_short(heartbeat, **facts)


@pytest.mark.parametrize(
    "facts",
    [
        {"neighbours": ()},
        {"links": (Link(interface="eth0", received_bytes=9 + MOVED, sent_bytes=5),)},
    ],
)
def test_a_neighbour_that_is_gone_and_a_few_bytes_are_no_change(heartbeat: Heartbeat, facts):
    assert is_short(heartbeat, **facts)


def test_a_complete_report_comes_each_half_hour_unless_the_server_is_away(heartbeat: Heartbeat):
    late = 1000.0 + COMPLETE_EVERY
    busy = replace(REPORT, links=(Link(interface="eth0", received_bytes=10**12),))
    assert heartbeat.shorten(busy, SEEN, late, away=True).unchanged_since == COMPLETE_EVERY
    assert heartbeat.shorten(REPORT, SEEN, late - 0.1).unchanged_since is not None
    assert heartbeat.shorten(REPORT, SEEN, late) is REPORT
    assert heartbeat.shorten(REPORT, SEEN, late + 15.0).unchanged_since == 15.0


def test_what_the_server_lacks_is_told_in_full(heartbeat: Heartbeat):
    heartbeat.forget()
    assert not is_short(heartbeat)
    assert is_short(heartbeat)


def test_conversations_that_went_on_are_told_with_each_heartbeat(heartbeat: Heartbeat):
    def talk(age: float) -> Flow:
        return Flow(
            transport="udp",
            local_ip="192.168.1.20",
            local_port=1,
            remote_ip="198.51.100.7",
            remote_port=int(age),
            age_seconds=age,
        )

    report = replace(REPORT, flows=(talk(0.0), talk(14.0), talk(16.0)))
    assert heartbeat.shorten(report, SEEN, 1015.0).flows == (talk(0.0), talk(14.0))
    assert heartbeat.shorten(report, SEEN, 1025.0).flows == (talk(0.0),)
    # One that waits takes the place of those before it, and tells what they did.
    assert heartbeat.shorten(report, SEEN, 1030.0, away=True).flows == report.flows


def test_a_connection_that_is_open_is_told_again_only_when_it_has_moved_bytes(
    heartbeat: Heartbeat,
):
    """Others are: that they are in the table of connections says that they go on."""

    def talk(port: int, count: int) -> Flow:
        return Flow(
            transport="tcp",
            local_ip="192.168.1.20",
            local_port=port,
            remote_ip="198.51.100.7",
            remote_port=443,
            bytes=count,
        )

    mine = Socket(transport="tcp", local_ip="192.168.1.20", local_port=1, remote_ip="198.51.100.7",
                  remote_port=443)  # fmt: skip
    seen = [*SEEN, Sighting(identity=2, socket=mine)]

    def told(now: float, *flows: Flow, away: bool = False) -> list[int | None]:
        report = replace(REPORT, sockets=(*REPORT.sockets, mine), flows=flows)
        short = heartbeat.shorten(report, seen, now, away=away)
        return [flow.bytes for flow in short.flows]

    assert told(1015.0, talk(1, 100)) == [100]  # with the complete report
    assert told(1030.0, talk(1, 100), talk(2, 7)) == [7]
    assert told(1045.0, talk(1, 150), talk(2, 7)) == [150, 7]
    assert told(1060.0, talk(1, 150)) == []
    # One that waits takes the place of those before it, and tells what they did.
    assert told(1075.0, talk(1, 160), away=True) == [160]
    assert told(1135.0, talk(1, 160), away=True) == [160]


def test_the_server_knows_after_a_heartbeat_what_it_knew_before(heartbeat: Heartbeat):
    hosts = Hosts()
    hosts.report(REPORT, 5000.0)
    known = hosts.report(heartbeat.shorten(REPORT, SEEN, 1015.0), 5015.0)
    assert (known.report.addresses, known.report.links) == (REPORT.addresses, REPORT.links)
    assert (known.report.agent, known.report.neighbours) == (REPORT.agent, REPORT.neighbours)
    assert [socket.age_seconds for socket in known.report.sockets] == [15.0]
    assert known.taken == 5015.0
