import pytest

from exporter.host_report import Socket
from exporter.sockets_text import ss


def read(text: str) -> list[Socket]:
    lines = text.split("\n")
    assert ss.recognises(lines)
    return ss.sockets(lines)


def test_a_star_is_a_socket_of_both_families():
    first, second = read("udp UNCONN 0 0 *:5 *:*\nudp UNCONN 0 0 0.0.0.0:5 0.0.0.0:*")
    assert (first.local_ip, second.local_ip) == ("::", "0.0.0.0")


@pytest.mark.parametrize("name", ["Web Content", 'a "b" (c', "x)),(y", "名前"])
def test_names_may_hold_blanks_quotes_and_brackets(name):
    (socket,) = read(f'udp UNCONN 0 0 *:5 *:* users:(("{name}",pid=9,fd=3))')
    assert (socket.process, socket.pid) == (name, 9)


def test_systemd_does_not_own_what_it_holds_for_others():
    (socket,) = read('tcp LISTEN 0 5 *:5 *:* users:(("systemd",pid=1,fd=8),("rpcbind",pid=9,fd=4))')
    assert (socket.process, socket.pid) == ("rpcbind", 9)
    (socket,) = read('tcp LISTEN 0 5 *:5 *:* users:(("systemd",pid=1,fd=8))')
    assert (socket.process, socket.pid) == ("systemd", 1)


def test_owners_on_the_next_line_belong_to_the_row():
    for broken in ('\n  users:(("a b",pid=9,fd=3))', ' users:(("a\n b",pid=9,fd=3))'):
        first, second = read(f"udp UNCONN 0 0 *:5 *:*{broken}\nudp UNCONN 0 0 *:6 *:*")
        assert (first.process, first.pid, second.process) == ("a b", 9, None)


@pytest.mark.parametrize(
    ("text", "transports"),
    [
        ("UNCONN 0 0 *:5 *:*\nESTAB 0 0 10.0.0.5:6 192.0.2.1:7", ["udp", "udp"]),
        ("LISTEN 0 5 *:5 *:*\nESTAB 0 0 10.0.0.5:6 192.0.2.1:7", ["tcp", "tcp"]),
        ("LISTEN 0 5 *:5 *:*\nUNCONN 0 0 *:6 *:*", []),
        ("ESTAB 0 0 10.0.0.5:6 192.0.2.1:7", []),
        ("$ ss -unp\nState Recv-Q\nESTAB 0 0 10.0.0.5:6 192.0.2.1:7", ["udp"]),
        ("$ ss --tcp -n\nState Recv-Q\nESTAB 0 0 10.0.0.5:6 192.0.2.1:7", ["tcp"]),
        ("$ ss -tun\nState Recv-Q\nESTAB 0 0 10.0.0.5:6 192.0.2.1:7", []),
    ],
)
def test_a_missing_transport_is_told_by_states_or_command_or_not_at_all(text, transports):
    assert [socket.transport for socket in read(text)] == transports


def test_other_kinds_of_sockets_are_passed_over():
    assert not ss.recognises(["icmp6 UNCONN 0 0 *:58 *:*", "u_str ESTAB 0 0 * 651 * 650", "nl x"])
