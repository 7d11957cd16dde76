import pytest

from exporter.dialects import Malformed, cef
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    assert cef.claims(message), line
    return cef.parse(message)


@pytest.mark.parametrize(
    "front", ["CEF:0|", "CEF: 0|", "0|", "Nov 10 14:04:06 gw CEF:0|", "x CEF:1|"]
)
def test_the_word_cef_may_be_spaced_or_lost(front):
    event = parse(
        front + "Ubiquiti|UniFi Network|9|201|Threat Detected and Blocked|7|src=192.0.2.1"
    )
    assert event == Event(kind="rejected", action="blocked", source_ip="192.0.2.1")


@pytest.mark.parametrize(
    ("act", "title", "kind"),
    [
        ("blocked", "Blocked by Firewall", "rejected"),
        ("", "Blocked by Firewall", "rejected"),
        ("allowed", "Blocked by Firewall", "accepted"),
        ("close", "traffic:forward", "other"),
        ("", "Threat Detected", "other"),
        ("deny", "UDP flood", "dos_alert"),
        ("", "Admin login failed", "login_failure"),
    ],
)
def test_the_action_wins_over_the_name(act, title, kind):
    event = parse(f"CEF:0|V|P|1|1|{title}|1|src=192.0.2.1 act={act} msg=x")
    assert event is not None
    assert event.kind == kind


def test_a_value_with_blanks_ends_at_the_next_key():
    event = parse(
        "CEF:0|V|P|1|1|Deny|1|UNIFIpolicyName=No one -> all src=192.0.2.1 msg=a src=192.0.2.2"
    )
    assert event is not None
    assert (event.rule, event.source_ip) == ("No one -> all", "192.0.2.1")


def test_a_client_that_was_blocked_is_no_packet():
    event = parse("CEF:0|Ubiquiti|UniFi Network|9|1|WiFi Client Blocked|1|UNIFIclientMac=x")
    assert event == Event(kind="other", action="blocked")


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Internet Disconnected", "wan_down"),
        ("WAN 2 is down", "wan_down"),
        ("Internet Connected", "wan_up"),
        ("WAN Failover", "other"),
    ],
)
def test_the_internet_comes_and_goes(title, kind):
    assert parse(f"CEF:0|Ubiquiti|UniFi Network|9|1|{title}|1|msg=x") == Event(kind=kind)


def test_a_cut_header_is_malformed():
    with pytest.raises(Malformed):
        parse("CEF:0|Ubiquiti|UniFi Network|9")


@pytest.mark.parametrize("line", ["CEF: hello", "0|x", "CEF:|a|b", "0|a=b|c|"])
def test_lines_of_others_are_left_to_them(line):
    assert not cef.claims(header.read(line.encode(), 0.0))
