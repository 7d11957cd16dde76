"""Whose an address was, and why: what is easily the wrong device's."""

import random

import pytest

from exporter.events import Event
from exporter.host_report import HostReport, Link, Neighbour
from exporter.hosts import Hosts
from exporter.inventory import Inventory

NOW = 1_790_000_000.0
HOUR = 3600.0
IP = "192.168.1.23"
LASTING, LASTING_2 = "00:00:5e:00:53:02", "00:00:5e:00:53:03"
RANDOM, RANDOM_2 = "02:00:5e:00:53:02", "06:00:5e:00:53:03"


class Home:
    def __init__(self, configured=None, **more):
        self.hosts = Hosts(inventory=Inventory(configured, **more))
        self.inventory = self.hosts.inventory

    def says(self, at, device, *addresses, mac=None, near=(), interval=15.0, **more):
        links = (Link(interface="wlan0", mac=mac),) if mac else ()
        table = tuple(Neighbour(ip=ip, mac=station) for ip, station in near)
        report = HostReport(
            version=1,
            device=device,
            agent="test",
            interval_seconds=interval,
            addresses=addresses,
            neighbours=table,
            **({"links": links} | more),
        )
        self.hosts.report(report, NOW + at)
        return self

    def leases(self, at, mac, name, ip=IP, router="gw"):
        event = Event(kind="dhcp_lease", ip=ip, mac=mac, hostname=name)
        self.inventory.leases.add(router, event, NOW + at)
        return self

    def whose(self, at, ip=IP):
        held = self.inventory.whose(ip, NOW + at)
        return held.device, [reason.code for reason in held.reasons]


# --- host names and stations ---------------------------------------------------------------------


def test_two_phones_that_their_maker_called_the_same_are_two():
    home = Home().leases(0, RANDOM, "iPhone").leases(60, RANDOM_2, "iPhone", "192.168.1.24")
    assert home.whose(61) == ("iPhone (00:53:02)", ["lease", "shared_name"])
    assert home.whose(61, "192.168.1.24")[0] == "iPhone (00:53:03)"


@pytest.mark.parametrize("name", ["android-1234", "kids-tablet"])
def test_two_at_one_time_are_two_whatever_they_are_called(name):
    home = Home().leases(0, RANDOM, name).leases(60, RANDOM_2, name, "192.168.1.24")
    home.leases(120, RANDOM, name)
    assert len({home.whose(121)[0], home.whose(121, "192.168.1.24")[0]}) == 2


def test_one_alone_is_called_what_it_calls_itself():
    assert Home().leases(0, RANDOM, "iPhone").whose(1) == ("iPhone", ["lease", "host_name"])


def test_a_name_that_comes_back_with_a_new_made_up_station_is_the_same_device():
    home = Home().leases(0, RANDOM, "annas-phone").leases(13 * HOUR, RANDOM_2, "annas-phone")
    assert home.whose(HOUR) == home.whose(14 * HOUR) == ("annas-phone", ["lease", "host_name"])


def test_but_not_while_the_first_may_still_be_there():
    home = Home().leases(0, RANDOM, "annas-phone")
    home.leases(HOUR, RANDOM_2, "annas-phone", "192.168.1.24")
    assert home.whose(2 * HOUR)[0] == "annas-phone (00:53:02)"


def test_once_the_first_is_heard_again_there_were_always_two():
    home = Home().leases(0, RANDOM, "annas-phone").leases(13 * HOUR, RANDOM_2, "annas-phone")
    home.leases(20 * HOUR, RANDOM, "annas-phone", "192.168.1.24")
    assert home.whose(20 * HOUR) == ("annas-phone (00:53:03)", ["lease", "shared_name"])
    assert home.whose(HOUR)[0] == "annas-phone (00:53:02)"


def test_two_lasting_stations_of_one_name_are_two_until_configuration_says_otherwise():
    """Cable and Wi-Fi of a laptop look just like two machines."""
    home = Home().leases(0, LASTING, "laptop").leases(5, LASTING_2, "laptop", "192.168.1.24")
    assert {home.whose(6)[0], home.whose(6, "192.168.1.24")[0]} == {
        "laptop (00:53:02)",
        "laptop (00:53:03)",
    }
    home = Home({LASTING: "laptop", LASTING_2: "laptop"})
    home.leases(0, LASTING, "laptop").leases(5, LASTING_2, "laptop", "192.168.1.24")
    assert home.whose(6)[0] == home.whose(6, "192.168.1.24")[0] == "laptop"


