import pytest

from exporter.events import Event
from exporter.inventory import leases as module
from exporter.inventory.leases import LONGEST, Leases
from tests.world import NOW

MAC, OTHER = "00:00:5e:00:53:02", "00:00:5e:00:53:03"
DAY = 86400.0


def lease(ip="192.168.1.23", mac=MAC, hostname="tv", **changes):
    return Event(kind="dhcp_lease", ip=ip, mac=mac, hostname=hostname, **changes)


def holder(leases, moment=NOW, ip="192.168.1.23"):
    held = leases.holder(ip, moment)
    return held and (held.mac, held.hostname)


def given(*events, router="gw"):
    leases = Leases()
    for at, event in enumerate(events):
        leases.add(router, event, NOW + at)
    return leases


def test_an_address_is_its_stations_from_the_lease_on():
    leases = given(lease())
    assert holder(leases, NOW - 1) is None
    assert holder(leases, NOW) == holder(leases, NOW + DAY) == (MAC, "tv")


def test_a_lease_that_nobody_renews_ends():
    leases = given(lease())
    assert holder(leases, NOW + LONGEST) == (MAC, "tv")
    assert holder(leases, NOW + LONGEST + 1) is None
    leases.add("gw", lease(), NOW + LONGEST)
    assert holder(leases, NOW + 2 * LONGEST) == (MAC, "tv")


def test_an_address_given_to_another_station_had_an_owner_before():
    leases = given(lease())
    leases.add("gw", lease(mac=OTHER, hostname="phone"), NOW + 3600)
    assert holder(leases, NOW + 3599) == (MAC, "tv")
    assert holder(leases, NOW + 3600) == (OTHER, "phone")


def test_a_station_with_a_new_address_gave_the_old_one_back():
    leases = given(lease(), lease(ip="192.168.1.99"), lease(ip="2001:db8::5"))
    assert holder(leases, NOW + 2) is None
    assert holder(leases, NOW + 2, "192.168.1.99") == (MAC, "tv")
    assert holder(leases, NOW + 2, "2001:db8::5") == (MAC, "tv")


def test_an_address_that_two_servers_gave_to_two_stations_is_nobodys():
    leases = given(lease())
    leases.add("other", lease(mac=OTHER, hostname="phone"), NOW)
    assert holder(leases) is None


def test_two_servers_may_agree():
    leases = given(lease())
    leases.add("other", lease(), NOW)
    assert holder(leases) == (MAC, "tv")


def test_a_renewal_may_say_more_or_less():
    leases = given(lease(hostname=None), lease(), lease(mac=None))
    assert holder(leases, NOW + 2) == (MAC, "tv")
    assert len(leases.all()) == 1


@pytest.mark.parametrize("event", [lease(ip=None), lease(mac=None, hostname=None)])
def test_a_line_that_ties_nothing_together_says_nothing(event):
    assert given(event).all() == []


@pytest.mark.parametrize(
    ("name", "kept"), [("tv.lan", "tv"), ("a\x1b[31m", ""), ("x" * 300, "x" * 64), ("居間", "居間")]
)
def test_a_name_is_its_first_label_short_and_printable(name, kept):
    assert holder(given(lease(hostname=name))) == (MAC, kept)


def test_what_is_stored_is_known_again():
    before = given(lease(), lease(ip="192.168.1.99"))
    again = Leases()
    again.restore(before.all())
    assert holder(again, NOW) == holder(before, NOW) == (MAC, "tv")
    assert holder(again, NOW + 1) is holder(before, NOW + 1) is None
    assert holder(again, NOW + 1, "192.168.1.99") == (MAC, "tv")


def test_the_least_recently_renewed_is_forgotten(monkeypatch):
    monkeypatch.setattr(module, "MAX_LEASES", 3)
    leases = given(*(lease(f"192.168.1.{n}", f"00:00:5e:00:53:{n:02x}") for n in range(3)))
    leases.add("gw", lease("192.168.1.0", "00:00:5e:00:53:00"), NOW + 5)
    leases.add("gw", lease("192.168.1.9", "00:00:5e:00:53:09"), NOW + 6)
    assert sorted(one.ip for one in leases.all()) == ["192.168.1.0", "192.168.1.2", "192.168.1.9"]
    assert holder(leases, NOW + 6, "192.168.1.1") is None
