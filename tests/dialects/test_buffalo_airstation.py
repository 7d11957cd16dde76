import pytest

from exporter.dialects import Malformed, buffalo_airstation
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    return buffalo_airstation.parse(message) if buffalo_airstation.claims(message) else None


SAMPLES = (
    (
        "[00:00:5E:00:53:01] AP00005E005301 : DHCPS: DHCPACK on 192.168.11.66 to "
        "00:00:5e:00:53:05 (pc) via br0"
    ),
)


LEASE = Event(
    kind="dhcp_lease",
    ip="192.168.11.66",
    mac="00:00:5e:00:53:05",
    hostname="pc",
    ingress_interface="br0",
)


@pytest.mark.parametrize(
    "line",
    [
        SAMPLES[0],
        "Nov 10 23:04:06 buffalo.setup  " + SAMPLES[0],
        SAMPLES[0].replace(" : ", ":"),
        SAMPLES[0].replace("DHCPACK on", "DHCPACK  on ").replace("00:00:5e", "00:00:5E"),
        "DHCPS\tDHCPACK on 192.168.11.66 to 00:00:5e:00:53:05 (pc) via br0",
    ],
)
def test_a_lease_is_read_in_all_its_spacings(line):
    assert parse(line) == LEASE


@pytest.mark.parametrize(
    "verb", ["DISCOVER from", "OFFER on", "REQUEST for", "NAK on", "RELEASE of"]
)
def test_only_an_ack_is_a_lease(verb):
    assert parse(SAMPLES[0].replace("ACK on", verb)) == Event(kind="other")


def test_a_lease_for_nobody_is_malformed():
    for tail in ("", " on 192.168.11.66", " on 192.168.11.666 to 00:00:5e:00:53:05"):
        with pytest.raises(Malformed):
            parse("DHCPS\tDHCPACK" + tail)


def test_what_has_no_category_is_malformed():
    with pytest.raises(Malformed):
        buffalo_airstation.parse(header.read(b"hello", 0.0))


@pytest.mark.parametrize(
    "line",
    [
        (
            "[00:00:5E:00:53:01] AP00005E005301 : FIREWALL: UDP connection denied from "
            "198.51.100.7:1 to"
        ),
        "FIREWALL \tUDP connection denied from 198.51.100.7:67 to 203.0.113.9:68 (eth1)",
        "dhcpd: DHCPACK on 192.168.11.66 to 00:00:5e:00:53:05 via br0",
        "DHCPS:Send ACK to 192.168.0.100",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert parse(line) is None
