import pytest

from exporter.agent.conntrack import Entry, Tuple
from exporter.agent.ends import Home, crosses, flow
from exporter.host_report import Flow

ROUTER = Home(
    ["203.0.113.10", "192.168.1.1", "2001:db8:1::1", "2001:db8:ff::2"],
    behind=["2001:db8:1::/64"],
    contained=["172.17.0.0/16"],
)
STRANGER = "198.51.100.7"


def udp(
    sent: tuple[str, int, str, int], answered: tuple[str, int, str, int], size: int | None = None
) -> Entry:
    return Entry(transport="udp", original=Tuple(*sent), reply=Tuple(*answered), bytes=size)


def plain(source: str, port: int, target: str, target_port: int) -> Entry:
    return udp((source, port, target, target_port), (target, target_port, source, port))


def told(local: tuple[str, int], remote: tuple[str, int], nat_port: int | None = None) -> Flow:
    return Flow(
        transport="udp",
        local_ip=local[0],
        local_port=local[1],
        remote_ip=remote[0],
        remote_port=remote[1],
        nat_port=nat_port,
    )


def test_a_device_behind_a_router_has_its_own_port_and_the_one_outside():
    entry = udp(
        ("192.168.1.10", 50123, STRANGER, 3478), (STRANGER, 3478, "203.0.113.10", 61000), size=9
    )
    found = flow(entry, ROUTER)
    assert found == Flow(
        transport="udp",
        local_ip="192.168.1.10",
        local_port=50123,
        nat_port=61000,
        remote_ip=STRANGER,
        remote_port=3478,
        bytes=9,
    )


@pytest.mark.parametrize("outside", ["100.72.0.10", "10.0.0.2"])  # a carrier's, a second router's
def test_behind_another_nat_the_port_is_the_one_that_our_own_router_gave(outside: str):
    router = Home([outside, "192.168.1.1"])
    sent = ("192.168.1.10", 50123, STRANGER, 3478)
    entry = udp(sent, (STRANGER, 3478, outside, 61000))
    assert flow(entry, router) == told(("192.168.1.10", 50123), (STRANGER, 3478), 61000)
    own = plain(outside, 123, STRANGER, 123)
    assert flow(own, router) == told((outside, 123), (STRANGER, 123))


def test_a_port_that_was_kept_is_not_told_twice():
    entry = udp(("192.168.1.10", 50123, STRANGER, 3478), (STRANGER, 3478, "203.0.113.10", 50123))
    assert flow(entry, ROUTER) == told(("192.168.1.10", 50123), (STRANGER, 3478))


def test_a_forwarded_port_leads_to_the_device():
    entry = udp((STRANGER, 4000, "203.0.113.10", 8080), ("192.168.1.10", 80, STRANGER, 4000))
    assert flow(entry, ROUTER) == told(("192.168.1.10", 80), (STRANGER, 4000), 8080)


def test_the_routers_own_conversations_are_its_own_whoever_began():
    ours, theirs = ("203.0.113.10", 123), (STRANGER, 40000)
    assert flow(plain(*ours, *theirs), ROUTER) == told(ours, theirs)
    assert flow(plain(*theirs, *ours), ROUTER) == told(ours, theirs)


def test_a_device_with_a_public_ipv6_address_is_the_near_end_whoever_began():
    ours, theirs = ("2001:db8:1::10", 40001), ("2001:db8:9::7", 53)
    assert flow(plain(*ours, *theirs), ROUTER) == told(ours, theirs)
    assert flow(plain(*theirs, *ours), ROUTER) == told(ours, theirs)


def test_a_public_address_of_which_nothing_is_known_is_nobodys_device():
    assert flow(plain("2001:db8:7::1", 1, "2001:db8:9::7", 53), ROUTER) is None


@pytest.mark.parametrize(
    "remote",
    ["192.168.1.20", "127.0.0.1", "224.0.0.251", "255.255.255.255", "169.254.1.1", "203.0.113.10"],
)
def test_what_does_not_leave_the_house_is_left_out(remote: str):
    assert flow(plain("192.168.1.10", 5353, remote, 5353), ROUTER) is None


def test_a_conversation_that_turns_round_at_the_router_is_left_out():
    hairpin = udp(
        ("192.168.1.10", 50000, "203.0.113.10", 8080), ("192.168.1.20", 80, "192.168.1.1", 50000)
    )
    assert flow(hairpin, ROUTER) is None


def test_a_question_that_is_answered_at_home_has_not_left_it():
    diverted = udp(
        ("192.168.1.10", 5000, "198.51.100.53", 53), ("192.168.1.1", 53, "192.168.1.10", 5000)
    )
    assert flow(diverted, ROUTER) is None


def test_neighbours_of_one_ipv6_network_need_no_router():
    host = Home(["2001:db8:1::10"])
    assert not crosses("2001:db8:1::10", "2001:db8:1::20", host)
    assert crosses("2001:db8:1::10", "2001:db8:2::20", host)


def test_a_router_behind_a_router_has_a_private_address_outside():
    inner = Home(["192.168.0.5", "10.1.1.1"])
    entry = udp(("10.1.1.7", 50123, STRANGER, 443), (STRANGER, 443, "192.168.0.5", 61000))
    assert flow(entry, inner) == told(("10.1.1.7", 50123), (STRANGER, 443), 61000)


def test_a_container_speaks_as_the_host_that_it_runs_in():
    host = Home(["192.168.1.10", "172.17.0.1"], contained=["172.17.0.0/16"])
    asked = udp(("172.17.0.2", 40000, STRANGER, 443), (STRANGER, 443, "192.168.1.10", 61000))
    assert flow(asked, host) == told(("192.168.1.10", 61000), (STRANGER, 443))
    published = udp((STRANGER, 4000, "192.168.1.10", 8080), ("172.17.0.2", 80, STRANGER, 4000))
    assert flow(published, host) == told(("192.168.1.10", 8080), (STRANGER, 4000))


def test_the_host_itself_is_no_container_on_its_bridge():
    host = Home(["192.168.1.10", "172.17.0.1"], contained=["172.17.0.0/16"])
    assert host.contains("172.17.0.2")
    assert not host.contains("172.17.0.1")
