from exporter.host_report import Neighbour
from exporter.inventory.neighbours import Neighbours

NOW = 1_790_000_000.0
IP, MAC, OTHER = "192.168.1.40", "00:00:5e:00:53:40", "00:00:5e:00:53:41"


def table(neighbours, host, *macs, at=0.0):
    near = [Neighbour(ip=IP, mac=mac) for mac in macs]
    neighbours.report(host, near, NOW + at - 15, NOW + at, NOW + at + 45)
    return neighbours


def test_an_address_is_at_the_station_that_hosts_see_there():
    neighbours = table(Neighbours(), "pc", MAC)
    assert neighbours.station(IP, NOW) == (MAC, "pc")
    assert neighbours.station("192.168.1.41", NOW) is None


def test_what_is_seen_now_says_nothing_about_last_night():
    neighbours = table(Neighbours(), "pc", MAC)
    assert neighbours.station(IP, NOW - 16) is None
    assert neighbours.station(IP, NOW + 46) is None


def test_what_stays_is_there_since_it_was_first_seen():
    neighbours = table(table(Neighbours(), "pc", MAC), "pc", MAC, at=60)
    assert neighbours.station(IP, NOW - 15) == (MAC, "pc")
    table(neighbours, "pc", OTHER, at=120)
    assert neighbours.station(IP, NOW + 104) is None
    assert neighbours.station(IP, NOW + 105) == (OTHER, "pc")


def test_two_stations_at_one_address_tell_nothing():
    neighbours = table(table(Neighbours(), "pc", MAC), "nas", OTHER)
    assert neighbours.station(IP, NOW) is None


def test_a_host_that_is_forgotten_leaves_nothing():
    neighbours = table(Neighbours(), "pc", MAC)
    neighbours.forget("pc")
    assert list(neighbours.all()) == []
    assert neighbours._sees == {}
