import pytest

from exporter.sockets_text import conntrack

SENT = "src=192.168.1.10 dst=198.51.100.7 sport=50123 dport=3478"
ANSWERED = "src=198.51.100.7 dst=203.0.113.10 sport=3478 dport=61234"


def read(line: str):
    rows = conntrack.split([line])
    assert len(rows.conversations) + len(rows.rest) == 1
    return rows.conversations[0] if rows.conversations else None


@pytest.mark.parametrize(
    "line",
    [
        f"udp 17 29 {SENT} [UNREPLIED] {ANSWERED} mark=0 use=1",
        f"ipv4     2 udp      17 29 {SENT} {ANSWERED} [ASSURED] mark=0 zone=0 use=2",
        f"    [NEW] udp      17 30 {SENT} [UNREPLIED] {ANSWERED}",
        f"[1767225600.123456]\t[DESTROY] udp      17 {SENT} {ANSWERED} [ASSURED]",
        f"  12: udp      17 30 {SENT} {ANSWERED}",
    ],
)
def test_both_tuples_of_a_line_are_read_wherever_it_comes_from(line):
    row = read(line)
    assert (row.transport, row.bytes) == ("udp", None)
    assert (row.source, row.destination) == (("192.168.1.10", 50123), ("198.51.100.7", 3478))
    assert row.translated_source == ("203.0.113.10", 61234)
    assert row.translated_destination == ("198.51.100.7", 3478)


def test_bytes_of_both_ways_are_added():
    assert read(f"udp 17 29 {SENT} packets=1 bytes=60 {ANSWERED} packets=2 bytes=90").bytes == 150


def test_long_ipv6_addresses_are_written_short():
    ends = "src=2001:0db8::0005 dst=2001:0db8:0009::0007 sport=5 dport=443"
    assert read(f"tcp 6 9 {ends} {ends}").source == ("2001:db8::5", 5)


@pytest.mark.parametrize(
    "line",
    [
        f"icmp 1 29 {SENT} {ANSWERED}",
        f"udp 17 29 {SENT}",
        f"udp 17 29 {SENT} {ANSWERED}".replace("61234", "65536"),
        f"udp 17 29 {SENT} {ANSWERED}".replace("sport=50123", "sport=0"),
        f"udp 17 29 {SENT} {ANSWERED}".replace("192.168.1.10", "192.168.1.999"),
    ],
)
def test_a_row_that_names_no_two_ends_is_taken_away_and_is_no_conversation(line):
    assert conntrack.split([line]) == ([], [])


def test_other_lines_are_left_to_others():
    lines = ["udp 0 0 0.0.0.0:5 0.0.0.0:*", "conntrack v1.4.6: 9 flow entries", "src=1 dst=2"]
    assert conntrack.split(lines) == ([], lines)
