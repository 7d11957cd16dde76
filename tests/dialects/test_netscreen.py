import pytest

from exporter.dialects import Malformed, netscreen
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    assert netscreen.claims(message), line
    return netscreen.parse(message)


HEAD = "NetScreen device_id=ssg5  [Root]system-notification-00257(traffic): "


@pytest.mark.parametrize(
    ("action", "kind"), [("Deny", "rejected"), ("PERMIT", "accepted"), ("Tunnel", "other")]
)
def test_the_action_is_the_verdict(action, kind):
    event = parse(
        f"{HEAD}proto=17 src zone=a b dst zone=c action={action} src=192.0.2.1 src_port=5"
    )
    assert event == Event(
        kind=kind, action=action.lower(), transport="udp", source_ip="192.0.2.1", source_port=5
    )


def test_what_follows_the_translation_is_left_out():
    event = parse(f"{HEAD}action=Deny src=192.0.2.1 src-xlated ip=192.0.2.2 port=7")
    assert event == Event(kind="rejected", action="deny", source_ip="192.0.2.1")


@pytest.mark.parametrize("interface", ["(zone a, int e0)", "(zone a int  e0)", "(int e0)"])
def test_alarms_count_and_name_their_interface(interface):
    event = parse(
        "NetScreen device_id=x system-alert-00004: Flood! From [2001:db8::7]:1 to 2001:db8::9, "
        f"proto UDP {interface}. Occurred 3 times."
    )
    assert event == Event(
        kind="dos_alert",
        transport="udp",
        source_ip="2001:db8::7",
        source_port=1,
        destination_ip="2001:db8::9",
        ingress_interface="e0",
        count=3,
    )


def test_a_log_in_that_did_not_fail_is_other():
    line = "NetScreen device_id=x warning-00515: Admin user a login attempt from 192.0.2.1:5 {}"
    assert parse(line.format("failed.")) == Event(
        kind="login_failure", source_ip="192.0.2.1", source_port=5
    )
    assert parse(line.format("has failed")) == parse(line.format("failed"))
    assert parse(line.format("succeeded")) == Event(kind="other")
    line = "NetScreen device_id=x critical-00026: SSH: Password authentication failed for 'a' "
    assert parse(f"{line}at host 192.0.2.1.") == Event(kind="login_failure", source_ip="192.0.2.1")
    assert parse(line) == Event(kind="login_failure")


def test_traffic_that_says_nothing_is_malformed():
    with pytest.raises(Malformed):
        parse(HEAD)
