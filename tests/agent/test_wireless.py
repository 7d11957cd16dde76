"""Answers laid out as linux/nl80211.h has them; there is no radio to ask where tests run."""

import struct
import sys
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("nl80211 is Linux's", allow_module_level=True)

from exporter.agent import netlink, wireless
from exporter.agent.wireless import AccessPoint

NEW_INTERFACE, NEW_STATION = 7, 19
CLIENT, ACCESS_POINT, MONITOR = 2, 3, 6  # types of interfaces
OURS, THEIRS = bytes.fromhex("00005e005301"), bytes.fromhex("00005e005399")


def number(value: int) -> bytes:
    return struct.pack("=I", value)


def link(kind: int, ssid: bytes | None = b"Home, sweet home") -> list[netlink.Message]:
    """Return the answer about an interface."""
    parts = [(3, number(3)), (4, b"wlo1\0"), (1, number(0)), (5, number(kind))]
    parts += [(0x99, struct.pack("=Q", 1)), (6, OURS), (0x2E, number(5))]
    parts += [] if ssid is None else [(0x34, ssid)]
    return [(27, answer(NEW_INTERFACE, parts))]


def station(mac: bytes) -> netlink.Message:
    statistics = netlink.attribute(1, number(7)) + netlink.attribute(2, number(9))
    parts = [(3, number(3)), (6, mac), (0x2E, number(1)), (21, statistics)]
    return (27, answer(NEW_STATION, parts))


def answer(command: int, parts: list[tuple[int, bytes]]) -> bytes:
    head = struct.pack("=BBH", command, 1, 0)
    return head + b"".join(netlink.attribute(kind, value) for kind, value in parts)


def test_a_client_hangs_on_the_one_station_that_it_knows():
    found = wireless.read(link(CLIENT), [station(THEIRS)])
    assert found == AccessPoint("Home, sweet home", "00:00:5e:00:53:99")


def test_a_client_that_is_not_associated_hangs_on_nothing():
    assert wireless.read(link(CLIENT, ssid=None), []) == AccessPoint(None, None)


def test_a_client_with_several_peers_does_not_say_which():
    peers = [station(THEIRS), station(OURS)]
    assert wireless.read(link(CLIENT), peers) == AccessPoint("Home, sweet home", None)


def test_an_access_point_is_its_own_whoever_hangs_on_it():
    found = wireless.read(link(ACCESS_POINT), [station(THEIRS)])
    assert found == AccessPoint("Home, sweet home", "00:00:5e:00:53:01")


def test_other_kinds_of_links_hang_on_nothing():
    assert wireless.read(link(MONITOR), [station(THEIRS)]) == AccessPoint(None, None)
    assert wireless.read([], []) == AccessPoint(None, None)


@pytest.mark.parametrize("hidden", [b"", bytes(16)])
def test_a_hidden_network_has_no_name(hidden: bytes):
    assert wireless.read(link(CLIENT, hidden), [station(THEIRS)]).ssid is None


def test_a_name_may_be_any_bytes():
    assert wireless.read(link(CLIENT, b"caf\xe9"), []).ssid == "caf\ufffd"


def test_a_link_is_a_radio_when_the_kernel_knows_its_phy(tmp_path: Path):
    (tmp_path / "wlan0" / "phy80211").mkdir(parents=True)
    (tmp_path / "eth0").mkdir()
    assert wireless.is_wireless("wlan0", tmp_path)
    assert not wireless.is_wireless("eth0", tmp_path)


def test_a_link_that_is_no_radio_is_an_error():
    with pytest.raises(OSError, match=r"\[Errno"):
        wireless.access_point(1)  # loopback, whether the kernel knows radios or not
