import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import Malformed, yamaha_rtx
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    return yamaha_rtx.parse(message) if yamaha_rtx.claims(message) else None


SAMPLES = (
    "PP[01] Rejected at IN(200099) filter: TCP 198.51.100.7:51413 > 203.0.113.9:23",
    "[INSPECT] LAN2[out][101] UDP 192.168.100.5:49152 > 198.51.100.53:53",
    "[DHCPD] LAN1(port3) Allocates 192.168.100.5: 00:00:5e:00:53:05",
    "PP[01] PPP/IPCP up  (Local: 203.0.113.9, Remote: 198.51.100.1)",
)


@given(
    interface=st.sampled_from(["PP[01]", "LAN2", "TUNNEL[3]", "LAN1(port2)", "WAN1", "BRIDGE1"]),
    way=st.sampled_from(["IN", "OUT"]),
    rule=st.sampled_from(["default", "200099", "1"]),
    transport=st.sampled_from(["TCP", "UDP"]),
    addresses=st.tuples(st.ip_addresses(v=4).map(str), st.ip_addresses(v=4).map(str)),
    ports=st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
    front=st.sampled_from(["", "<134>", "2026/11/10 23:04:06: ", "Nov 10 23:04:06 rtx "]),
    upper=st.booleans(),
)
def test_a_filter_line_reads_back(interface, way, rule, transport, addresses, ports, front, upper):
    line = f"{interface} Rejected at {way}({rule}) filter: {transport} "
    line += f"{addresses[0]}:{ports[0]} > {addresses[1]}:{ports[1]}"
    event = parse(front + (line.upper() if upper else line))
    interface, rule = (interface.upper(), rule.upper()) if upper else (interface, rule)
    assert event == Event(
        kind="rejected",
        action="rejected",
        transport=transport.lower(),
        source_ip=addresses[0],
        source_port=ports[0],
        destination_ip=addresses[1],
        destination_port=ports[1],
        ingress_interface=interface if way == "IN" else None,
        egress_interface=interface if way == "OUT" else None,
        rule=rule,
    )


@given(st.ip_addresses(v=6), st.integers(0, 65535))
def test_ipv6_has_a_dot_before_the_port(address, port):
    event = parse(f"LAN2 Rejected at IN(11) filter: TCP {address}.{port} > {address}")
    assert event is not None
    assert event.source_ip == event.destination_ip
    assert (event.source_port, event.destination_port) == (port, None)


def test_what_a_cut_line_does_not_say_is_left_out():
    whole = SAMPLES[0]
    for end in range(whole.index("filter"), len(whole)):
        event = parse(whole[:end])
        assert event is not None
        assert event.transport in (None, "tcp")
        assert event.kind in ("rejected", "other")
    assert parse("PP[01] Rejected at IN(1) filter: UDP 198.51.100.7:53 >") == Event(
        kind="rejected",
        action="rejected",
        transport="udp",
        source_ip="198.51.100.7",
        source_port=53,
        ingress_interface="PP[01]",
        rule="1",
    )


def test_a_port_behind_a_mask_is_not_believed():
    event = parse("[INSPECT] LAN2[out][31] TCP <v6>.56609 > xx.xx.xx.xx:443")
    assert event == Event(kind="accepted", transport="tcp", egress_interface="LAN2", rule="31")


def test_an_ethernet_filter_names_the_station():
    event = parse(
        "LAN1(port2) Rejected at IN(45) filter: 00:00:5E:00:53:05 > ff:ff:ff:ff:ff:ff IP6"
    )
    assert event is not None
    assert (event.mac, event.transport, event.source_ip) == ("00:00:5e:00:53:05", None, None)


def test_a_lease_without_a_readable_address_is_malformed():
    with pytest.raises(Malformed):
        parse("[DHCPD] LAN1 Extends 192.168.100.256: 00:00:5e:00:53:05")


@pytest.mark.parametrize(
    "line",
    [
        "12 34 apples",
        "[INSPECTOR] LAN2",
        "LAN party: tonight",
        "[DHCP IP: 192.168.1.5] to MAC address",
        "WAN connection is up",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert parse(line) is None
