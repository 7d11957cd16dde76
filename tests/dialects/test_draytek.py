import pytest

from exporter.dialects import Malformed, draytek
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    assert draytek.claims(message), line
    return draytek.parse(message)


COLUMNS = "[WAN->LAN/RT/VPN, 121:50:32    ][@S:R=14:1, {}][{}][HLen=20, TLen=40]"


@pytest.mark.parametrize("verdict", ["Block", "BLOCK", "drop", "Reject"])
def test_the_second_column_is_the_verdict(verdict):
    flow = COLUMNS.format("198.51.100.7:55000->203.0.113.9:80", "TCP")
    assert parse(f"x:[FILTER][{verdict}]{flow}") == Event(
        kind="rejected",
        action=verdict.lower(),
        transport="tcp",
        source_ip="198.51.100.7",
        source_port=55000,
        destination_ip="203.0.113.9",
        destination_port=80,
        ingress_interface="WAN",
        egress_interface="LAN/RT/VPN",
        rule="14:1",
    )


@pytest.mark.parametrize(
    ("flow", "source"),
    [
        ("[2001:db8::7]:1->[2001:db8::9]:2", ("2001:db8::7", 1)),
        ("2001:db8:0:0:0:0:0:7:1->2001:db8:0:0:0:0:0:9:2", ("2001:db8::7", 1)),
        ("2001:db8::7->2001:db8::9", ("2001:db8::7", None)),
        ("198.51.100.7->203.0.113.9", ("198.51.100.7", None)),
    ],
)
def test_addresses_of_both_kinds_with_and_without_ports(flow, source):
    event = parse("[FILTER][Block]" + COLUMNS.format(flow, "UDP"))
    assert event is not None
    assert (event.source_ip, event.source_port) == source


@pytest.mark.parametrize(
    ("text", "name"), [("PR 47", "gre"), ("pr 50", "esp"), ("PR 6(tcp)", "tcp")]
)
def test_a_protocol_may_be_a_number(text, name):
    event = parse("[FILTER][Pass]" + COLUMNS.format("198.51.100.7->203.0.113.9", text))
    assert event is not None
    assert (event.kind, event.transport) == ("accepted", name)


def test_a_cut_line_keeps_its_verdict():
    event = parse("[FILTER][Block][WAN->LAN/RT/VPN, 1:50:32 ][@S:R=14:1, 198.51.100.7:5")
    assert event is not None
    assert (event.kind, event.rule, event.source_ip) == ("rejected", "14:1", None)


def test_no_verdict_and_no_packet_is_malformed():
    with pytest.raises(Malformed):
        parse("[FILTER][][WAN->LAN, 0:0:1]")
    with pytest.raises(Malformed):
        draytek.parse(header.read(b"hello", 0.0))


@pytest.mark.parametrize("line", ["[FILTER][Block]", "a -> b", "[FLAGS][x] a->b", "Local User ->"])
def test_lines_of_others_are_left_to_them(line):
    assert not draytek.claims(header.read(line.encode(), 0.0))
