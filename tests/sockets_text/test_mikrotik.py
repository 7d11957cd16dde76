import pytest

from exporter.sockets_text import mikrotik

WAN, PC, STRANGER = ("203.0.113.10", 61234), ("192.168.88.10", 50123), ("198.51.100.7", 3478)
JOINED = (
    "protocol=udp src-address=192.168.88.10:50123 dst-address=198.51.100.7:3478 "
    "reply-src-address=198.51.100.7:3478 reply-dst-address=203.0.113.10:61234 timeout=2m51s "
    "orig-packets=346 orig-bytes=25 675 orig-fasttrack-bytes=9 repl-bytes=1 056 568 repl-rate=0bps"
)
APART = (
    "protocol=udp src-address=192.168.88.10 src-port=50123 dst-address=198.51.100.7 dst-port=3478 "
    "reply-src-address=198.51.100.7 reply-src-port=3478 reply-dst-address=203.0.113.10 "
    "reply-dst-port=61234 orig-bytes=25675 repl-bytes=1056568"
)


@pytest.mark.parametrize("entry", [JOINED, APART])
@pytest.mark.parametrize("wrap", [" ", "\n            "])
def test_an_entry_is_read_on_one_line_or_on_many(entry, wrap):
    words = entry.replace(" 675", "_675").replace(" 056 568", "_056_568").split()
    text = " 0  SAC  s  " + wrap.join(words).replace("_", " ")
    conversations, rest = mikrotik.split(text.split("\n"))
    assert rest == []
    (row,) = conversations
    assert (row.transport, row.source, row.destination) == ("udp", PC, STRANGER)
    assert (row.translated_source, row.translated_destination) == (WAN, STRANGER)
    assert row.bytes == 25_675 + 1_056_568


def test_every_index_begins_an_entry():
    lines = [f" {n}  SAC  s  {JOINED}".replace("50123", str(1000 + n)) for n in range(3)]
    assert [row.source[1] for row in mikrotik.split(lines).conversations] == [1000, 1001, 1002]


def test_the_table_shows_both_ends_and_no_translation():
    lines = [
        " #          PR.. SRC-ADDRESS           DST-ADDRESS           TCP-STATE   TIMEOUT     ",
        " 0  SAC  s  udp  192.168.88.10:50123   198.51.100.7:3478                 2m51s       ",
        " 1    C     udp  192.168.88.1:5678     255.255.255.255:5678              9s",
        " 2  SACFs   tcp  192.168.88.11:51000   198.51.100.8:443      established 23h59m     0bps",
        " 3          icmp 192.168.88.11         198.51.100.8                      9s",
        " 4          udp  192.168.88.11:0       198.51.100.8:53                   9s",
    ]
    conversations, rest = mikrotik.split(lines)
    assert [row.source[1] for row in conversations] == [50123, 5678, 51000]
    assert all(row.source == row.translated_source for row in conversations)
    assert rest == [lines[0], lines[4]]


@pytest.mark.parametrize(
    "wrong",
    [
        JOINED.replace("protocol=udp", "protocol=icmp"),
        JOINED.replace("protocol=udp ", ""),
        JOINED.replace("reply-dst-address=203.0.113.10:61234 ", ""),
        JOINED.replace(":50123", ""),
        JOINED.replace(":50123", ":70000"),
        APART.replace("src-port=50123", "src-port=x"),
    ],
)
def test_an_entry_that_names_no_two_ends_is_no_conversation(wrong):
    assert mikrotik.split([f" 0  SAC  s  {wrong}"]) == ([], [])


@pytest.mark.parametrize(
    "line",
    [
        "  UDP    0.0.0.0:51413          *:*                                    5120",
        "tcp 0 0 192.0.2.5:22 198.51.100.7:40022 ESTABLISHED keepalive (7.2/0/0)",
        "udp 192.168.1.5:68 192.168.1.1:67 9s",
        "PS C:\\> $a = Get-NetUDPEndpoint",
        "Flags: E - expected, S - seen-reply, A - assured, C - confirmed",
    ],
)
def test_other_lines_are_left_to_others(line):
    assert mikrotik.split([line]) == ([], [line])
