import pytest

from exporter.causes.signs import FLOOD_PER_MINUTE, MANY_SOURCES
from exporter.causes.spread import Seen
from exporter.events import Reason
from tests.causes.cases import BEHIND, FORWARD, HELD, MAPPED, OPEN, Case, owner, several, signs


def told(**facts):
    return signs(Case("", "", "", facts))


@pytest.mark.parametrize(
    ("signal", "opens", "accepts", "resets", "continues"),
    [
        ("S", True, False, False, False),
        ("SA", False, True, False, False),
        ("R", False, False, True, False),
        ("RA", False, False, True, False),
        ("A", False, False, False, True),
        ("FA", False, False, False, True),
        ("FPU", False, False, False, False),  # a scanner's: whatever goes on acknowledges
        ("", False, False, False, False),
    ],
)
def test_flags_say_what_a_packet_is_to_its_connection(signal, opens, accepts, resets, continues):
    tcp = told(transport="tcp", signal=signal)
    assert (tcp.opens, tcp.accepts, tcp.resets, tcp.continues) == (
        *(opens, accepts, resets, continues),
    )
    udp = told(transport="udp", signal=signal)
    assert not any((udp.opens, udp.accepts, udp.resets, udp.continues))


@pytest.mark.parametrize("signal", ["S", "SA", "R", "A", "FA", "PA", ""])
def test_flags_of_any_connection_are_not_those_of_none(signal):
    assert not told(transport="tcp", signal=signal).is_no_connection
    assert told(transport="tcp", signal="F").is_no_connection
    assert not told(transport="udp", signal="F").is_no_connection


def test_icmp_types_differ_by_version():
    assert told(transport="icmp", signal="3").is_icmp_answer
    assert not told(transport="icmp", signal="8").is_icmp_answer
    assert told(transport="icmpv6", signal="1").is_icmp_answer
    assert not told(transport="icmp", signal="1").is_icmp_answer


def test_a_port_has_the_kind_of_where_the_packet_went():
    assert told(our_port=23, transport="tcp").port_kind == "iot_botnet"
    out = told(direction="outbound", our_port=50123, destination_port=23, transport="tcp")
    assert out.port_kind == "iot_botnet"
    assert told(our_port=None, destination_port=None, remote_port=None).port_kind == ""


@pytest.mark.parametrize(
    ("port", "amplifies"), [(53, True), (123, True), (389, True), (443, False), (40000, False)]
)
def test_known_amplifiers_are_known_by_port(port, amplifies):
    assert told(remote_port=port).amplifies is amplifies


@pytest.mark.parametrize(
    ("who", "ken", "listens"),
    [
        *((FORWARD, (51413,), True), (FORWARD, (), False), (FORWARD, None, None)),
        *((MAPPED, (7000,), False), (BEHIND, (7000,), True), (OPEN, (51413,), None)),
    ],
)
def test_whether_a_device_listens_is_asked_where_the_router_names_it(who, ken, listens):
    assert signs(Case("", "", "", who=who, ken=ken)).listens is listens


def test_a_tie_has_the_level_of_its_candidates():
    assert signs(Case("", "", "", who=several(owner(), owner(9, "b")))).level == "socket"
    assert signs(Case("", "", "", who=HELD)).level == "none"
    assert signs(Case("", "", "", who=several())).level == "ambiguous"


def test_the_thresholds_are_reached_at_themselves():
    few = signs(Case("", "", "", seen=Seen(1, MANY_SOURCES - 1, FLOOD_PER_MINUTE - 1)))
    many = signs(Case("", "", "", seen=Seen(1, MANY_SOURCES, FLOOD_PER_MINUTE)))
    assert (few.has_many_sources, few.is_flood) == (False, False)
    assert (many.has_many_sources, many.is_flood) == (True, True)


def test_a_reason_tells_whose_it_is_first():
    assert signs(Case("", "", "", who=HELD)).first_reason == "untellable_tcp"
    assert signs(Case("", "", "")).first_reason == ""
    assert HELD.reasons[0] == Reason("untellable_tcp", {"port": 8333})
