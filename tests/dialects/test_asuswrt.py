import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import asuswrt
from exporter.events import Event
from exporter.syslog import header

MAC = "00:00:5e:00:53:02"


def parse(line: str) -> Event | None:
    message = header.read(line.encode("utf-8", "replace"), 0.0)
    return asuswrt.parse(message) if asuswrt.claims(message) else None


FRONTS = (
    "wlceventd: wlceventd_proc_event(1): ",
    "Nov 10 14:43:01 RT-AX88U wlceventd: wlceventd_proc_event(645): ",
    "syslog:  WLCEVENTD wlceventd_proc_event(401): ",
    "2026-11-10 14:43:06 RT-AX88U 192.0.2.1 1 5 syslog:  WLCEVENTD wlceventd_proc_event(401): ",
    "wlceventd: ",
)


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize(
    ("says", "kind"),
    [
        ("Assoc {}, status: Successful (0), rssi:0", "wifi_join"),
        ("ReAssoc {}, status: Successful (0), rssi:-61", "wifi_join"),
        ("Assoc {}", "wifi_join"),
        ("Disassoc {}, status: 0, reason: leaving (8)", "wifi_leave"),
        ("Deauth_ind {}, status: 0, reason: inactivity (4)", "wifi_leave"),
        ("DEAUTH_IND {}", "wifi_leave"),
        ("Auth {}, status: Successful (0), rssi:-47", "other"),
        ("Auth {}, status: Unspecified failure (1)", "wifi_auth_failure"),
        ("Assoc {}, status: AP is full (17)", "wifi_auth_failure"),
    ],
)
def test_the_event_says_what_became_of_the_station(front, says, kind):
    event = parse(f"{front}eth6: {says.format(MAC.upper())}")
    assert event == Event(kind=kind, ingress_interface="eth6", mac=MAC)


def test_a_cut_station_still_counts():
    event = parse("wlceventd: wlceventd_proc_event(7): eth6: Assoc 00:00:5E:0")
    assert event == Event(kind="wifi_join", ingress_interface="eth6")


def test_the_roaming_assistant_only_intends():
    event = parse(f"roamast: wl1.2: disconnect weak signal strength station [{MAC}]")
    assert event == Event(kind="other", ingress_interface="wl1.2", mac=MAC)
    assert parse("roamast: ROAMING Start...") == Event(kind="other")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Nov 10 14:43:11 WAN Connection: Ethernet link down.", "wan_down"),
        ("Nov 10 14:43:11 RT-AX88U WAN Connection: WAN was restored.", "wan_up"),
        ("Nov 10 14:43:11 WAN(1) Connection: WAN was restored.", "wan_up"),
        ("Nov 10 14:43:11 WAN_Connection: ISP's DHCP did not function properly.", "other"),
        ("rc_service: httpds 881:notify_rc restart_firewall", "other"),
        ("kernel: WLC_SCB_DEAUTHORIZE error (-30)", "other"),
    ],
)
def test_the_wan_and_the_driver_speak(line, kind):
    assert parse(line) == Event(kind=kind)


def test_another_programs_connection_is_left_to_it():
    assert (
        parse("Nov 10 14:43:11 nas Connection: User [a] from [192.0.2.1] failed to log in") is None
    )
    assert parse("WANDERER: hi") is None


@given(st.text(), st.sampled_from(FRONTS))
def test_any_text_is_an_event(text, front):
    message = header.read(f"{front}{text}".encode("utf-8", "replace"), 0.0)
    assert not asuswrt.claims(message) or isinstance(asuswrt.parse(message), Event)
