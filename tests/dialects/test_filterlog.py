from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.addresses import canonical
from exporter.dialects import Malformed, filterlog
from exporter.events import Event
from exporter.syslog import header

HEAD = "filterlog[1]: 4,,,1000000003,igb0,match,block,in,"
V4 = HEAD + "4,0x0,,64,1,0,DF,6,tcp,60,198.51.100.7,203.0.113.9,4000,23,0,S,1,,1,,mss"


def parse(line: str) -> Event:
    message = header.read(line.encode(), 0.0)
    assert filterlog.claims(message)
    return filterlog.parse(message)


@given(
    source=st.ip_addresses(v=6),
    destination=st.ip_addresses(v=6),
    ports=st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
    protocol=st.sampled_from(["udp,17", "UDP,17", "Tcp,6"]),
)
def test_ipv6_has_its_own_columns(source, destination, ports, protocol):
    event = parse(
        f"{HEAD}6,0x00,0x0,51,{protocol},73,{source},{destination},{ports[0]},{ports[1]},73"
    )
    assert (event.source_ip, event.destination_ip) == (
        canonical(str(source)),
        canonical(str(destination)),
    )
    assert (event.source_port, event.destination_port) == ports
    assert event.transport == protocol[:3].lower()


@pytest.mark.parametrize(
    ("columns", "kind", "ingress", "egress"),
    [
        ("block,in", "rejected", "igb0", None),
        (" BLOCK , OUT ", "rejected", None, "igb0"),
        ("reject,in", "rejected", "igb0", None),
        ("pass,out", "accepted", None, "igb0"),
        ("rdr,in", "accepted", "igb0", None),
        ("nat,out", "other", None, "igb0"),
        ("synproxy drop,in", "rejected", "igb0", None),
    ],
)
def test_verdict_and_direction_are_columns(columns, kind, ingress, egress):
    event = parse(V4.replace("block,in", columns))
    assert (event.kind, event.ingress_interface, event.egress_interface) == (kind, ingress, egress)
    assert (event.source_port, event.destination_port) == (4000, 23)


@pytest.mark.parametrize(
    "protocol",
    [
        "1,icmp,84,198.51.100.7,203.0.113.9,request,560,25",
        "112,carp,36,198.51.100.7,203.0.113.9,advertise,255,1",
    ],
)
def test_what_stands_behind_the_addresses_is_a_port_for_tcp_and_udp_only(protocol):
    event = parse(f"{HEAD}4,0x0,,64,1,0,DF,{protocol}")
    assert (event.source_ip, event.destination_ip) == ("198.51.100.7", "203.0.113.9")
    assert (event.source_port, event.destination_port) == (None, None)


@given(cut=st.integers(len("filterlog[1]: "), len(V4)))
def test_a_cut_line_invents_nothing(cut):
    message = header.read(V4[:cut].encode(), 0.0)
    try:
        event = filterlog.parse(message)
    except Malformed:
        assert V4[:cut].count(",") < 8
        return
    assert event.kind == "rejected"
    assert event.transport in (None, "tcp")
    assert event.source_ip in (None, "198.51.100.7")
    assert event.destination_ip in (None, "203.0.113.9")
    assert "4000".startswith(str(event.source_port or ""))


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (
            "audit: /index.php: Web GUI authentication error for 'from 192.0.2.1' from 192.0.2.7",
            Event(kind="login_failure", source_ip="192.0.2.7"),
        ),
        (
            "php: /index.php: webConfigurator authentication error for 'x' from 192.0.2.1",
            Event(kind="login_failure", source_ip="192.0.2.1"),
        ),
        (
            "php: /rc.newwanip: on (IP address: 203.0.113.9) (interface: W) (real interface: p0).",
            Event(kind="wan_up", ip="203.0.113.9", ingress_interface="p0"),
        ),
        ("php: /index.php: Successful login for 'x' from: 192.0.2.1", Event(kind="other")),
        ("Nov 10 23:04:06 syslogd: exiting on signal 15", Event(kind="other")),
        ("Nov 10 23:04:06 kqueue error: unknown", Event(kind="other")),
        ("kqueue error: unknown", Event(kind="other")),
    ],
)
def test_the_other_services_say(line, event):
    assert parse(line) == event


@pytest.mark.parametrize(
    "line",
    ["sshd[1]: Invalid user x from 192.0.2.1", "syslogd: started", "nginx: GET /", "a,b,c", ""],
)
def test_lines_of_others_are_left_to_them(line):
    assert not filterlog.claims(header.read(line.encode(), 0.0))


@given(st.text())
def test_any_text_is_an_event_or_malformed(text):
    for front in ("filterlog: ", HEAD, "audit: /index.php: Web GUI authentication error for "):
        message = header.read((front + text).encode("utf-8", "replace"), 0.0)
        with suppress(Malformed):
            assert isinstance(filterlog.parse(message), Event)
