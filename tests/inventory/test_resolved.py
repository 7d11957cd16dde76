import pytest

from exporter.inventory import resolved as module
from exporter.inventory.resolved import AGAIN, BEFORE, Resolved

NOW = 1_790_000_000.0
IP = "192.168.1.23"


def test_an_address_is_asked_about_once_an_hour_whatever_the_answer():
    resolved = Resolved()
    for name in ("nas.lan.", ""):
        resolved.want(IP)
        resolved.want(IP)
        assert resolved.due(NOW) == IP
        resolved.told(IP, name, "192.168.1.1", NOW)
        resolved.want(IP)
        assert resolved.due(NOW + AGAIN - 1) is None
        resolved.want(IP)
        assert resolved.due(NOW + AGAIN) == IP
        resolved = Resolved()


@pytest.mark.parametrize(
    "ip",
    [
        *("203.0.113.9", "8.8.8.8", "2001:db8::5", "127.0.0.1", "::1", "224.0.0.251", "0.0.0.0"),
        *("169.254.7.7", "fe80::1", "255.255.255.255", "100.64.0.1", "not an address", ""),
    ],
)
def test_nothing_is_ever_asked_about_addresses_outside(ip):
    resolved = Resolved()
    resolved.want(ip)
    assert resolved.due(NOW) is None


def test_an_answer_counts_for_an_hour_and_a_little_back():
    resolved = Resolved()
    resolved.told(IP, "nas.lan.", "192.168.1.1", NOW)
    assert resolved.answer(IP, NOW - BEFORE).name == "nas"
    assert resolved.answer(IP, NOW - BEFORE - 1) is None
    assert resolved.answer(IP, NOW + AGAIN).name == "nas"
    assert resolved.answer(IP, NOW + 2 * AGAIN) is None


@pytest.mark.parametrize(
    "name", ["192-168-1-23.lan.", "iPhone.lan.", "host-23", "\x1b[2J", "", "."]
)
def test_a_name_that_names_nothing_is_none(name):
    resolved = Resolved()
    assert resolved.told(IP, name, "192.168.1.1", NOW) == ""
    assert resolved.answer(IP, NOW) is None


def test_a_name_of_two_addresses_of_one_family_is_neithers():
    resolved = Resolved()
    resolved.told(IP, "nas", "192.168.1.1", NOW)
    resolved.told("fd00::23", "NAS", "192.168.1.1", NOW)
    assert resolved.answer(IP, NOW)
    resolved.told("192.168.1.24", "nas", "192.168.1.1", NOW)
    assert resolved.answer(IP, NOW) is None
    assert resolved.answer("fd00::23", NOW)
    resolved.told("192.168.1.24", "other", "192.168.1.1", NOW)
    assert resolved.answer(IP, NOW)


def test_what_waits_and_what_was_answered_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MAX_ADDRESSES", 5)
    resolved = Resolved()
    for number in range(20):
        resolved.want(f"10.0.0.{number}")
        resolved.told(f"10.0.1.{number}", f"name-of-{number}x", "192.168.1.1", NOW)
    assert len(list(resolved.all())) == len(resolved._called) == 5
    assert [resolved.due(NOW) for _ in range(6)] == [f"10.0.0.{n}" for n in range(5)] + [None]


def test_a_forgotten_name_leaves_nothing():
    resolved = Resolved()
    resolved.told(IP, "nas", "192.168.1.1", NOW)
    resolved.forget("NAS")
    assert (resolved._answers, resolved._called) == ({}, {})
