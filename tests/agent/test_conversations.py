import pytest

from exporter.agent.conversations import KEPT, MOST, Conversations
from exporter.host_report import Flow


def to(port: int, **more: float) -> Flow:
    return Flow(
        transport="udp",
        local_ip="192.168.1.10",
        local_port=50123,
        remote_ip="198.51.100.7",
        remote_port=port,
        **more,  # type: ignore[arg-type]
    )


def ages(conversations: Conversations, now: float) -> list[tuple[int, float]]:
    return [(flow.remote_port, flow.age_seconds) for flow in conversations.told(now)]


def test_an_open_conversation_is_seen_now_and_an_ended_one_ages():
    found = Conversations()
    found.opened(to(1), 100.0)
    found.opened(to(2), 101.0)
    found.ended(to(2), 110.0)
    assert ages(found, 130.5) == [(1, 0.0), (2, 20.5)]


def test_a_conversation_between_two_looks_is_told():
    found = Conversations()
    found.opened(to(1), 100.0)
    found.ended(to(1, bytes=63), 100.0)
    assert found.told(101.5) == [to(1, bytes=63, age_seconds=1.5)]


def test_an_end_is_told_for_ten_minutes():
    found = Conversations()
    found.ended(to(1), 100.0)
    found.ended(to(2), 101.0)
    assert ages(found, 100.0 + KEPT) == [(2, KEPT - 1.0), (1, KEPT)]
    assert ages(found, 100.5 + KEPT) == [(2, KEPT - 0.5)]
    assert ages(found, 102.0 + KEPT) == []


def test_the_newest_come_first():
    found = Conversations()
    for port in (1, 2, 3, 4):
        found.opened(to(port), 100.0)
    found.ended(to(1), 101.0)
    found.ended(to(3), 102.0)
    assert [port for port, _ in ages(found, 103.0)] == [4, 2, 3, 1]


def test_a_conversation_that_begins_again_is_open_and_told_once():
    found = Conversations()
    found.ended(to(1), 100.0)
    found.opened(to(1), 105.0)
    assert ages(found, 110.0) == [(1, 0.0)]


def test_what_is_not_in_the_table_any_more_was_last_seen_before():
    found = Conversations()
    found.opened(to(1), 100.0)
    found.listed([to(1), to(2)], 115.0)
    found.opened(to(3), 120.0)
    found.listed([to(2, bytes=7)], 130.0)
    assert found.told(130.0) == [
        to(2, bytes=7),
        to(3, age_seconds=10.0),
        to(1, age_seconds=15.0),
    ]


def test_a_table_brings_back_what_ended():
    found = Conversations()
    found.ended(to(1), 100.0)
    found.listed([to(1)], 115.0)
    assert ages(found, 120.0) == [(1, 0.0)]


def test_a_closed_socket_ends_no_conversation_that_is_tracked():
    found = Conversations()
    found.opened(to(1, nat_port=61000), 100.0)
    found.closed(to(1), 101.0)
    assert found.told(102.0) == [to(1, nat_port=61000)]


def test_a_closed_socket_of_an_ended_conversation_does_not_take_its_port():
    found = Conversations()
    found.ended(to(1, nat_port=61000), 100.0)
    found.closed(to(1), 101.0)
    assert found.told(102.0) == [to(1, nat_port=61000, age_seconds=1.0)]


def test_a_closed_socket_where_nothing_is_tracked_is_the_end_of_its_conversation():
    found = Conversations()
    found.closed(to(1), 101.0)
    assert ages(found, 102.0) == [(1, 1.0)]


def test_a_flood_of_conversations_leaves_the_newest():
    found = Conversations(most=3)
    for port in range(1, 8):
        found.opened(to(port), 100.0)
    assert [port for port, _ in ages(found, 100.0)] == [7, 6, 5]
    for port in range(11, 18):
        found.ended(to(port), 101.0)
    assert [port for port, _ in ages(found, 101.0)] == [7, 6, 5, 17, 16, 15]


def test_a_large_table_does_not_displace_what_is_known_to_be_new():
    found = Conversations(most=3)
    found.opened(to(1), 100.0)
    found.opened(to(2), 100.0)
    found.listed([to(port) for port in (9, 8, 7, 2, 1)], 115.0)
    assert [port for port, _ in ages(found, 115.0)] == [2, 1, 9]


@pytest.mark.thorough
def test_a_report_is_bounded():
    found = Conversations()
    found.listed([to(port) for port in range(60_000)], 100.0)
    for port in range(60_000):
        found.closed(to(port), 100.0)
    assert len(found.told(100.0)) == 2 * MOST


def tcp(port: int, count: int | None = None) -> Flow:
    return Flow(
        transport="tcp",
        local_ip="192.168.1.10",
        local_port=port,
        remote_ip="198.51.100.7",
        remote_port=443,
        bytes=count,
    )


def test_of_two_counts_of_one_conversation_the_greater_one_is_told():
    found = Conversations()
    found.opened(tcp(1, 60), 100.0)
    found.opened(tcp(2, 900), 100.0)
    assert found.told(101.0, [tcp(1, 500), tcp(2, 800), tcp(3, 7)]) == [
        tcp(2, 900),
        tcp(1, 500),
        tcp(3, 7),
    ]


def test_the_last_count_of_a_socket_outlives_its_tracked_connection():
    found = Conversations()
    found.opened(tcp(1), 100.0)
    found.closed(tcp(1, 512), 101.0)
    assert found.told(101.0) == [tcp(1, 512)]
    found.listed([tcp(1)], 102.0)
    assert found.told(102.0) == [tcp(1, 512)]
    found.ended(tcp(1), 103.0)
    assert [flow.bytes for flow in found.told(103.0)] == [512]


def test_a_connection_that_was_tracked_no_more_tells_its_last_count():
    found = Conversations()
    found.ended(tcp(1, 60), 100.0)
    found.closed(tcp(1, 512), 101.0)
    assert [(flow.bytes, flow.age_seconds) for flow in found.told(102.0)] == [(512, 1.0)]


def test_the_same_ends_once_more_begin_to_count_anew():
    found = Conversations()
    found.closed(tcp(1, 9000), 100.0)
    assert found.told(101.0, [tcp(1, 5)]) == [tcp(1, 5)]
    found.closed(tcp(1, 70), 102.0)
    assert [flow.bytes for flow in found.told(102.0)] == [70]


def test_counts_are_bounded():
    found = Conversations(most=2)
    assert len(found.told(100.0, [tcp(port, 1) for port in range(9)])) == 2
