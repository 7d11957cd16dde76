import pytest

from exporter.dialects import airport_extreme
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    return airport_extreme.parse(message) if airport_extreme.claims(message) else None


SAMPLES = (
    "11/10/26 11:04:06.000 PM 80211: Associated with station 00:00:5e:00:53:05",
    (
        "11/10/26 11:04:06.000 PM natpmp: Binding added for udp, 203.0.113.9:32770 to "
        "10.0.1.4:4500 with lifetime 7200"
    ),
)


@pytest.mark.parametrize(
    "front", ["8/9/26 8:43:09.000 AM ", "11/10/26 11:04:06 pm ", "Nov 10 23:04:06 base ", ""]
)
@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Associated with station 00:00:5E:00:53:05", "wifi_join"),
        ("Disassociated with station 00:00:5e:00:53:05", "wifi_leave"),
        ("Deauthenticating with station 00:00:5e:00:53:05 (reserved 2).", "wifi_leave"),
        ("Authentication failed for station 00:00:5e:00:53:05", "wifi_auth_failure"),
        ("Authenticating station 00:00:5e:00:53:05 to RADIUS.", "other"),
    ],
)
def test_what_stations_do(front, said, kind):
    assert parse(f"{front}80211: {said}") == Event(kind=kind, mac="00:00:5e:00:53:05")


def test_a_mapping_names_the_outside_and_the_host_inside():
    assert parse(SAMPLES[1]) == Event(
        kind="port_mapping",
        transport="udp",
        destination_ip="203.0.113.9",
        destination_port=32770,
        ip="10.0.1.4",
    )


def test_what_is_cut_is_other():
    assert parse(SAMPLES[0][:50]) == Event(kind="other")
    assert parse(SAMPLES[1][:50]) == Event(kind="other")


@pytest.mark.parametrize(
    "line",
    [
        "11/10/2026  23:04:06 DHCP Client: Send Discover",
        "hostapd: wlan0: STA 00:00:5e:00:53:05 IEEE 802.11: associated",
        "8/9 apples",
        "11/10/26 11:04:06.000 PM dhcpd: DHCPACK on 10.0.1.4 to 00:00:5e:00:53:05 via br0",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert parse(line) is None
