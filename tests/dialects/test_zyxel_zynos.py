import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import zyxel_zynos
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    return zyxel_zynos.parse(message) if zyxel_zynos.claims(message) else None


@given(
    tag=st.sampled_from(
        ["ZyXEL Communications Corp.: ", "ZyXEL: ", "RAS: ", "Nov 10 23:04:06 192.168.1.1 RAS: "]
    ),
    transport=st.sampled_from(["TCP", "UDP"]),
    addresses=st.tuples(st.ip_addresses(v=4).map(str), st.ip_addresses(v=4).map(str)),
    ports=st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
    verdict=st.sampled_from(
        [("F", "accepted"), ("D", "rejected"), ("B", "rejected"), ("N", "other")]
    ),
    decimal=st.booleans(),
)
def test_a_filter_line_reads_back(tag, transport, addresses, ports, verdict, decimal):
    one, two = (f"{port:05d}" if decimal else f"{port:04x}" for port in ports)
    line = (
        f"{tag}IP[Src={addresses[0]} Dst={addresses[1]} {transport} spo={one}  dpo={two}]}}S04>R12m"
    )
    assert parse(line + verdict[0]) == Event(
        kind=verdict[1],
        transport=transport.lower(),
        source_ip=addresses[0],
        source_port=ports[0],
        destination_ip=addresses[1],
        destination_port=ports[1],
        rule="S04>R12",
    )


@pytest.mark.parametrize(
    ("letter", "kind"), [("F", "accepted"), ("B", "rejected"), ("N", "other"), ("", "other")]
)
def test_a_firewall_line_has_decimal_ports(letter, kind):
    event = parse(
        f"RAS: FW 198.51.100.7 :4662 ->203.0.113.9 :135 |TCP|default permit:<2,0>|{letter}"
    )
    assert event == Event(
        kind=kind,
        transport="tcp",
        source_ip="198.51.100.7",
        source_port=4662,
        destination_ip="203.0.113.9",
        destination_port=135,
    )


def test_icmp_has_no_ports():
    event = parse("IP[Src=198.51.100.7 Dst=203.0.113.9 ICMP spo=0008 dpo=0000]}S01>R01mD")
    assert event is not None
    assert (event.kind, event.source_port, event.destination_port) == ("rejected", None, None)


def test_other_lines_of_the_maker_are_known():
    assert parse("ZyXEL Communications Corp.: ppp:LCP Closing") == Event(kind="other")


@pytest.mark.parametrize(
    "line",
    [
        'src="198.51.100.7:1" dst="203.0.113.9:2" cat="Security Policy Control"',
        "FW allow",
        "kernel: IN=eth0 SRC=198.51.100.7 DST=203.0.113.9",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert parse(line) is None
