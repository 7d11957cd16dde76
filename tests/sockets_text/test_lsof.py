import pytest

from exporter.host_report import Socket
from exporter.sockets_text import lsof


def read(text: str) -> list[Socket]:
    lines = text.split("\n")
    assert lsof.recognises(lines)
    return lsof.sockets(lines)


@pytest.mark.parametrize(
    ("command", "process"),
    [
        ("Google\\x20", "Google"),
        ("Google\\x20Chrome", "Google Chrome"),
        ("Google\\x2", "Google"),
        ("Slack\\", "Slack"),
        ("\\xe3\\x83\\x9d\\xe3\\x82", "ポ"),
        ("Google Ch", "Google Ch"),
        ("7zFM", "7zFM"),
        ("\\x1b\\x5b", "["),
    ],
)
def test_a_command_is_unescaped_as_far_as_it_goes(command, process):
    (socket,) = read(f"{command}  811 mika  21u  IPv4 0x5a  0t0  UDP *:5353")
    assert (socket.process, socket.pid, socket.local_ip) == (process, 811, "0.0.0.0")


def test_a_line_number_is_not_the_command():
    (socket,) = read("12: deluged 700 lena 12u IPv4 18888 0t0 UDP *:51414")
    assert (socket.process, socket.pid) == ("deluged", 700)


def test_threads_have_more_columns():
    (socket,) = read("deluged 700 702 worker lena 12u IPv4 18888 0t0 UDP *:51414")
    assert (socket.process, socket.pid) == ("deluged", 700)


def test_a_star_is_of_the_family_in_its_row():
    (socket,) = read("nginx 900 root 6u IPv6 15578 0t0 TCP *:80 (LISTEN)")
    assert (socket.local_ip, socket.state) == ("::", "listen")


def test_a_socket_without_a_port_is_none():
    assert read("identitys 900 mika 33u IPv4 0x5a 0t0 UDP *:*") == []


def test_fields_come_in_any_selection_that_names_the_protocol():
    (socket,) = read("p9\nPUDP\nn*:5")
    assert (socket.transport, socket.pid, socket.process) == ("udp", 9, None)
    assert not lsof.recognises(["p9", "cx", "n*:5"])


def test_the_state_of_one_file_is_not_that_of_the_next():
    first, second = read("p9\ncx\nf1\nPTCP\nn*:5\nTST=LISTEN\nf2\nPTCP\nn10.0.0.5:6->192.0.2.1:7")
    assert (first.state, second.state, second.process) == ("listen", None, "x")


def test_the_command_of_one_process_is_not_that_of_the_next():
    _, second = read("p9\ncx\nf1\nPUDP\nn*:5\np10\nf1\nPUDP\nn*:6")
    assert (second.pid, second.process) == (10, None)
