import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import Malformed, lancom
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    return lancom.parse(message) if lancom.claims(message) else None


SAMPLES = ("PACKET_ALERT: Dst: 192.168.200.10:80 {}, Src: 198.51.100.7:4353 {} (TCP): port filter",)


@given(
    transport=st.sampled_from(["TCP", "UDP"]),
    addresses=st.tuples(st.ip_addresses(v=4).map(str), st.ip_addresses(v=4).map(str)),
    ports=st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
    name=st.sampled_from(["{}", "{web, Src: 192.0.2.1:9}", ""]),
    front=st.sampled_from(["", "<12>", "Nov 10 23:04:06 lancom ", "Nov 10 23:04:06 "]),
)
def test_the_destination_stands_first(transport, addresses, ports, name, front):
    line = f"PACKET_ALERT: Dst: {addresses[1]}:{ports[1]} {name}, "
    line += f"Src: {addresses[0]}:{ports[0]} {name} "
    assert parse(f"{front}{line}({transport}): port filter") == Event(
        kind="rejected",
        transport=transport.lower(),
        source_ip=addresses[0],
        source_port=ports[0],
        destination_ip=addresses[1],
        destination_port=ports[1],
    )


def test_ipv6_is_read_with_and_without_a_port():
    event = parse("PACKET_ALERT: Dst: 2001:db8::9 {}, Src: [2001:db8::7]:5 {} (UDP): port filter")
    assert event is not None
    assert (event.destination_ip, event.destination_port) == ("2001:db8::9", None)
    assert (event.source_ip, event.source_port) == ("2001:db8::7", 5)


def test_the_detector_raises_an_alert():
    event = parse(SAMPLES[0].replace("port filter", "intruder detection"))
    assert event is not None
    assert event.kind == "dos_alert"


def test_an_alert_about_nothing_is_malformed():
    with pytest.raises(Malformed):
        parse("PACKET_ALERT: gone")


@pytest.mark.parametrize(
    "line",
    [
        "packet alert: Dst: 192.168.200.10:80",
        "PACKET_INFO",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert parse(line) is None
