import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import hostapd
from exporter.events import Event
from exporter.syslog import header

MAC = "00:00:5e:00:53:02"


def parse(line: str) -> Event | None:
    message = header.read(line.encode("utf-8", "replace"), 0.0)
    return hostapd.parse(message) if hostapd.claims(message) else None


@pytest.mark.parametrize(
    ("says", "kind"),
    [
        ("STA {} IEEE 802.11: associated", "wifi_join"),
        ("STA {} IEEE 802.11: associated (aid 3)", "wifi_join"),
        ("STA {} IEEE 802.11: reassociated", "wifi_join"),
        ("sta {} ieee 802.11:  ASSOCIATED", "wifi_join"),
        ("AP-STA-CONNECTED {}", "wifi_join"),
        ("AP-STA-CONNECTED {} auth_alg=sae", "wifi_join"),
        ("STA {} IEEE 802.11: disassociated due to inactivity", "wifi_leave"),
        ("STA {} IEEE 802.11: deauthenticated due to local deauth request", "wifi_leave"),
        ("AP-STA-DISCONNECTED {}", "wifi_leave"),
        ("ap-sta-disconnected {}", "wifi_leave"),
        ("AP-STA-POSSIBLE-PSK-MISMATCH {}", "wifi_auth_failure"),
        ("CTRL-EVENT-EAP-FAILURE {}", "wifi_auth_failure"),
        ("CTRL-EVENT-EAP-FAILURE2 {}", "wifi_auth_failure"),
        ("STA {} IEEE 802.1X: authentication failed - EAP type: 25 (PEAP)", "wifi_auth_failure"),
        ("STA {} WPA: received EAPOL-Key 2/4 Pairwise with invalid MIC", "wifi_auth_failure"),
        ("STA {} IEEE 802.11: authenticated", "other"),
        ("STA {} WPA: pairwise key handshake completed (RSN)", "other"),
        ("CTRL-EVENT-EAP-SUCCESS {}", "other"),
        ("AP-STA-POLL-OK {}", "other"),
    ],
)
@pytest.mark.parametrize(
    "front", ["hostapd: ", "hostapd[12]: ", "<30>Nov 10 14:42:01 ap hostapd: "]
)
def test_the_words_say_what_became_of_the_station(front, says, kind):
    event = Event(kind=kind, ingress_interface="wl1.2", mac=MAC)
    assert parse(f"{front}wl1.2:  {says.format(MAC.upper())}") == event


def test_a_line_without_interface_or_with_a_cut_station_still_counts():
    assert parse(f"hostapd: STA {MAC} IEEE 802.11: associated") == Event(kind="wifi_join", mac=MAC)
    assert parse("hostapd: ath0: STA 00:00:5e IEEE 802.11: associated") == Event(
        kind="wifi_join", ingress_interface="ath0"
    )
    assert parse("hostapd: ath0: AP-STA-CONNECTED") == Event(
        kind="wifi_join", ingress_interface="ath0"
    )


@pytest.mark.parametrize("says", ["", "ath0: STA", "ath0: AP-STA-CONN", "interface state X->Y"])
def test_a_line_that_says_nothing_of_a_station_is_other(says):
    event = parse(f"hostapd: {says}")
    assert event is not None
    assert event.kind == "other"


def test_a_tag_behind_unifis_model_is_found():
    event = parse(
        f"<30>Nov 10 14:42:13 U7,00005e005301,v4.0: hostapd: ath0: AP-STA-CONNECTED {MAC}"
    )
    assert event == Event(kind="wifi_join", ingress_interface="ath0", mac=MAC)


def test_a_line_about_hostapd_is_not_its_own():
    assert parse("Nov 10 14:42:13 gateway procd: hostapd started") is None


@given(st.text(), st.sampled_from(["", "a: STA ", "AP-STA-", f"a: STA {MAC} "]))
def test_any_text_is_an_event(text, front):
    message = header.read(f"hostapd: {front}{text}".encode("utf-8", "replace"), 0.0)
    assert not hostapd.claims(message) or isinstance(hostapd.parse(message), Event)
