import pytest

from exporter.routers import RouterRule, Routers
from exporter.routers.routers import MAX_ROUTERS
from tests import timing
from tests.rejections import NOW, rejection

RULES = [
    RouterRule(name="gate", senders=frozenset({"192.168.1.1", "2001:db8::1"})),
    RouterRule(name="attic", hosts=frozenset({"AP-Attic"})),
    RouterRule(name="shed", files=frozenset({"/var/log/shed.log", "/var/log/shed/*.log"})),
    RouterRule(name="lodge", files=frozenset({"/var/log/*.log", "stdin"})),
]
GATEWAY = "172.17.0.1"


@pytest.mark.parametrize(
    ("sender", "hostname", "name"),
    [
        ("192.168.1.1", None, "gate"),  # a configured address
        ("192.168.1.1", "AP-Attic", "gate"),  # … whatever the header says
        ("2001:db8::1", "openwrt", "gate"),
        ("127.0.0.1", "AP-Attic", "attic"),  # a configured host behind a relay on this machine
        ("127.0.0.1", "ap-attic", "attic"),
        ("127.0.0.1", "openwrt", "openwrt"),
        ("127.0.0.53", "openwrt", "openwrt"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("::1", "openwrt", "openwrt"),
        ("::1", "AP-ATTIC", "attic"),
        ("::1", None, "::1"),
        (GATEWAY, "openwrt", "openwrt"),  # our own gateway hides who sent it
        (GATEWAY, "AP-Attic", "attic"),
        (GATEWAY, None, GATEWAY),
        ("192.168.1.7", "openwrt", "192.168.1.7"),  # nobody else speaks for others
        ("192.168.1.7", "AP-Attic", "192.168.1.7"),
        ("192.168.1.7", "gate", "192.168.1.7"),
        ("2001:db8::7", "openwrt", "2001:db8::7"),
        ("1270.0.0.1", "openwrt", "1270.0.0.1"),
        ("/var/log/shed.log", "openwrt", "shed"),  # a configured file, whatever the header says
        ("/var/log/shed.log", None, "shed"),
        ("/var/log/shed/2026.log", "openwrt", "shed"),
        ("/var/log/shed/more/2026.log", "openwrt", "openwrt"),
        ("/var/log/messages.log", "openwrt", "lodge"),
        ("stdin", "openwrt", "lodge"),
        ("/var/log/messages", "openwrt", "openwrt"),  # else a file is like a relay
        ("/var/log/messages", "ap-attic", "attic"),
        ("/var/log/messages", None, "/var/log/messages"),
        ("", "openwrt", "openwrt"),  # lines of a file that is replayed
        ("", "ap-attic", "attic"),
        ("", None, "replay"),
    ],
)
def test_a_router_is_named_by_configuration_then_header_then_address(sender, hostname, name):
    assert Routers(RULES, gateways=[GATEWAY]).name(sender, hostname) == name


def test_standard_input_is_like_a_relay_where_nobody_is_configured():
    assert Routers().name("stdin", "openwrt") == "openwrt"
    assert Routers().name("stdin", None) == "stdin"


def test_without_a_gateway_its_address_is_a_router_like_any_other():
    assert Routers(RULES).name(GATEWAY, "openwrt") == GATEWAY


def test_only_a_gateway_that_hides_senders_masks_them():
    routers = Routers(gateways=[GATEWAY, "192.168.1.1"], masks=[GATEWAY])
    routers.heard("openwrt", GATEWAY, NOW, None)
    routers.heard("gate", "192.168.1.1", NOW, None)
    routers.heard("relayed", "127.0.0.1", NOW, None)
    assert {router.name: router.masked for router in routers.known()} == {
        "openwrt": True,
        "gate": False,
        "relayed": False,
    }


def test_the_newest_message_tells_when_a_router_was_heard():
    routers = Routers()
    routers.heard("gate", "192.168.1.1", NOW, NOW + 7)
    routers.heard("gate", "192.168.1.1", NOW + 60, None)
    [gate] = routers.known()
    assert gate.last_message == NOW + 60
    assert gate.clock.offset == 7


def test_what_was_spooled_over_a_restart_is_late():
    before, after = Routers(), Routers()
    before.heard("gate", "192.168.1.1", NOW, NOW - 3600)
    after.restore(before.offsets())
    assert after.offsets() == {"gate": -3600}
    after.heard("gate", "192.168.1.1", NOW + 1000, NOW - 3600)
    [gate] = after.known()
    assert (gate.clock.offset, gate.clock.lag) == (-3600, 1000)
    assert after.offsets() == {"gate": -3600}


def test_made_up_names_push_out_the_least_recently_heard():
    routers = Routers()
    for number in range(MAX_ROUTERS):
        routers.heard(f"router-{number}", "", NOW + number, None)
    routers.heard("router-0", "", NOW + MAX_ROUTERS, None)
    routers.heard("newcomer", "", NOW + MAX_ROUTERS, None)
    names = {router.name for router in routers.known()}
    assert len(names) == MAX_ROUTERS
    assert "router-1" not in names
    assert {"router-0", "newcomer"} <= names


@pytest.mark.thorough
def test_a_flood_of_made_up_names_costs_little_for_each():
    def flooded() -> Routers:
        routers = Routers()
        for number in range(50_000):
            routers.heard(f"made-up-{number}", "127.0.0.1", NOW + number, None)
        return routers

    assert len(list(flooded().known())) == MAX_ROUTERS
    assert timing.seconds(flooded, 1.0) < 1.0  # a search for the oldest takes several seconds


def test_the_first_line_of_a_file_may_be_days_old():
    routers = Routers()
    assert routers.heard("live", "192.168.1.1", NOW, NOW - 86400).clock.lag == 0.0
    assert routers.heard("kept", "", NOW, NOW - 86400, in_file=True).clock.lag == 86400.0


def test_the_router_at_an_address_is_the_configured_one_else_the_one_that_speaks_from_there():
    routers = Routers([RouterRule(name="gate", senders=frozenset({"192.168.1.1"}))])
    assert (routers.at("192.168.1.1"), routers.at("192.168.2.1")) == ("gate", "192.168.2.1")
    routers.heard("attic", "192.168.2.1", NOW, None)
    assert routers.at("192.168.2.1") == "attic"
    routers.heard("cellar", "192.168.2.1", NOW, None)
    assert routers.at("192.168.2.1") is None  # it relays
    routers.heard("cellar", "192.168.2.9", NOW, None)
    assert routers.at("192.168.2.1") == "attic"


def test_only_a_router_that_always_says_as_much_is_at_its_limit():
    routers = Routers()
    for minute in range(25):
        for number in range(6):
            at = NOW + 60 * minute + number
            routers.heard("even", "192.168.1.1", at, None)
            routers.rejected(rejection(router="even", remote_ip=f"198.51.100.{number}"), at)
        routers.heard("quiet", "192.168.1.2", NOW + 60 * minute, None)
    assert routers.limited(NOW + 25 * 60) == {"even"}
    assert routers.limited(NOW + 60 * 60) == frozenset()
