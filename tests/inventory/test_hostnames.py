import pytest

from exporter.inventory.hostnames import (
    apart,
    first_label,
    is_of_a_kind,
    is_of_address,
    is_random,
    is_station,
)


@pytest.mark.parametrize(
    "name",
    [
        *("iPhone", "iPhone-2", "iPad", "iPhone-13-Pro-Max", "android-1234", "Galaxy-S21"),
        "MacBook-Pro",
        *("localhost", "DESKTOP", "raspberrypi", "PS5", "Pixel-7a", "Apple-Watch", "Chromecast"),
    ],
)
def test_what_makers_call_every_piece_names_none(name):
    assert is_of_a_kind(name)


@pytest.mark.parametrize(
    "name",
    [
        *("Annas-iPhone", "DESKTOP-4F7Q2LM", "nas", "android-9f3c2a7be1d04c55", "BEN-PC"),
        "tv-living",
        *("iphone-of-anna", "echo-chamber", "switchboard", "NPI8A2F31", ""),
    ],
)
def test_what_a_person_or_a_number_tells_apart_names_one(name):
    assert not is_of_a_kind(name)


@pytest.mark.parametrize(
    ("name", "ip"),
    [
        ("192-168-1-5", "192.168.1.5"),
        ("host-192-168-1-5", "192.168.1.5"),
        ("dhcp-c0a80105", "192.168.1.5"),
        ("client-1-5", "192.168.1.5"),
        ("pc5", "192.168.1.5"),
        ("host-77", "192.168.1.5"),
        ("5", "192.168.1.5"),
        ("ip6-fd00--5", "fd00::5"),
    ],
)
def test_a_name_made_of_the_address_names_nothing(name, ip):
    assert is_of_address(name, ip)


@pytest.mark.parametrize("name", ["nas", "anna-pc", "tv-2", "printer-1-6", "x5-5x", "NPI8A2F31"])
def test_a_name_with_numbers_of_its_own_is_a_name(name):
    assert not is_of_address(name, "192.168.1.5")
    assert not is_of_address(name, "fd00::5")


def test_the_second_bit_of_a_station_tells_that_it_is_made_up():
    assert [is_random(f"0{digit}:00:5e:00:53:02") for digit in "26ae"] == [True] * 4
    assert not any(is_random(f"0{digit}:00:5e:00:53:02") for digit in "0134579bcdf")


def test_a_name_is_its_first_label_and_can_be_shown():
    assert first_label("anna-pc.lan.") == "anna-pc"
    assert first_label("a\x1b[2J") == first_label("") == ""
    assert len(first_label("x" * 500)) == 64


def test_stations_of_one_name_are_told_apart_by_their_ends():
    assert apart("iPhone", "00:00:5e:00:53:02") == "iPhone (00:53:02)"


def test_an_address_is_no_station():
    assert is_station("00:00:5e:00:53:02")
    assert not any(map(is_station, ("192.168.1.5", "2001:db8::5", "")))
