import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import dlink_ubicom
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    return dlink_ubicom.parse(message) if dlink_ubicom.claims(message) else None


SAMPLES = (
    "Blocked incoming TCP connection request from 198.51.100.7:8240 to 203.0.113.9:6003",
    "Wireless system with MAC address 00005E005305 associated",
    "UPnP added entry 255.255.255.255 <-> 203.0.113.9:6346 <-> 192.168.0.101:6346 TCP",
    "WAN interface is up. Connection established with IP address 203.0.113.9",
)


@given(
    what=st.sampled_from(["TCP connection request", "UDP packet", "tcp packet", "UDP  packet"]),
    way=st.sampled_from(["incoming", "outgoing"]),
    addresses=st.tuples(st.ip_addresses(v=4).map(str), st.ip_addresses(v=4).map(str)),
    ports=st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
    front=st.sampled_from(["", "D-Link Systems DIR-655 System Log: ", "Nov 10 23:04:06 dir "]),
    behind=st.sampled_from(["", " as RST received", " with unexpected flags from 192.0.2.1:9"]),
)
def test_a_blocked_packet_reads_back(what, way, addresses, ports, front, behind):
    line = f"blocked {way} {what} from {addresses[0]}:{ports[0]} to {addresses[1]}:{ports[1]}"
    assert parse(front + line + behind) == Event(
        kind="rejected",
        action="blocked",
        transport=what[:3].lower(),
        source_ip=addresses[0],
        source_port=ports[0],
        destination_ip=addresses[1],
        destination_port=ports[1],
    )


def test_the_packet_that_an_icmp_error_is_about_gives_nothing():
    event = parse(
        "Blocked incoming ICMP error message (ICMP type 3) from 198.51.100.7 to 203.0.113.9 as "
        "there is no UDP session active between 203.0.113.9:6881 and 198.51.100.20:6346"
    )
    assert event is not None
    assert (event.transport, event.source_ip, event.source_port) == ("icmp", "198.51.100.7", None)
    assert (event.destination_ip, event.destination_port) == ("203.0.113.9", None)


def test_a_mapping_names_the_outside_and_the_host_inside():
    assert parse(SAMPLES[2]) == Event(
        kind="port_mapping",
        transport="tcp",
        destination_ip="203.0.113.9",
        destination_port=6346,
        ip="192.168.0.101",
    )


def test_a_station_has_no_separators_in_its_address():
    assert parse(SAMPLES[1]) == Event(kind="wifi_join", mac="00:00:5e:00:53:05")
    assert parse("Wireless system with MAC address 00:00:5E:00:53:05 disconnected") == Event(
        kind="wifi_leave", mac="00:00:5e:00:53:05"
    )


@pytest.mark.parametrize(
    "line",
    [
        "UDP connection blocked from 198.51.100.7:1 to 203.0.113.9:2",
        "Blocked by policy",
        "System Log: hello",
        "Dropped 5 packets",
        "Unrecognized attempt blocked from 198.51.100.7:1 to 203.0.113.9 TCP:2",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert parse(line) is None
