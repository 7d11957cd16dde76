from exporter.host_report import Link
from exporter.inventory.radios import Radios

NOW = 1_790_000_000.0
MAC, BSSID, OTHER = "00:00:5e:00:53:02", "00:00:5e:00:53:a1", "00:00:5e:00:53:b1"


def told(*steps, mac=MAC):
    """Take in what a host says: seconds, and the BSSID of its radio."""
    radios = Radios()
    for at, bssid in steps:
        link = Link(interface="wlan0", mac=mac, bssid=bssid)
        radios.report("PC", (link,), NOW + at, NOW + at + 45, 15)
    return radios


def current(radios, at):
    return [(one.bssid, one.since - NOW) for one in radios.current(NOW + at)]


def test_a_link_is_on_its_bssid_since_the_report_before_the_first_that_says_so():
    assert current(told((0, BSSID), (15, BSSID)), 20) == [(BSSID, 0)]
    assert current(told((0, BSSID), (15, OTHER)), 20) == [(OTHER, 0)]
    assert current(told((0, BSSID), (15, BSSID), (30, OTHER)), 31) == [(OTHER, 15)]


def test_a_silent_host_is_nowhere():
    assert current(told((0, BSSID)), 46) == []


def test_a_radio_that_left_is_known_to_be_on_none():
    assert current(told((0, BSSID), (15, None)), 16) == [(None, 0)]


def test_a_cable_and_an_access_points_own_link_are_on_none():
    assert current(told((0, None)), 1) == []
    assert current(told((0, MAC)), 1) == []


def test_a_new_name_takes_the_radio_along_and_forgetting_drops_it():
    radios = told((0, BSSID))
    radios.rename("pc", "Laptop")
    assert [one.device for one in radios.current(NOW)] == ["Laptop"]
    radios.forget("laptop")
    assert current(radios, 0) == []


def test_a_clock_that_is_set_back_keeps_the_place():
    assert current(told((0, BSSID), (-3600, BSSID)), -3600) == [(BSSID, -3600)]
