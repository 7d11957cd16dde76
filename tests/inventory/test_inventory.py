from exporter.events import Event
from exporter.host_report import HostReport, Link, Neighbour
from exporter.hosts import Hosts
from exporter.hosts.listeners import HISTORY

NOW = 1_790_000_000.0
IP = "192.168.1.23"


def report(device="ANNA-PC", **changes):
    return HostReport(**({"version": 1, "device": device, "agent": "test"} | changes))


def home(*reports, at=NOW):
    hosts = Hosts()
    for one in reports:
        hosts.report(one, at)
    return hosts


def owner(hosts, moment=NOW, ip=IP):
    return hosts.inventory.owner(ip, moment)


# --- reports -------------------------------------------------------------------------------------


def test_a_host_has_the_addresses_that_it_reports():
    hosts = home(report(addresses=(IP, "2001:db8::5")))
    assert owner(hosts) == owner(hosts, None) == owner(hosts, ip="2001:db8::5") == "ANNA-PC"
    assert owner(hosts, ip="192.168.1.24") is None


def test_who_first_reports_an_address_may_have_had_it_for_long():
    assert owner(home(report(addresses=(IP,))), NOW - 3600) == "ANNA-PC"


def test_an_address_that_moves_was_somebody_elses_before():
    hosts = home(report(addresses=(IP,)))
    hosts.report(report(addresses=("192.168.1.99",)), NOW + 600)
    hosts.report(report("BEN-PC", addresses=(IP,)), NOW + 1200)
    assert owner(hosts, NOW + 599) == "ANNA-PC"
    assert owner(hosts, NOW + 601) is None
    assert owner(hosts, NOW + 1200) == owner(hosts, None) == "BEN-PC"
    assert owner(hosts, NOW + 1200, "192.168.1.99") == "ANNA-PC"


def test_a_new_holder_may_have_the_address_since_its_report_before():
    hosts = home(report(addresses=(IP,)))
    hosts.report(report(), NOW + 600)
    hosts.report(report("BEN-PC", addresses=(IP,), interval_seconds=15), NOW + 1200)
    assert owner(hosts, NOW + 1185) == "BEN-PC"
    assert owner(hosts, NOW + 1184) is None


def test_an_address_of_two_devices_at_one_time_is_nobodys():
    hosts = home(report(addresses=("172.17.0.1",)), report("BEN-PC", addresses=("172.17.0.1",)))
    assert owner(hosts, ip="172.17.0.1") is owner(hosts, None, "172.17.0.1") is None


def test_what_ended_a_day_ago_is_forgotten():
    hosts = home(report(addresses=(IP,)))
    hosts.report(report(), NOW + 600)
    hosts.inventory.forget_old(NOW + 600 + HISTORY)
    assert owner(hosts, NOW + 1) == "ANNA-PC"
    hosts.inventory.forget_old(NOW + 601 + HISTORY)
    assert owner(hosts, NOW + 1) is None


def test_a_forgotten_device_has_nothing_any_more():
    near = Neighbour(ip="192.168.1.40", mac="00:00:5e:00:53:40")
    wire = Link(interface="eth0", mac="00:00:5e:00:53:23")
    hosts = home(report(addresses=(IP,), neighbours=(near,), links=(wire,)))
    assert hosts.inventory.of_station("00:00:5e:00:53:23") == "ANNA-PC"
    hosts.forget("anna-pc")
    assert owner(hosts) is hosts.inventory.of_station("00:00:5e:00:53:23") is None


# --- neighbours ----------------------------------------------------------------------------------


def seen(*tables, configured=None, links=()):
    """Hosts that see stations at 192.168.1.40; one of them may have the station itself."""
    hosts = Hosts(configured)
    for number, mac in enumerate(tables):
        near = (Neighbour(ip="192.168.1.40", mac=mac),)
        hosts.report(report(f"host-{number}", neighbours=near), NOW)
    if links:
        hosts.report(report("TV-BOX", links=links), NOW)
    return hosts


def test_what_hosts_see_near_them_ties_an_address_to_a_configured_station():
    hosts = seen("00:00:5e:00:53:40", configured={"00:00:5e:00:53:40": "LIVING-TV"})
    assert owner(hosts, NOW, "192.168.1.40") == "LIVING-TV"
    assert owner(hosts, NOW + 46, "192.168.1.40") is None  # the report no longer counts


