import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.attribution.waiting import MAX_GROUPS, Waiting
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


@given(REJECTIONS, st.booleans())
def test_every_packet_that_waits_is_taken_once(rejections, again):
    waiting = Waiting()
    for packets in rejections:
        assert waiting.add(packets) is not None
    if again:
        restored = Waiting()
        restored.restore(waiting.groups())
        waiting = restored
    some = waiting.take(lambda group: group.rejection.transport == "udp")
    assert all(group.rejection.transport == "udp" for group in some)
    rest = waiting.take()
    assert sum(g.packets for g in some + rest) == sum(packets.count for packets in rejections)
    assert len(waiting) == 0
    assert waiting.take() == []


def test_equal_packets_wait_together_from_the_moment_of_the_first():
    waiting = Waiting()
    waiting.add(rejection(count=2))
    waiting.add(rejection(count=3, received=NOW + 5, remote_port=9))
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
    ],
    ids=str,
)
def test_packets_that_may_belong_to_others_wait_apart(other):
    waiting = Waiting()
    waiting.add(rejection())
    waiting.add(rejection(**other))
    assert len(waiting) == 2


def test_the_oldest_are_taken_first():
    waiting = Waiting()
    for port in (9, 5, 7):
        waiting.add(rejection(our_port=port))
    waiting.add(rejection(our_port=9))
    assert [group.rejection.our_port for group in waiting.take()] == [9, 5, 7]


def test_a_full_list_has_no_room_for_newcomers_but_for_more_of_what_waits():
    waiting = Waiting()
    for number in range(MAX_GROUPS):
        assert waiting.add(rejection(remote_ip=f"source-{number}"))
    assert waiting.add(rejection(remote_ip="one too many")) is None
    more = waiting.add(rejection(remote_ip="source-0"))
    assert more is not None
    assert more.packets == 2
    assert len(waiting) == MAX_GROUPS


def test_a_group_is_removed_by_any_of_its_packets():
    waiting = Waiting()
    waiting.add(rejection(count=4))
    removed = waiting.remove(rejection(received=NOW + 9))
    assert removed is not None
    assert removed.packets == 4
    assert waiting.remove(rejection()) is None
    assert len(waiting) == 0


def test_packets_of_different_flags_are_judged_apart():
    waiting = Waiting()
    for signal in ("S", "S", "RA"):
        waiting.add(rejection(transport="tcp", signal=signal))
    assert sorted(group.packets for group in waiting.groups()) == [1, 2]