def test_two_lasting_stations_are_two_however_long_the_one_is_gone():
    home = Home().leases(0, LASTING, "laptop").leases(48 * HOUR, LASTING_2, "laptop")
    assert home.whose(49 * HOUR) == ("laptop (00:53:03)", ["lease", "shared_name"])


def test_an_address_of_ipv6_beside_one_of_ipv4_makes_no_second_device():
    home = Home().leases(0, None, "iPhone").leases(1, None, "iPhone", "2001:db8::30")
    assert home.whose(2)[0] == home.whose(2, "2001:db8::30")[0] == "iPhone"


def test_one_of_two_that_are_called_the_same_can_be_forgotten():
    home = Home().leases(0, RANDOM, "iPhone").leases(5, RANDOM_2, "iPhone", "192.168.1.24")
    event = Event(kind="wifi_join", mac=RANDOM_2)
    home.inventory.associations.add("attic", event, NOW)
    assert home.inventory.erase("iphone (00:53:03)") == (1, 1)
    assert home.whose(6, "192.168.1.24") == (None, ["nobody"])
    assert home.whose(6)[0] == "iPhone"


def test_configuration_keeps_a_station_apart_from_a_device_that_is_called_the_same():
    home = Home(excluded={"iPhone": frozenset({RANDOM_2})})
    home.leases(0, RANDOM, "iPhone").leases(5, RANDOM_2, "iPhone", "192.168.1.24")
    assert home.whose(6) == ("iPhone", ["lease", "host_name"])
    assert home.whose(6, "192.168.1.24") == ("iPhone (00:53:03)", ["lease", "excluded"])


def test_configuration_takes_an_address_from_a_name():
    home = Home(excluded={"tv": frozenset({IP})}).leases(0, LASTING, "tv")
    assert home.whose(1) == (None, ["lease", "host_name", "excluded"])


def test_a_guest_that_calls_itself_as_a_configured_device_is_not_it():
    home = Home({LASTING: "LIVING-TV"}).leases(0, RANDOM, "living-tv")
    assert home.whose(1) == (None, ["lease", "guest"])


def test_leases_without_stations_of_a_makers_name_name_nobody_once_there_are_two():
    home = Home().leases(0, None, "iPhone")
    assert home.whose(1)[0] == "iPhone"
    home.leases(5, None, "iPhone", "192.168.1.24")
    assert home.whose(6) == (None, ["lease", "shared_name"])
    home = Home().leases(0, None, "nas").leases(5, None, "nas", "192.168.1.24")
    assert home.whose(6, "192.168.1.24")[0] == "nas"


def test_a_station_that_gave_itself_another_name_frees_the_first():
    home = Home().leases(0, RANDOM, "iPhone").leases(5, RANDOM_2, "iPhone", "192.168.1.24")
    home.leases(10, RANDOM_2, "Bens-iPhone", "192.168.1.24")
    assert (home.whose(11)[0], home.whose(11, "192.168.1.24")[0]) == ("iPhone", "Bens-iPhone")


def test_a_hostile_client_with_any_number_of_stations_costs_nothing():
    home = Home()
    for number in range(500):
        mac = f"02:00:5e:00:{number // 256:02x}:{number % 256:02x}"
        home.leases(number, mac, "nas", f"10.0.{number // 250}.{number % 250}")
    assert home.whose(500, "10.0.0.0")[0] == "nas (00:00:00)"
    assert len(home.inventory.leases._bearers["nas"]) == 500


# --- several interfaces, changing addresses ------------------------------------------------------


