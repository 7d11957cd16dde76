import pytest

from exporter.dialects import Malformed, barracuda_cgf
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    assert barracuda_cgf.claims(message), line
    return barracuda_cgf.parse(message)


TAG = "fw/box_Firewall_Activity:  Info fw "


@pytest.mark.parametrize(
    ("verdict", "kind", "action"),
    [
        ("Block", "rejected", "block"),
        ("DROP", "rejected", "drop"),
        ("Allow", "accepted", "allow"),
        ("Detect", "other", None),
        ("Remove", "other", None),
    ],
)
@pytest.mark.parametrize(
    "columns",
    [
        " FWD|UDP|p1|192.0.2.1|5|00:00:5e:00:53:02|192.0.2.2|6|x|p2|r|1|2",
        "FWD|UDP(17)|p1|192.0.2.1|5|00:00:5E:00:53:02|192.0.2.2|6||p2|r",
        (
            " type=FWD|rule=r|dstIF=p2|proto=UDP|srcIF=p1|srcIP=192.0.2.1|srcPort=5|"
            "dstIP=192.0.2.2|srcMAC=00:00:5e:00:53:02|dstPort=6"
        ),
    ],
)
def test_positions_and_names_say_the_same(verdict, kind, action, columns):
    assert parse(f"{TAG}{verdict}:{columns}") == Event(
        kind=kind,
        action=action,
        transport="udp",
        source_ip="192.0.2.1",
        source_port=5,
        destination_ip="192.0.2.2",
        destination_port=6,
        ingress_interface="p1",
        egress_interface="p2",
        rule="r",
        mac="00:00:5e:00:53:02",
    )


@pytest.mark.parametrize("rest", ["", "Block", "Block: x", "Detect: |||"])
def test_a_line_without_columns_is_malformed(rest):
    with pytest.raises(Malformed):
        parse(TAG + rest)


def test_a_count_that_cannot_be_believed_is_malformed():
    assert parse(f"{TAG}Block: type=x|count=1000000") == Event(
        kind="rejected", action="block", count=1_000_000
    )
    with pytest.raises(Malformed):
        parse(f"{TAG}Block: type=x|count=1000001")


def test_an_intrusion_by_icmp_has_no_ports():
    line = "fw/box_Firewall_threat:  Warning  fw [Request] Block: ICMP(1) 198.51.100.7:8 -> "
    event = parse(line + "203.0.113.9:22 |[ID: 1 Name]")
    assert event is not None
    assert (event.transport, event.destination_ip) == ("icmp", "203.0.113.9")
    assert event.source_port is event.destination_port is None
