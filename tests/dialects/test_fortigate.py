import pytest

from exporter.dialects import Malformed, fortigate
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    assert fortigate.claims(message), line
    return fortigate.parse(message)


HEAD = 'date=2026-11-10 time=14:04:06 logid="0000000013" type="traffic" subtype="forward" '
FLOW = "srcip=198.51.100.7 srcport=1024 dstip=203.0.113.9 dstport=22 proto=6 "


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("deny", "rejected"),
        ("DENY", "rejected"),
        ("dropped", "rejected"),
        ("drop_session", "rejected"),
        ("reset_client", "rejected"),
        ("accept", "accepted"),
        ("start", "accepted"),
        ("passthrough", "accepted"),
        ("close", "other"),
        ("timeout", "other"),
        ("server-rst", "other"),
        ("detected", "other"),
    ],
)
def test_an_ended_session_states_no_verdict(action, kind):
    event = parse(f'{HEAD}{FLOW}action="{action}"')
    assert event is not None
    assert (event.kind, event.action) == (kind, action.lower())
    assert (event.source_ip, event.destination_port) == ("198.51.100.7", 22)


@pytest.mark.parametrize(
    ("service", "transport"),
    [
        ("udp/5353", "udp"),
        ("65535/tcp", "tcp"),
        ("TCP/445", "tcp"),
        ("icmp6/131/0", "icmpv6"),
        ("HTTPS", None),
    ],
)
def test_the_service_tells_the_protocol_where_that_is_missing(service, transport):
    event = parse(f'{HEAD}srcip=198.51.100.7 dstip=203.0.113.9 service="{service}" action=deny')
    assert event is not None
    assert event.transport == transport


def test_a_name_that_a_stranger_chose_is_not_read_as_pairs():
    event = parse(f'{HEAD}srcname="a srcip=192.0.2.1 action=accept" {FLOW}action="deny"')
    assert event is not None
    assert (event.kind, event.source_ip) == ("rejected", "198.51.100.7")


def test_of_two_equal_keys_the_first_counts():
    event = parse(f'{HEAD}{FLOW}action="deny" url=x srcip=192.0.2.1 action=accept')
    assert event is not None
    assert (event.kind, event.source_ip) == ("rejected", "198.51.100.7")


def test_traffic_that_says_nothing_is_malformed():
    with pytest.raises(Malformed):
        parse(HEAD)


@pytest.mark.parametrize(
    "line",
    [
        'log_id="1" log_type="Firewall" log_component="Firewall Rule" log_subtype="Denied"',
        "CEF:0|Fortinet|Fortigate|v7|13|traffic:forward deny|3|FTNTFGTlogid=13 cat_type=x",
        "type=traffic action=deny",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert not fortigate.claims(header.read(line.encode(), 0.0))


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ('logdesc="Wireless client association failure"', "wifi_auth_failure"),
        ('logdesc="Wireless client denied"', "wifi_auth_failure"),
        ('logdesc="Wireless client disassociated"', "wifi_leave"),
        ('logdesc="Wireless client associated"', "wifi_join"),
        ('logdesc="Wireless client IP assigned"', "other"),
    ],
)
def test_wireless_clients_come_go_and_fail(words, kind):
    event = parse(f'logid="1" type="event" subtype="wireless" {words} stamac="00:00:5e:00:53:21"')
    assert event == Event(kind=kind, mac="00:00:5e:00:53:21")
