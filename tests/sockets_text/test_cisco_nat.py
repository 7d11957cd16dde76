import pytest

from exporter.sockets_text import cisco_nat

ROW = "udp 203.0.113.10:61234 192.168.1.10:50123 198.51.100.7:3478 198.51.100.8:3479"


def test_inside_and_outside_are_told_by_the_columns():
    ((row,), rest) = cisco_nat.split([ROW])
    assert (row.transport, row.source, row.destination) == (
        "udp",
        ("192.168.1.10", 50123),
        ("198.51.100.7", 3478),
    )
    assert row.translated_source == ("203.0.113.10", 61234)
    assert row.translated_destination == ("198.51.100.8", 3479)  # as it is known outside
    assert rest == []


@pytest.mark.parametrize(
    "line",
    [
        "tcp 203.0.113.10:8080   192.168.1.20:80   ---   ---",
        ROW.replace("61234", "0"),
        ROW.replace("50123", "70000"),
        ROW.replace("198.51.100.7", "198.51.100.777"),
        ROW.replace("198.51.100.8", "1.2.3.4.5"),
    ],
)
def test_a_row_that_names_no_two_ends_is_taken_away_and_is_no_conversation(line):
    assert cisco_nat.split([line]) == ([], [])


@pytest.mark.parametrize(
    "line",
    [
        "--- 203.0.113.11 192.168.1.21 --- ---",
        "icmp 203.0.113.10:7 192.168.1.10:7 198.51.100.7:7 198.51.100.7:7",
        "  UDP    0.0.0.0:51413          *:*                                    5120",
        "TCP 192.168.1.5:50100 198.51.100.7:443 ESTABLISHED 5120",
        "    create 00:00:11, use 00:00:02 timeout:300000, left 00:04:57, Map-Id(In): 1,",
        "Pro Inside global      Inside local       Outside local      Outside global",
    ],
)
def test_other_lines_are_left_to_others(line):
    assert cisco_nat.split([line]) == ([], [line])
