import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import unifi_ap
from exporter.events import Event
from exporter.syslog import header

MAC = "00:00:5e:00:53:02"
TRACKER = "[STA-TRACKER].stahtd_dump_event(): "


def parse(line: str) -> Event | None:
    message = header.read(line.encode("utf-8", "replace"), 0.0)
    return unifi_ap.parse(message) if unifi_ap.claims(message) else None


@pytest.mark.parametrize(
    "front", ["stahtd[1]: ", "stahtd: stahtd[1]: ", "<30>Nov 10 14:45:01 ap stahtd: "]
)
@pytest.mark.parametrize(
    ("told", "more", "kind"),
    [
        ("sta_join", "", "wifi_join"),
        ("sta_leave", "", "wifi_leave"),
        ("failure", "", "wifi_auth_failure"),
        ("sta_roam", "", "other"),
        ("soft failure", '"ip_assign_type":"roamed",', "other"),
        ("soft failure", '"wpa_auth_failures":"0",', "other"),
        ("soft failure", '"wpa_auth_failures":"2",', "wifi_auth_failure"),
    ],
)
def test_the_tracker_says_what_became_of_the_station(front, told, more, kind):
    pairs = f'{more}"event_type" : "{told}","mac":"{MAC.upper()}","vap":"ath4","cut":"of'
    event = parse(f"{front}{TRACKER}{{{pairs}")
    assert event == Event(kind=kind, ingress_interface="ath4", mac=MAC)


def test_invalid_json_is_other():
    assert parse("stahtd[1]: {not json}") == Event(kind="other")
    assert parse("stahtd[1]: hello") == Event(kind="other")


@pytest.mark.parametrize(
    ("says", "event"),
    [
        (
            f"EVENT_STA_JOIN ath0: {MAC} / 3",
            Event(kind="wifi_join", ingress_interface="ath0", mac=MAC),
        ),
        (f"EVENT_STA_LEAVE ra0: {MAC}", Event(kind="wifi_leave", ingress_interface="ra0", mac=MAC)),
        (
            f"EVENT_STA_IP ra0: {MAC} / 192.0.2.5",
            Event(kind="other", ingress_interface="ra0", mac=MAC, ip="192.0.2.5"),
        ),
        ("EVENT_STA_JOIN ath0: 00:00", Event(kind="wifi_join", ingress_interface="ath0")),
        ("EVENT_STA_", Event(kind="other")),
    ],
)
def test_events_of_libubnt_say_it_too(says, event):
    assert parse(f"syslog: wevent.ubnt_custom_event(): {says}") == event


def test_switches_start():
    front = "<29>Nov 10 14:45:08 US24P250,00005e005301,v4.0.54.10625 switch: "
    assert parse(f"{front}TRAPMGR: Cold Start: Unit: 0") == Event(kind="boot")
    assert parse(f"{front}DOT1S: discarding the BPDU") == Event(kind="other")


def test_a_switch_in_a_text_is_not_unifis():
    assert parse("the big switch: thrown") is None


def test_anomalies_name_the_station():
    event = parse(f"mcad: mcad[7]: x.log_sta_anomalies(): radio=wifi1 vap=wifi1ap3 sta={MAC} a=b")
    assert event == Event(kind="other", ingress_interface="wifi1ap3", mac=MAC)


@given(st.text(), st.sampled_from(["stahtd: {", "mcad: vap=", "libubnt: EVENT_STA_JOIN "]))
def test_any_text_is_an_event(text, front):
    message = header.read(f"{front}{text}".encode("utf-8", "replace"), 0.0)
    assert not unifi_ap.claims(message) or isinstance(unifi_ap.parse(message), Event)