def test_what_hosts_see_near_them_finds_the_device_that_reports_the_station():
    hosts = seen("00:00:5e:00:53:40", links=(Link(interface="eth0", mac="00:00:5e:00:53:40"),))
    assert owner(hosts, NOW, "192.168.1.40") == "TV-BOX"


def test_hosts_that_see_different_stations_at_an_address_tell_nothing():
    hosts = seen(
        *("00:00:5e:00:53:40", "00:00:5e:00:53:41"),
        configured={"00:00:5e:00:53:40": "LIVING-TV", "00:00:5e:00:53:41": "OTHER-TV"},
    )
    assert owner(hosts, NOW, "192.168.1.40") is None


# --- leases --------------------------------------------------------------------------------------

TV = "00:00:5e:00:53:40"


def leased(hosts, mac=TV, hostname="tv", ip="192.168.1.40", at=NOW):
    hosts.inventory.leases.add(
        "gw", Event(kind="dhcp_lease", ip=ip, mac=mac, hostname=hostname), at
    )
    return hosts


def test_a_lease_names_its_station():
    hosts = leased(Hosts())
    assert hosts.inventory.owner("192.168.1.40", NOW) == "tv"
    assert hosts.inventory.owner("192.168.1.40", NOW - 1) is None


def test_a_configured_station_has_its_configured_name():
    assert leased(Hosts({TV: "LIVING-TV"})).inventory.owner("192.168.1.40", NOW) == "LIVING-TV"


def test_a_lease_finds_the_device_that_reports_the_station():
    hosts = leased(Hosts(), hostname="DESKTOP-1")
    hosts.report(report("ANNA-PC", links=(Link(interface="eth0", mac=TV),)), NOW)
    assert hosts.inventory.owner("192.168.1.40", NOW) == "ANNA-PC"


def test_a_station_that_two_devices_report_names_neither():
    hosts = leased(Hosts())
    for device in ("a", "b"):
        hosts.report(report(device, links=(Link(interface="docker0", mac=TV),)), NOW)
    assert hosts.inventory.owner("192.168.1.40", NOW) is None


def test_a_guest_who_takes_a_devices_name_is_not_that_device():
    hosts = leased(Hosts(), hostname="anna-pc")
    hosts.report(report("ANNA-PC", links=(Link(interface="eth0", mac="00:00:5e:00:53:99"),)), NOW)
    assert hosts.inventory.owner("192.168.1.40", NOW) is None


def test_a_lease_without_contrary_evidence_is_the_device_of_its_name():
    hosts = leased(Hosts(), hostname="anna-pc")
    hosts.report(report("ANNA-PC"), NOW)
    assert hosts.inventory.owner("192.168.1.40", NOW) == "ANNA-PC"


def joined(hosts, access_point, mac=TV, at=NOW, kind="wifi_join"):
    hosts.inventory.associations.add(access_point, Event(kind=kind, mac=mac), at)


def test_a_device_is_on_the_access_point_that_it_joined_last():
    hosts = leased(Hosts())
    joined(hosts, "attic")
    joined(hosts, "00:00:5e:00:53:77", mac="00:00:5e:00:53:77")  # a station that nobody names
    assert hosts.inventory.whereabouts.places(NOW) == {"tv": "attic"}
    joined(hosts, "cellar", at=NOW + 60)
    joined(hosts, "attic", at=NOW + 61, kind="wifi_leave")  # the old one says so late
    assert hosts.inventory.whereabouts.places(NOW + 62) == {"tv": "cellar"}
    joined(hosts, "cellar", at=NOW + 63, kind="wifi_leave")
    assert hosts.inventory.whereabouts.places(NOW + 64) == {}


def test_a_reporting_device_is_found_by_its_hardware_address():
    hosts = Hosts()
    hosts.report(report("ANNA-PC", links=(Link(interface="wlan0", mac=TV),)), NOW)
    joined(hosts, "attic")
    assert hosts.inventory.whereabouts.places(NOW) == {"ANNA-PC": "attic"}


def test_an_address_given_on_while_its_host_was_silent_is_the_new_stations():
    hosts = Hosts()
    hosts.report(report("laptop", addresses=("192.168.1.40",)), NOW - 7200)
    leased(hosts, at=NOW - 3600)
    assert hosts.inventory.owner("192.168.1.40", NOW - 7200) == "laptop"
    assert hosts.inventory.owner("192.168.1.40", NOW) == "tv"
    hosts.report(report("laptop", addresses=("192.168.1.40",)), NOW)
    assert hosts.inventory.owner("192.168.1.40", NOW) == "laptop"