def test_a_laptop_on_wifi_and_cable_at_once_is_one_device():
    links = (Link(interface="eth0", mac=LASTING), Link(interface="wlan0", mac=RANDOM))
    home = Home().says(0, "laptop", IP, "192.168.1.24", "2001:db8::5", links=links)
    for place in (IP, "192.168.1.24", "2001:db8::5"):
        assert home.whose(1, place)[0] == "laptop"
    home.leases(1, LASTING, "DESKTOP-1").leases(1, RANDOM, "DESKTOP-1", "192.168.1.24")
    assert home.whose(60)[0] == home.whose(60, "192.168.1.24")[0] == "laptop"
    home.says(75, "laptop", "192.168.1.24", links=links[1:])  # the cable is pulled
    assert home.whose(76, "192.168.1.24")[0] == "laptop"
    home.leases(80, LASTING, "DESKTOP-1", "192.168.1.25")  # and plugged in elsewhere
    assert home.whose(81, "192.168.1.25") == ("laptop", ["lease", "former"])
    home.says(90, "dock-user", "192.168.1.25", mac=LASTING)
    assert home.whose(91, "192.168.1.25")[0] == "dock-user"
    home.says(105, "dock-user").leases(110, LASTING, "DESKTOP-1", "192.168.1.26")
    assert home.whose(111, "192.168.1.26")[0] not in ("laptop", "dock-user")


def test_a_lease_of_last_night_is_found_by_the_station_that_a_device_had_then():
    home = Home().leases(0, RANDOM, "").says(10, "laptop", mac=RANDOM)
    home.says(HOUR, "laptop", mac=RANDOM_2)
    home.leases(2 * HOUR, RANDOM_2, "", "192.168.1.24")
    assert home.whose(60) == ("laptop", ["lease", "reported"])
    assert home.whose(2 * HOUR, "192.168.1.24")[0] == "laptop"
    assert home.inventory.station(RANDOM, NOW + 2 * HOUR).device is None


def test_privacy_addresses_are_the_device_s_at_their_time():
    home = Home()
    for day in range(4):
        home.says(day * 6 * HOUR, "pc", f"2001:db8::{day + 1}")
    for day in range(3):
        assert home.whose(day * 6 * HOUR + 60, f"2001:db8::{day + 1}")[0] == "pc"
        assert home.whose((day + 1) * 6 * HOUR + 60, f"2001:db8::{day + 1}")[0] is None


# --- one address, several devices ----------------------------------------------------------------


@pytest.mark.parametrize("ip", ["172.17.0.1", "10.8.0.1", "192.168.122.1"])
def test_an_address_that_every_host_of_a_kind_has_names_none(ip):
    home = Home()
    for at in range(0, 120, 15):
        home.says(at, "a", IP, ip).says(at + 5, "b", "192.168.1.24", ip)
    assert home.whose(110, ip) == (None, ["contested"])
    assert home.whose(8 * HOUR, ip) == (None, ["contested"])  # both asleep
    home.says(8 * HOUR, "a", IP, ip)
    assert home.whose(8 * HOUR, ip) == (None, ["contested"])  # one asleep


def test_an_address_given_on_by_dhcp_is_the_new_ones_at_once_while_the_old_ones_report_counts():
    home = Home().says(0, "laptop", IP, mac=LASTING).leases(10, LASTING_2, "tv")
    assert home.whose(9)[0] == "laptop"
    assert home.whose(12) == ("tv", ["lease", "host_name"])
    home.says(15, "laptop", mac=LASTING)
    assert home.whose(16)[0] == home.whose(12)[0] == "tv"


def test_a_lease_that_ended_silently_names_nobody_a_week_later():
    home = Home().leases(0, LASTING, "tv")
    assert home.whose(7 * 24 * HOUR)[0] == "tv"
    assert home.whose(7 * 24 * HOUR + 1) == (None, ["nobody"])


def test_two_agents_that_claim_an_address_name_neither_however_often_they_say_so():
    home = Home()
    for at in range(0, 300, 15):
        home.says(at, "a", IP).says(at + 1, "b", IP)
    assert home.whose(290) == (None, ["contested"])
    home.says(315, "b")
    assert home.whose(316)[0] == "a"


def test_a_clock_that_is_set_back_leaves_leases_and_hosts_with_their_addresses():
    home = Home().says(0, "pc", IP).leases(0, LASTING, "tv", "192.168.1.40")
    home.says(-HOUR, "pc", IP).leases(-HOUR, LASTING, "tv", "192.168.1.40")
    assert home.whose(-HOUR)[0] == "pc"
    assert home.whose(-HOUR, "192.168.1.40")[0] == "tv"


def test_a_neighbour_of_now_says_nothing_about_last_night():
    home = Home({LASTING: "TV"}).says(0, "pc", near=((IP, LASTING),))
    assert home.whose(0) == ("TV", ["near", "configured_station"])
    assert home.whose(-HOUR) == (None, ["nobody"])


