import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import Malformed, netgear
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    return netgear.parse(message) if netgear.claims(message) else None


STAMPS = (
    ", Tuesday, November 10, 2026 23:04:06",
    ", Tuesday, Nov 10,2026 23:04:06",
    " Tuesday, Nov 10,2026",
    "",
)


@pytest.mark.parametrize("stamp", STAMPS)
@pytest.mark.parametrize(
    "attack", ["DoS Attack: SYN Flood", "DOS attack: FIN Scan", "dos attack: X"]
)
@given(address=st.ip_addresses(v=4).map(str), port=st.integers(0, 65535))
def test_the_ways_to_name_an_attacker(stamp, attack, address, port):
    with_port = Event(kind="dos_alert", source_ip=address, source_port=port)
    assert parse(f"[{attack}] from source: {address}, port {port}{stamp}") == with_port
    assert parse(f"[{attack}] from source: {address}:{port}{stamp}") == with_port
    assert parse(f"[{attack}] from source {address},port {port}{stamp}") == with_port
    alone = Event(kind="dos_alert", source_ip=address)
    assert parse(f"[{attack}] from source: {address}{stamp}") == alone
    assert parse(f"[{attack}] attack packets in last 20 sec from ip [{address}]{stamp}") == alone


@given(st.integers(0, 1_000_000))
def test_attack_packets_are_counted(count):
    event = parse(f"[DoS attack: X] ({count}) attack packets in last 20 sec from ip [198.51.100.7]")
    assert event == Event(kind="dos_alert", source_ip="198.51.100.7", count=count or None)


@pytest.mark.parametrize("count", ["1000001", "9" * 30])
def test_a_count_that_cannot_be_believed_is_malformed(count):
    with pytest.raises(Malformed):
        parse(f"[DoS attack: X] ({count}) attack packets in last 20 sec from ip [198.51.100.7]")


@pytest.mark.parametrize("stamp", STAMPS)
def test_a_port_forward_that_was_hit_is_accepted(stamp):
    line = "[LAN access from remote] from [2001:db8::7]:46589 to [2001:db8:1::9]:8080"
    assert parse(line + stamp) == Event(
        kind="accepted",
        source_ip="2001:db8::7",
        source_port=46589,
        destination_ip="2001:db8:1::9",
        destination_port=8080,
    )


def test_icmp_has_no_ports():
    event = parse("[Service blocked: ICMP_echo_req] from source 198.51.100.7:8 to 192.168.1.9:80")
    assert (event.transport, event.source_ip) == ("icmp", "198.51.100.7")
    assert event.source_port is event.destination_port is None


def test_of_a_masked_attacker_the_port_is_read():
    masked = Event(kind="dos_alert", source_port=80)
    assert parse("[DoS Attack: X] from source: xxx.xx.x.x, port 80, Tuesday, Nov 10,2026") == masked
    assert parse("[DoS Attack: X] from source: xxx.xx.x.x:80, Tuesday, Nov 10,2026") == masked


def test_a_year_is_no_port():
    event = parse("[DoS attack: X] from source: 198.51.100.7, Tuesday, Nov 10,2026 23:04:06")
    assert event is not None
    assert event.source_port is None


def test_a_new_kind_of_line_is_known_by_its_stamp():
    assert parse("[Something new] to say, Tuesday, Nov 10,2026 23:04:06") == Event(kind="other")
    assert parse("[Something new] to say") is None


@pytest.mark.parametrize(
    "line",
    [
        "[DHCPD] Extends 192.168.1.156: 00:00:5e:00:53:05",
        "[UFW BLOCK] IN=eth0 OUT=",
        "DoS attack: STORM",
        "[Tue, 2026-11-10 23:04:06] - UDP Packet",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert parse(line) is None
