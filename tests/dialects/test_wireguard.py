from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import wireguard
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode("utf-8", "replace"), 0.0)
    return wireguard.parse(message) if wireguard.claims(message) else None


def test_the_peer_outside_is_the_source():
    peer = Event(
        kind="other",
        transport="udp",
        source_ip="203.0.113.9",
        source_port=51820,
        ingress_interface="wg0",
    )
    front = "kernel: [82508.1] wireguard: wg0: "
    assert parse(f"{front}Invalid handshake initiation from 203.0.113.9:51820") == peer
    unallowed = "Packet has unallowed src IP (10.0.0.3) from peer 1 (203.0.113.9:51820)"
    assert parse(front + unallowed) == peer


def test_ipv6_peers_are_in_brackets():
    event = parse("kernel: wireguard: wg0: Invalid handshake initiation from [2001:db8::9]:51820")
    assert event is not None
    assert (event.source_ip, event.source_port) == ("2001:db8::9", 51820)


def test_where_we_send_is_no_source():
    event = parse("kernel: wireguard: wg1: Sending keepalive packet to peer 2 (203.0.113.9:51820)")
    assert event == Event(kind="other", ingress_interface="wg1")


def test_another_programs_line_is_left_to_it():
    assert parse("mydaemon: wireguard: wg1: hi") is None


@given(st.text())
def test_any_text_is_an_event(text):
    message = header.read(f"kernel: wireguard: {text}".encode("utf-8", "replace"), 0.0)
    assert isinstance(wireguard.parse(message), Event)
