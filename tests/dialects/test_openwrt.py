import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import openwrt
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode("utf-8", "replace"), 0.0)
    return openwrt.parse(message) if openwrt.claims(message) else None


@pytest.mark.parametrize("name", ["wan", "wan6", "WAN_6", "wwan", "pppoe-wan", "lte0", "fiber"])
@pytest.mark.parametrize(
    ("says", "kind"),
    [
        ("Interface '{}' is now up", "wan_up"),
        ("Interface '{}' is now down", "wan_down"),
        ("interface '{}'  is  now  DOWN", "wan_down"),
        ("Interface '{}' has lost the connection", "wan_down"),
    ],
)
def test_an_interface_named_for_the_internet_is_the_wan(name, says, kind):
    line = f"Tue Nov 10 14:47:01 2026 daemon.notice netifd: {says.format(name)}"
    assert parse(line) == Event(kind=kind, ingress_interface=name)


@pytest.mark.parametrize("name", ["lan", "wlan0", "loopback", "guest"])
def test_other_interfaces_are_not_the_wan(name):
    event = parse(f"netifd: Interface '{name}' is now up")
    assert event == Event(kind="other", ingress_interface=name)


def test_mwan_tells_which_uplink_works():
    event = parse("mwan3track[22]: Interface wanb (eth2) is offline")
    assert event == Event(kind="wan_down", ingress_interface="wanb")


@pytest.mark.parametrize(
    "line",
    [
        "netifd: Interface 'wan' is setting up now",
        "netifd: Interface 'wan' is upset",
        "netifd: wan (1883): udhcpc: lease of 203.0.113.9 obtained",
        "procd: - early -",
        "logread[7]: Logread connected to 192.0.2.1:514",
        "netifd:",
    ],
)
def test_steps_on_the_way_are_other(line):
    event = parse(line + " ")
    assert event is None or event == Event(kind="other")


def test_the_end_of_start_up_is_a_boot():
    assert parse("Tue Nov 10 14:47:10 2026 daemon.info procd: - init complete -") == Event(
        kind="boot"
    )


@given(st.text())
def test_any_text_is_an_event(text):
    message = header.read(f"netifd: Interface {text}".encode("utf-8", "replace"), 0.0)
    assert isinstance(openwrt.parse(message), Event)
