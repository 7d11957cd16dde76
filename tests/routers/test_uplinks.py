import pytest

from exporter.routers.uplinks import MAX_ROUTERS, REMEMBERED, Renewal, Uplinks

OLD, NEW = "203.0.113.8", "203.0.113.9"
NOW = 1_790_000_000.0


def test_another_address_is_a_change():
    lines = Uplinks()
    lines.connected("gate", OLD, NOW - 9000)
    lines.connected("gate", NEW, NOW - 60)
    assert lines.renewed("gate", NEW, NOW) == Renewal(60, changed=True)


def test_the_same_address_again_is_none():
    lines = Uplinks()
    lines.met("gate", NEW)
    lines.connected("gate", NEW, NOW - 60)
    assert lines.renewed("gate", NEW, NOW) is None


def test_of_the_first_connection_it_is_not_known_whether_the_address_changed():
    lines = Uplinks()
    lines.connected("gate", NEW, NOW - 60)
    lines.connected("gate", NEW, NOW - 59)  # two services of a router tell of one connection
    assert lines.renewed("gate", NEW, NOW) == Renewal(60, changed=False)


def test_the_address_before_may_be_known_from_packets():
    lines = Uplinks()
    lines.met("gate", OLD)
    lines.connected("gate", NEW, NOW - 60)
    assert lines.renewed("gate", NEW, NOW) == Renewal(60, changed=True)


@pytest.mark.parametrize(("then", "renewal"), [(NEW, Renewal(60, changed=True)), (OLD, None)])
def test_a_router_that_names_no_address_is_judged_by_the_next_packet(then, renewal):
    lines = Uplinks()
    lines.met("gate", OLD)
    lines.connected("gate", None, NOW - 60)
    assert lines.renewed("gate", OLD, NOW) == Renewal(60, changed=False)  # no packet came yet
    lines.met("gate", then)
    assert lines.renewed("gate", then, NOW) == renewal


def test_two_lines_of_one_router_are_no_change():
    lines = Uplinks()
    lines.met("gate", OLD)
    lines.met("gate", NEW)
    assert lines.renewed("gate", NEW, NOW) is None


def test_a_packet_to_another_address_than_the_new_one_is_not_explained_by_it():
    lines = Uplinks()
    lines.connected("gate", OLD, NOW - 9000)
    lines.connected("gate", NEW, NOW - 60)
    assert lines.renewed("gate", OLD, NOW) is None
    assert lines.renewed("other", NEW, NOW) is None


@pytest.mark.parametrize("passed", [REMEMBERED + 1, -1])
def test_it_counts_for_a_day(passed):
    lines = Uplinks()
    lines.connected("gate", NEW, NOW)
    assert lines.renewed("gate", NEW, NOW + passed) is None


@pytest.mark.parametrize("ip", ["192.168.1.2", "2001:db8::9", ""])
def test_addresses_of_devices_are_not_those_of_a_line(ip):
    lines = Uplinks()
    lines.met("gate", ip)
    lines.connected("gate", ip, NOW)
    assert lines.renewed("gate", ip, NOW) is None


def test_routers_are_bounded():
    lines = Uplinks()
    for number in range(MAX_ROUTERS + 1):
        lines.connected(f"router-{number}", NEW, NOW)
    assert lines.renewed("router-0", NEW, NOW) is None
    assert lines.renewed(f"router-{MAX_ROUTERS}", NEW, NOW) is not None
