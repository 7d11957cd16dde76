import pytest

from exporter.dialects import Malformed, fritzbox
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    return fritzbox.parse(message) if fritzbox.claims(message) else None


SAMPLES = (
    (
        "WLAN-Gerät angemeldet (5 GHz), 866 Mbit/s, notebook, IP 192.168.178.21, MAC "
        "00:00:5E:00:53:05."
    ),
    "Internetverbindung wurde erfolgreich hergestellt. IP-Adresse: 203.0.113.9, DNS-Server: x",
    "Anmeldung des Benutzers a an der FRITZ!Box von IP-Adresse 198.51.100.7 gescheitert",
)


JOINED = Event(kind="wifi_join", mac="00:00:5e:00:53:05", ip="192.168.178.21", hostname="notebook")


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp1252"])
def test_broken_umlauts_do_no_harm(encoding):
    message = header.read(SAMPLES[0].encode(encoding), 0.0)
    assert fritzbox.claims(message)
    assert fritzbox.parse(message) == JOINED


@pytest.mark.parametrize(
    "stamp", ["10.11.26 23:04:06 ", "10.11.2026 23:04:06 ", "10.11.26 23:04 ", ""]
)
@pytest.mark.parametrize("upper", [False, True])
def test_the_stamp_and_case_do_not_matter(stamp, upper):
    line = SAMPLES[0].upper().replace("NOTEBOOK", "notebook") if upper else SAMPLES[0]
    assert parse(stamp + line) == JOINED


def test_a_host_name_may_hold_what_looks_like_fields():
    event = parse("WLAN-Gerät angemeldet, my IP 6, IP 192.168.178.6, MAC 00-00-5E-00-53-06")
    assert event is not None
    assert (event.hostname, event.mac) == ("my IP 6", "00:00:5e:00:53:06")


def test_ipv6_of_a_station_is_read():
    event = parse(
        "WLAN-Gerät angemeldet (5 GHz), 866 Mbit/s, tv, IP 2001:DB8::5, MAC 00:00:5E:00:53:05."
    )
    assert event is not None
    assert event.ip == "2001:db8::5"


def test_missing_fields_are_left_out():
    assert parse("WLAN-Gerät angemeldet") == Event(kind="wifi_join")
    assert parse("WLAN-Gerät hat sich abgemeldet, MAC 00:00:5E") == Event(kind="wifi_leave")
    assert parse("Internetverbindung wurde erfolgreich hergestellt.") == Event(kind="wan_up")


def test_equal_messages_are_counted():
    event = parse("WLAN-Gerät hat sich abgemeldet. [12 Meldungen seit 10.11.26 22:54:30]")
    assert event == Event(kind="wifi_leave", count=12)
    event = parse("WLAN-Gerät hat sich abgemeldet. [00 Meldungen seit 10.11.26 22:54:30]")
    assert event == Event(kind="wifi_leave")
    with pytest.raises(Malformed):
        parse("WLAN-Gerät hat sich abgemeldet. [1000001 Meldungen seit 10.11.26 22:54:30]")


def test_a_telephone_number_that_cannot_register_is_no_failed_log_in():
    assert parse("Anmeldung der Internetrufnummer 5 ist fehlgeschlagen.") == Event(kind="other")


def test_stations_that_a_new_channel_makes_join_anew_are_no_join():
    line = "WLAN-Autokanal: WLAN-Geräte werden daher unter Umständen neu angemeldet."
    assert parse(line) == Event(kind="other")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("logged on", "wifi_join"),
        ("registered", "wifi_join"),
        ("deregistered", "wifi_leave"),
        ("has been disconnected", "wifi_leave"),
        ("was rejected", "wifi_auth_failure"),
    ],
)
def test_english_stations_come_and_go_too(words, kind):
    line = f"WLAN device {words} (5 GHz), pc, IP 192.168.178.5, MAC 00:00:5E:00:53:05."
    mac, ip = "00:00:5e:00:53:05", "192.168.178.5"
    assert parse(line) == Event(kind=kind, mac=mac, ip=ip, hostname="pc")


def test_a_connection_that_could_not_be_made_is_not_up():
    assert parse("Internetverbindung konnte nicht hergestellt werden") == Event(kind="other")


@pytest.mark.parametrize(
    "line",
    [
        "Das WLAN-Gerät",
        "WLAN access rejected",
        "DSL link up",
        "Anmeldung",
        "kernel: WLAN-Gerät angemeldet",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert parse(line) is None
