import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import Malformed, dropped_source_destination
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    return (
        dropped_source_destination.parse(message)
        if dropped_source_destination.claims(message)
        else None
    )


@given(
    transport=st.sampled_from(["TCP", "UDP"]),
    verb=st.sampled_from(
        [("dropped", "rejected"), ("Forwarded", "accepted"), ("blocked", "rejected")]
    ),
    behind=st.booleans(),
    addresses=st.tuples(st.ip_addresses(v=4).map(str), st.ip_addresses(v=4).map(str)),
    ports=st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
    rule=st.sampled_from(["SMB", "a, rule - Source:1.2.3.4", ""]),
)
def test_the_verdict_stands_before_or_behind(transport, verb, behind, addresses, ports, rule):
    word, kind = verb
    front = f"{transport} packet" if behind else f"{transport} packet {word}"
    line = f"{front} - Source:{addresses[0]}, {ports[0]}, WAN - "
    line += f"Destination:{addresses[1]}, {ports[1]}, LAN"
    line += f" [{word}]" if behind else ""
    line += f" - '{rule}'" if rule else ""
    assert parse(line) == Event(
        kind=kind,
        action=word.lower(),
        transport=transport.lower(),
        source_ip=addresses[0],
        source_port=ports[0],
        destination_ip=addresses[1],
        destination_port=ports[1],
        ingress_interface="WAN",
        egress_interface="LAN",
        rule=rule or None,
    )


def test_a_line_without_a_verdict_is_other():
    event = parse("UDP Packet - Source:198.51.100.7,1 ,WAN - Destination:203.0.113.9,2 ,LAN")
    assert event is not None
    assert (event.kind, event.action, event.destination_port) == ("other", None, 2)


def test_ipv6_is_read():
    event = parse(
        "UDP packet dropped - Source:2001:db8::7, 1, WAN - Destination:2001:db8::9, 2, LAN"
    )
    assert event is not None
    assert (event.source_ip, event.destination_ip) == ("2001:db8::7", "2001:db8::9")


def test_a_line_without_a_protocol_is_malformed():
    with pytest.raises(Malformed):
        parse("dropped - Source:198.51.100.7, 1, WAN - Destination:203.0.113.9, 2, LAN")


@pytest.mark.parametrize(
    "line",
    [
        "Source: 198.51.100.7 Destination: 203.0.113.9",
        "Source:198.51.100.7, 1, WAN - Destination:203.0.113.9",
        "TCP connection dropped from 198.51.100.7:1 to 203.0.113.9:2",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert parse(line) is None
