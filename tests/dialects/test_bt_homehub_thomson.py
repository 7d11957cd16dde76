import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import bt_homehub_thomson
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    return bt_homehub_thomson.parse(message) if bt_homehub_thomson.claims(message) else None


SAMPLES = (
    (
        "FIREWALL replay check (1 of 1): Protocol: UDP Src ip: 198.51.100.7 Src port: 53 "
        "Dst ip: 203.0.113.9 Dst port: 50123"
    ),
    "23:04:06  10 Nov  LOGIN User admin tried to log in (from 198.51.100.7)",
)


STAMPS = ("23:04:06  10 Nov\t", "23:04:06 1 Jan   ", "<12>", "Nov 10 23:04:06 hub ", "")


@pytest.mark.parametrize("stamp", STAMPS)
@given(
    transport=st.sampled_from(["TCP", "UDP"]),
    addresses=st.tuples(st.ip_addresses().map(str), st.ip_addresses().map(str)),
    ports=st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
    action=st.sampled_from(
        [("", "rejected"), (" Action: drop", "rejected"), (" Action: accept", "accepted")]
    ),
)
def test_a_check_reads_back(stamp, transport, addresses, ports, action):
    line = f"FIREWALL rule check (1 of 2): Protocol: {transport} "
    line += f"Src ip: {addresses[0]} Src port: {ports[0]} "
    line += f"Dst ip: {addresses[1]} Dst port: {ports[1]} Chain: sink Rule Id: 7{action[0]}"
    event = parse(stamp + line)
    assert event is not None
    assert (event.kind, event.action) == (action[1], action[0][9:] or None)
    assert (event.transport, event.rule, event.count) == (transport.lower(), "7", None)
    assert (event.source_port, event.destination_port) == ports


def test_icmp_has_no_ports():
    event = parse("FIREWALL icmp check (1 of 2): Protocol: ICMP Src ip: 198.51.100.7 Src port: 3")
    assert event == Event(kind="rejected", transport="icmp", source_ip="198.51.100.7")


def test_a_cut_check_is_still_refused():
    assert parse("FIREWALL icmp check (1 of 2): Proto") == Event(kind="rejected")
    assert parse("FIREWALL event (1 of 1): created rules") == Event(kind="other")


def test_who_failed_to_log_in_is_read():
    assert parse(SAMPLES[1]) == Event(kind="login_failure", source_ip="198.51.100.7")


@pytest.mark.parametrize(
    "line",
    [
        "FIREWALL: UDP connection denied from 198.51.100.7:1 to 203.0.113.9:2",
        "FIREWALL \tUDP connection denied",
        "LOGIN failed",
        "23:04:06 hello",
        "23:04:06  10 apples",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert parse(line) is None
