import pytest

from exporter.dialects import tplink
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    return tplink.parse(message) if tplink.claims(message) else None


@pytest.mark.parametrize("address", ["192.168.0.100", "c0a80064", "C0A80064", "192.168.0.100."])
@pytest.mark.parametrize(
    "front",
    ['"1","Nov 10 23:04:06","DHCP","INFO","', "Nov 10 23:04:06\tDHCP\tINFO\t", "DHCP  INFO  ", ""],
)
def test_what_the_server_acknowledges_is_a_lease(front, address):
    assert parse(f"{front}DHCPS:Send ACK to {address}") == Event(
        kind="dhcp_lease", ip="192.168.0.100"
    )


def test_a_masked_lease_is_none():
    assert parse("DHCPS:Send ACK to eeee") == Event(kind="other")


def test_what_the_provider_gave_is_no_lease_of_ours():
    assert parse("DHCPC Recv ACK from server ffffffff with ip eeeeeeee") == Event(kind="other")


def test_a_row_of_any_module_is_known():
    assert parse('"1","Nov 10 23:04:06","SECURITY","NOTICE","hello"') == Event(kind="other")
    assert parse('"1","Nov 10 23:04:06","OTHER","INFO","System started"') == Event(kind="boot")


@pytest.mark.parametrize(
    "line",
    [
        "AP : DHCPS: DHCPACK on 192.168.11.66 to 00:00:5e:00:53:05",
        '"a","b","c"',
        "dhcpd: DHCPREQUEST",
        "[DHCPD] Extends 192.168.1.156: 00:00:5e:00:53:05",
        (
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxDHCPS:Send ACK to "
            "192.168.0.1"
        ),
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert parse(line) is None
