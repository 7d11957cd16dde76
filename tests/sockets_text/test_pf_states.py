import pytest

from exporter.sockets_text import pf_states

PC, WAN, STRANGER = ("192.168.1.10", 50123), ("203.0.113.10", 61234), ("198.51.100.7", 3478)
OUT = "203.0.113.10:61234 (192.168.1.10:50123) -> 198.51.100.7:3478"


def read(*lines: str):
    rows = pf_states.split(list(lines))
    assert rows.rest == []
    return rows.conversations


@pytest.mark.parametrize(
    "line",
    [
        f"all udp {OUT}       MULTIPLE:MULTIPLE",
        f"igb0 udp {OUT}       MULTIPLE:MULTIPLE",
        f"WAN\tudp\t{OUT}\tMULTIPLE:MULTIPLE\t12 / 14\t1.2 KiB / 3 KiB",
        f"all udp {OUT}",
        f"> all udp {OUT}   SINGLE:NO_TRAFFIC",
    ],
)
def test_going_out_the_end_before_translation_stands_in_parentheses(line):
    (row,) = read(line)
    assert (row.transport, row.source, row.destination) == ("udp", PC, STRANGER)
    assert (row.translated_source, row.translated_destination) == (WAN, STRANGER)


def test_coming_in_the_end_that_the_stranger_knows_stands_in_parentheses():
    (row,) = read("em1 tcp 192.168.1.20:80 (203.0.113.10:8080) <- 198.51.100.7:3478  A:B")
    assert (row.source, row.destination) == (STRANGER, ("203.0.113.10", 8080))
    assert (row.translated_source, row.translated_destination) == (STRANGER, ("192.168.1.20", 80))


def test_without_parentheses_nothing_is_translated_and_the_arrow_tells_who_began():
    (row,) = read("all udp 198.51.100.7:3478 <- 192.168.1.10:50123       MULTIPLE:MULTIPLE")
    assert (row.source, row.translated_source, row.destination) == (PC, PC, STRANGER)


def test_the_port_of_an_ipv6_address_stands_in_brackets():
    (row,) = read("all udp 2001:db8::5[50123] -> 2001:db8:9::7[443]       MULTIPLE:SINGLE")
    assert (row.source, row.destination) == (("2001:db8::5", 50123), ("2001:db8:9::7", 443))


def test_bytes_stand_below_the_row_they_belong_to():
    age = "   age 00:00:18, expires in 00:00:42, 5:4 pkts, 1234:4321 bytes, rule 63"
    rows = read(f"all udp {OUT}  A:B", age, f"all tcp {OUT}  A:B")
    assert [row.bytes for row in rows] == [5555, None]


@pytest.mark.parametrize(
    "line",
    [
        "all icmp 203.0.113.10:7 (192.168.1.10:7) -> 198.51.100.7:7       0:0",
        "all esp 203.0.113.10 -> 198.51.100.7       MULTIPLE:MULTIPLE",
        "all udp 203.0.113.10 -> 198.51.100.7       MULTIPLE:MULTIPLE",
        "all udp 203.0.113.10:99999 -> 198.51.100.7:1       MULTIPLE:MULTIPLE",
        "curl 512 lena 21u IPv4 0x1f 0t0 TCP 192.0.2.5:50111->198.51.100.7:443 (ESTABLISHED)",
        "   age 00:00:18, expires in 00:00:42, 5:4 pkts, 1234:4321 bytes, rule 63",
        "",
    ],
)
def test_other_lines_are_left_to_others(line):
    assert pf_states.split([line]) == ([], [line])
