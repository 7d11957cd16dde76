import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import smc_barricade
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    return smc_barricade.parse(message) if smc_barricade.claims(message) else None


@given(
    stamp=st.sampled_from(["2026.11.10 23:04:06 ", "11/10/2026  23:04:06 ", ""]),
    name=st.sampled_from(["SYN Flood to Host", "UDP Flood", "TCP FIN Scan", "NULL scan"]),
    addresses=st.tuples(st.ip_addresses(v=4).map(str), st.ip_addresses(v=4).map(str)),
    ports=st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
    comma=st.sampled_from([", ", ",", " , "]),
    behind=st.sampled_from(["", " (from WAN Inbound)", " (from PPPoE1 Outbound)"]),
)
def test_an_attack_reads_back(stamp, name, addresses, ports, comma, behind):
    line = f"**{name}** {addresses[0]}{comma}{ports[0]}->> {addresses[1]}{comma}{ports[1]}{behind}"
    assert parse(stamp + line) == Event(
        kind="dos_alert",
        source_ip=addresses[0],
        source_port=ports[0],
        destination_ip=addresses[1],
        destination_port=ports[1],
    )


def test_icmp_has_a_type_and_no_port():
    event = parse("11/10/2026  23:04:06 **Smurf** 2001:db8::7->> 2001:db8::9, Type:3, Code:1")
    assert event == Event(kind="dos_alert", source_ip="2001:db8::7", destination_ip="2001:db8::9")


def test_a_cut_attack_is_still_one():
    for line in ("**SYN Flo", "**SYN Flood** 198.51", "**SYN Flood**"):
        assert parse("11/10/2026  23:04:06 " + line) == Event(kind="dos_alert")


def test_a_cut_lease_is_none():
    assert parse("11/10/2026  23:04:06 sending ACK to 192.168") == Event(kind="other")


@pytest.mark.parametrize(
    "line",
    [
        "**bold** text",
        "11/10/26 23:04:06.000 PM 80211: Rotated",
        "10.11.2026 23:04:06 Internetverbindung wurde getrennt.",
        "2026-11-10 23:04:06 **SYN Flood**",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert parse(line) is None
