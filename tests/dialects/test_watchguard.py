import pytest

from exporter.dialects import watchguard
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    assert watchguard.claims(message), line
    return watchguard.parse(message)


@pytest.mark.parametrize(
    ("front", "interfaces"),
    [
        ("Deny a b 52 udp 20 127", ("a", "b")),
        ("Deny a b udp", ("a", "b")),
        ("Deny a c b 52 udp 20 127", (None, None)),
        ("Deny a udp", (None, None)),
        ('x="Allow a b" y=z DENY a b udp', ("a", "b")),
    ],
)
def test_interfaces_are_told_apart_only_without_blanks(front, interfaces):
    event = parse(f'f: msg_id="3000-0148" {front} 192.0.2.1 2001:db8::1 5 6 a="(b)" (some (rule))')
    assert event == Event(
        kind="rejected",
        action="deny",
        transport="udp",
        source_ip="192.0.2.1",
        source_port=5,
        destination_ip="2001:db8::1",
        destination_port=6,
        ingress_interface=interfaces[0],
        egress_interface=interfaces[1],
        rule="some (rule)",
    )


def test_a_cut_line_keeps_its_verdict():
    assert parse('msg_id="3000-0148" Deny a b') == Event(kind="rejected", action="deny")
    assert parse('msg_id="3000-0148" Deny a b udp 192.0.2.1') == Event(
        kind="rejected", action="deny"
    )
    assert parse('msg_id="3000-0148" ') == Event(kind="other")
    event = parse('msg_id="3000-0148" Deny a b udp 192.0.2.1 192.0.2.2')
    assert event is not None
    assert (event.destination_ip, event.source_port) == ("192.0.2.2", None)


def test_a_failed_log_in_may_name_nobody():
    assert parse('msg_id="1100-0005" Authentication of user was rejected') == Event(
        kind="login_failure"
    )


def test_masked_addresses_keep_the_verdict():
    event = parse('msg_id="3000-0148" Deny a b udp x.x.x.x y.y.y.y 1 2')
    assert event == Event(kind="rejected", action="deny")


@pytest.mark.parametrize("line", ['msg_id="x"', 'msg_id="1600-0066" DHCPACK on 192.0.2.1', "x"])
def test_lines_of_others_are_left_to_them(line):
    assert not watchguard.claims(header.read(line.encode(), 0.0))
