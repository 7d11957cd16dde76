import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.attribution.waiting import MAX_GROUPS, Group, Waiting
from tests.rejections import NOW, rejection

REJECTIONS = st.lists(
    st.builds(
        rejection,
        received=st.floats(NOW, NOW + 60),
        remote_ip=st.sampled_from(["198.51.100.7", "198.51.100.8", ""]),
        our_port=st.sampled_from([None, 5, 6]),
        transport=st.sampled_from(["udp", "tcp"]),
        count=st.integers(1, 1_000_000),
    ),
    max_size=50,
)


def flat(taken):
    return [group for groups in taken for group in groups]


def add(waiting, packets):
    waiting.add(Group(rejection=packets, packets=packets.count, last=packets.received))


@given(REJECTIONS, st.booleans())
def test_every_packet_that_waits_is_taken_once(rejections, again):
    waiting = Waiting()
    for packets in rejections:
        add(waiting, packets)
    if again:
        restored = Waiting()
        restored.restore(waiting.groups())
        waiting = restored
    assert waiting.packets == sum(packets.count for packets in rejections)
    some = flat(waiting.take(lambda group: group.rejection.transport == "udp"))
    assert all(group.rejection.transport == "udp" for group in some)
    rest = flat(waiting.take())
    assert sum(g.packets for g in some + rest) == sum(packets.count for packets in rejections)
    assert len(waiting) == 0
    assert waiting.take() == []


def test_equal_packets_wait_together_from_the_moment_of_the_first():
    waiting = Waiting()
    add(waiting, rejection(count=2))
    add(waiting, rejection(count=3, received=NOW + 5, remote_port=9))
    [group] = waiting.groups()
    assert (group.packets, group.rejection.received, group.last) == (5, NOW, NOW + 5)


@pytest.mark.parametrize(
    "other",
    [
        {"router": "attic"},
        {"direction": "local"},
        {"transport": "tcp"},
        {"remote_ip": "198.51.100.8"},
        {"our_ip": "203.0.113.10"},
        {"our_port": 51414},
        {"our_port": None},
        {"inside": True},
    ],
    ids=str,
)
def test_packets_that_may_belong_to_others_wait_apart(other):
    waiting = Waiting()
    add(waiting, rejection())
    add(waiting, rejection(**other))
    assert len(waiting) == 2


def test_the_oldest_are_taken_first():
    waiting = Waiting()
    for port in (9, 5, 7):
        add(waiting, rejection(our_port=port))
    add(waiting, rejection(our_port=9))
    assert [group.rejection.our_port for group in flat(waiting.take())] == [9, 5, 7]


def test_what_is_alike_is_taken_together():
    waiting = Waiting()
    for ip in ("198.51.100.7", "198.51.100.8"):
        for router in ("gw", "attic"):
            add(waiting, rejection(remote_ip=ip, router=router))
    taken = waiting.take()
    assert [[group.rejection.router for group in groups] for groups in taken] == [
        ["gw", "gw"],
        ["attic", "attic"],
    ]


def test_there_is_no_more_room_than_that():
    waiting = Waiting()
    for number in range(MAX_GROUPS):
        add(waiting, rejection(remote_ip=f"source-{number}"))
    add(waiting, rejection(remote_ip="source-0"))
    assert (waiting.room, len(waiting), waiting.packets) == (0, MAX_GROUPS, MAX_GROUPS + 1)


def test_a_group_is_removed_and_leaves_room():
    waiting = Waiting()
    add(waiting, rejection(count=4))
    [group] = waiting.groups()
    waiting.remove(group)
    assert (len(waiting), waiting.room, waiting.groups()) == (0, MAX_GROUPS, [])


def test_packets_of_different_flags_are_judged_apart():
    waiting = Waiting()
    for signal in ("S", "S", "RA"):
        add(waiting, rejection(transport="tcp", signal=signal))
    assert sorted(group.packets for group in waiting.groups()) == [1, 2]
