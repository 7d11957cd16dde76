from exporter.host_report import Link
from exporter.hosts import Hosts
from exporter.inventory import Inventory
from tests.inventory.test_inventory import TV, joined, leased
from tests.world import NOW, report

ATTIC, CELLAR = "00:00:5e:00:53:a1", "00:00:5e:00:53:b1"
CONFIGURED = {ATTIC: "attic-ap", CELLAR: "cellar-ap"}


def on(hosts, bssid, at=NOW, device="ANNA-PC", mac=TV, **changes):
    link = Link(interface="wlan0", mac=mac, bssid=bssid)
    hosts.report(report(device, links=(link,), **changes), at)
    return hosts


def wifi(**access_points):
    return Hosts(inventory=Inventory(access_points=CONFIGURED if access_points else None))


def place(hosts, at=NOW):
    return hosts.inventory.whereabouts.places(at).get("ANNA-PC")


def test_a_host_is_on_the_access_point_whose_station_it_tells():
    hosts = on(wifi(configured=True), ATTIC)
    assert place(hosts) == "attic-ap"
    assert place(on(hosts, CELLAR, NOW + 15), NOW + 15) == "cellar-ap"
    assert place(hosts, NOW + 61) is None  # silent: nobody knows


def test_an_access_point_that_nobody_names_is_its_station():
    assert place(on(wifi(), ATTIC)) == ATTIC


def test_an_access_point_that_reports_itself_has_its_own_name():
    hosts = on(wifi(), ATTIC)
    on(hosts, ATTIC, device="openwrt-attic", mac=ATTIC)
    assert hosts.inventory.whereabouts.places(NOW) == {"ANNA-PC": "openwrt-attic"}


def test_it_has_the_name_that_its_log_has_where_both_are_known():
    hosts = on(wifi(), ATTIC)
    on(hosts, ATTIC, device="openwrt-attic", mac=ATTIC, addresses=("192.168.1.3",))
    joined(hosts, "192.168.1.3", mac="00:00:5e:00:53:77")
    assert place(hosts) == "192.168.1.3"


def test_the_fresher_word_counts():
    hosts = on(wifi(configured=True), ATTIC)
    joined(hosts, "cellar-ap", at=NOW + 5)
    assert place(hosts, NOW + 6) == "cellar-ap"
    on(hosts, ATTIC, NOW + 15)
    assert place(hosts, NOW + 16) == "attic-ap"


def test_the_log_names_the_access_point_of_a_station_that_nobody_names():
    hosts = on(wifi(), ATTIC, NOW - 600)
    joined(hosts, "attic", at=NOW - 590)
    assert place(on(hosts, ATTIC), NOW) == "attic"
    on(hosts, CELLAR, NOW + 300)  # it moved, and no log tells
    assert place(on(hosts, CELLAR, NOW + 315), NOW + 315) == CELLAR


def test_a_host_that_left_the_wifi_is_on_none_though_no_log_tells():
    hosts = on(wifi(), ATTIC)
    joined(hosts, "attic", at=NOW)
    on(hosts, None, NOW + 15)
    assert place(hosts, NOW + 16) is None


def test_a_join_in_the_log_is_not_undone_by_a_system_that_does_not_tell():
    hosts = on(wifi(), None)
    joined(hosts, "attic", at=NOW - 60)
    assert place(on(hosts, None, NOW + 15), NOW + 16) == "attic"


def test_those_heard_last_come_first():
    hosts = on(wifi(), ATTIC)
    leased(hosts, mac="00:00:5e:00:53:41", hostname="tablet", ip="192.168.1.41", at=NOW - 100)
    joined(hosts, "attic", mac="00:00:5e:00:53:41", at=NOW - 90)
    assert list(hosts.inventory.whereabouts.places(NOW)) == ["ANNA-PC", "tablet"]
    joined(hosts, "attic", mac="00:00:5e:00:53:41", at=NOW + 10)
    assert list(hosts.inventory.whereabouts.places(NOW + 10)) == ["tablet", "ANNA-PC"]
