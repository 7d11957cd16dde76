import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import miniupnpd
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode("utf-8", "replace"), 0.0)
    return miniupnpd.parse(message) if miniupnpd.claims(message) else None


@pytest.mark.parametrize(
    "says",
    [
        "AddPortMapping: ext port 41009 to 192.0.2.3:6881 protocol TCP for: leaseduration=9 rhost=",
        "AddAnyPortMapping: ext port 41009 to 192.0.2.3:6881 protocol tcp for: x",
        "redirecting port 41009 to 192.0.2.3:6881 protocol TCP for: x",
        "Redirecting  port 41009  to 192.0.2.3:6881  protocol  TCP for: port 1 to 10.0.0.1:1",
        "NAT-PMP port mapping request : 41009->192.0.2.3:6881 tcp lifetime=3600s",
        "PCP MAP: added mapping TCP 41009->192.0.2.3:6881 'x'",
    ],
)
def test_a_mapping_names_the_outside_port_and_the_host_inside(says):
    assert parse(f"miniupnpd[17]: {says}") == Event(
        kind="port_mapping", transport="tcp", destination_port=41009, ip="192.0.2.3"
    )


def test_a_pinhole_is_a_mapping_of_ipv6():
    line = (
        "miniupnpd: AddPinhole: (inbound) from [*]:0 to [2001:db8::3]:6881 with proto 17 during 9"
    )
    assert parse(line) == Event(
        kind="port_mapping", transport="udp", destination_port=6881, ip="2001:db8::3"
    )


def test_ipv6_inside_is_read():
    line = "miniupnpd: redirecting port 80 to [2001:db8::3]:8080 protocol UDP for: x"
    assert parse(line) == Event(
        kind="port_mapping", transport="udp", destination_port=80, ip="2001:db8::3"
    )


def test_a_cut_protocol_is_left_out():
    assert parse("miniupnpd: redirecting port 80 to 192.0.2.3:8080 proto") == Event(
        kind="port_mapping", destination_port=80, ip="192.0.2.3"
    )


@pytest.mark.parametrize(
    "says",
    [
        "NAT-PMP port mapping request : 41009->192.0.2.3:6881 tcp lifetime=0s",
        "removing redirect rule port 41009 TCP",
        "redirecting port 41009 to 192.0.2",
        "Returning UPnPError 718: ConflictInMappingEntry",
        "",
    ],
)
def test_what_opens_nothing_is_other(says):
    event = parse(f"miniupnpd[17]: {says} ")
    assert event is None or event.kind == "other"


@given(
    st.text(), st.sampled_from(["redirecting port ", "AddPinhole: (inbound) from [", "PCP MAP: "])
)
def test_any_text_is_an_event(text, front):
    message = header.read(f"miniupnpd: {front}{text}".encode("utf-8", "replace"), 0.0)
    assert isinstance(miniupnpd.parse(message), Event)