# --- the resolver --------------------------------------------------------------------------------


def answered(home, name, ip=IP, at=0.0):
    home.inventory.resolved.told(ip, name, "192.168.1.1", NOW + at)
    return home


def test_what_nobody_else_names_is_called_as_the_resolver_does():
    assert answered(Home(), "nas.lan.").whose(1) == ("nas", ["resolver"])


def test_a_station_without_a_name_gets_the_resolvers():
    home = answered(Home().leases(0, LASTING, ""), "nas.lan.")
    assert home.whose(1) == ("nas", ["lease", "nameless", "resolver"])


def test_the_resolver_is_the_weakest_word():
    home = answered(Home().leases(0, LASTING, "tv"), "other.lan.")
    assert home.whose(1)[0] == "tv"
    home = answered(Home().says(0, "pc", IP), "other.lan.")
    assert home.whose(1)[0] == "pc"


def test_the_resolver_does_not_give_a_device_what_it_does_not_have():
    home = answered(Home().says(0, "NAS", "192.168.1.9"), "nas.lan.")
    assert home.whose(1) == (None, ["resolver", "elsewhere"])
    home = answered(Home().leases(0, LASTING, "nas", "192.168.1.9"), "nas.lan.")
    assert home.whose(1)[0] is None
    home = answered(Home({"192.168.1.9": "NAS"}), "nas.lan.")
    assert home.whose(1)[0] is None
    home = answered(Home().says(0, "NAS"), "nas.lan.")  # pasted: it told of no address
    assert home.whose(1)[0] == "NAS"
    home = answered(Home(excluded={"nas": frozenset({IP})}), "nas.lan.")
    assert home.whose(1) == (None, ["resolver", "excluded"])


def test_only_what_a_packet_led_to_and_nobody_named_is_asked_about():
    home = Home({"192.168.1.2": "gate"}).says(0, "pc", IP).leases(0, LASTING, "iPhone", "10.0.0.5")
    for ip in (IP, "192.168.1.2", "10.0.0.5", "203.0.113.9", "2001:db8::1"):
        home.inventory.owner(ip, NOW)
    assert home.inventory.resolved.due(NOW) is None
    home.whose(0, "192.168.1.77")
    assert home.inventory.resolved.due(NOW) is None  # a person asked, no packet
    home.inventory.owner("192.168.1.77", NOW)
    assert home.inventory.resolved.due(NOW) == "192.168.1.77"


# --- any home ------------------------------------------------------------------------------------


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(30))
def test_addresses_that_wander_are_hardly_ever_said_to_be_anothers(seed):
    """Devices report every 15 seconds, unless they sleep; DHCP gives addresses on, seen or not."""
    chance = random.Random(seed)
    devices = [f"pc-{number}" for number in range(5)]
    ips = [f"192.168.1.{number}" for number in range(20, 25)]
    has, awake = dict.fromkeys(devices, ""), dict.fromkeys(devices, True)
    home, truth, named, wrong = Home(), [], 0, []
    for at in range(0, 4000, 5):
        if chance.random() < 0.05:
            device = chance.choice(devices)
            awake[device] = not awake[device]
            if not awake[device]:
                has[device] = ""
        for device in devices:
            if awake[device] and not has[device]:
                has[device] = chance.choice([ip for ip in ips if ip not in has.values()] or [""])
                if has[device] and chance.random() < 0.7:
                    mac = f"00:00:5e:00:53:0{device[-1]}"
                    home.leases(at, mac, device, has[device])
            if awake[device] and (at // 5 + int(device[-1])) % 3 == 0:
                mac = f"00:00:5e:00:53:0{device[-1]}"
                home.says(at, device, *filter(None, [has[device]]), mac=mac)
        truth.append((at, {ip: device for device, ip in has.items() if ip}))
    for at, holders in truth:
        for ip, holder in holders.items():
            found = home.whose(at + 0.5, ip)[0]
            named += found == holder
            wrong += [(at, ip, found, holder)] if found not in (None, holder) else []
    total = sum(len(holders) for _, holders in truth)
    # Wrong may be only whose report of a moment ago is all that is known.
    assert len(wrong) <= 0.005 * total, (len(wrong), total)
    assert named >= 0.85 * total, (named, total)
