import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import Malformed, dlink_di
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    return dlink_di.parse(message) if dlink_di.claims(message) else None


SAMPLES = (
    "Unrecognized attempt blocked from 198.51.100.7:40245 to 203.0.113.9 TCP:8080",
    "Drop UDP packet from WAN src:198.51.100.7:1 dst:203.0.113.9:2 Rule: Default deny",
    "DHCP lease IP 192.168.0.102 to notebook 00-00-5E-00-53-05",
)


@given(
    transport=st.sampled_from(["TCP", "UDP"]),
    addresses=st.tuples(st.ip_addresses(v=4).map(str), st.ip_addresses(v=4).map(str)),
    ports=st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
    front=st.sampled_from(["", "Tue Nov 10 23:04:06 2026 ", "Nov 10 23:04:06 di604 ", "<14>"]),
    blank=st.sampled_from([" ", "  ", "\t"]),
    upper=st.booleans(),
)
def test_the_protocol_stands_before_the_port(transport, addresses, ports, front, blank, upper):
    line = f"Unrecognized attempt blocked from {addresses[0]}:{ports[0]} to {addresses[1]} "
    line += f"{transport}:{ports[1]}"
    if blank != "\t":
        line = line.replace(" ", blank)
    assert parse(front + (line.upper() if upper else line)) == Event(
        kind="rejected",
        action="blocked",
        transport=transport.lower(),
        source_ip=addresses[0],
        source_port=ports[0],
        destination_ip=addresses[1],
        destination_port=ports[1],
    )


def test_a_masked_address_keeps_its_port():
    event = parse("Unrecognized attempt blocked from 198.51.*.*:5 to x.x.x.x UDP:6")
    assert event is not None
    assert (event.source_ip, event.source_port) == (None, 5)
    assert (event.destination_ip, event.destination_port) == (None, 6)


def test_ipv6_is_read():
    event = parse("Unrecognized attempt blocked from [2001:db8::7]:5 to 2001:db8::9 UDP:6")
    assert event is not None
    assert (event.source_ip, event.source_port) == ("2001:db8::7", 5)
    assert event.destination_ip == "2001:db8::9"


def test_a_cut_line_says_less():
    event = parse("Unrecognized attempt blocked from 198.51.100.7:40245 to")
    assert event is not None
    assert (event.kind, event.transport, event.destination_ip) == ("rejected", None, None)


def test_the_host_need_not_be_in_the_header():
    assert parse("Nov 10 23:04:06 " + SAMPLES[0]) == parse(SAMPLES[0])


def test_a_lease_without_an_address_is_malformed():
    with pytest.raises(Malformed):
        parse("DHCP lease IP to notebook")


@pytest.mark.parametrize(
    "line",
    [
        "blocked attempt from 198.51.100.7",
        "an attempt was made",
        "DHCP: lease",
        "Associated with station 00:00:5e:00:53:05",
        "Drop the packet",
        "ICMP redirect from 198.51.100.7",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert parse(line) is None
