import pytest

from exporter.host_report import Socket
from exporter.sockets_text import netstat


def read(text: str) -> list[Socket]:
    lines = text.split("\n")
    assert netstat.recognises(lines)
    return netstat.sockets(lines)


def processes(text: str) -> list[str | None]:
    return [socket.process for socket in read(text)]


def test_a_program_belongs_to_the_row_before_it():
    text = "UDP 0.0.0.0:5 *:* 10\n [a.exe]\nUDP 0.0.0.0:6 *:* 11\nUDP 0.0.0.0:7 *:* 12\n [b c.exe]"
    assert processes(text) == ["a.exe", None, "b c.exe"]


def test_a_program_belongs_to_no_row_that_could_not_be_read():
    text = "UDP 0.0.0.0:5 *:* 10\nTCP desk:http router:80 ESTABLISHED 11\n [a.exe]"
    assert processes(text) == [None]


def test_rows_of_one_process_may_share_its_program_line():
    assert processes("UDP 0.0.0.0:5 *:* 10\nUDP 0.0.0.0:6 *:* 10\n [a.exe]") == ["a.exe", "a.exe"]


def test_rows_of_one_service_host_do_not_share_a_service():
    text = "UDP 0.0.0.0:5 *:* 10\nUDP 0.0.0.0:6 *:* 10\n  DoSvc\n [svchost.exe]"
    assert processes(text) == [None, "svchost.exe (DoSvc)"]


def test_a_service_is_named_with_its_host_only():
    text = "UDP 0.0.0.0:5 *:* 10\n  KeyIso\n [lsass.exe]\nUDP 0.0.0.0:6 *:* 11\n  DoSvc\n"
    assert processes(text) == ["lsass.exe", None]


@pytest.mark.parametrize(
    "sentence",
    [
        " Can not obtain ownership information",
        " 所有者情報を取得できません",
        " Impossible d’obtenir les informations de propriétaire",
        " 无法获取所有权信息",
    ],
)
def test_an_owner_that_is_not_told_is_none(sentence):
    assert processes(f"TCP 0.0.0.0:445 0.0.0.0:0 LISTENING 4\n{sentence}\n") == [None]


def test_paths_of_old_windows_are_passed_over():
    text = (
        "TCP 0.0.0.0:5 0.0.0.0:0 LISTENING 10\n  C:\\WINDOWS\\system32\\WS2_32.dll\n"
        "  -- unknown component(s) --\n  [svchost.exe]"
    )
    assert processes(text) == ["svchost.exe"]


def test_a_row_without_process_id_and_a_state_of_two_words_are_read():
    first, second = read("TCP 10.0.0.5:50 0.0.0.0:0 LISTENING\nTCP 10.0.0.5:51 10.0.0.6:7 À L 77")
    assert (first.state, first.pid) == ("listen", None)
    assert (second.state, second.pid) == ("à l", 77)


@pytest.mark.parametrize("word", ["NASŁUCHIWANIE", "À L'ÉCOUTE", "ABHÖREN", "ABH\ufffdREN", "??"])
def test_who_waits_for_anybody_is_listening_in_every_language(word):
    first, second = read(f"TCP 0.0.0.0:50 0.0.0.0:0 {word} 77\nTCP [::]:50 [::]:0 {word} 77")
    assert (first.state, first.pid, second.state) == ("listen", 77, "listen")


def test_a_bound_socket_does_not_listen():
    (socket,) = read("TCP 0.0.0.0:50 0.0.0.0:0 BOUND 77")
    assert socket.state == "bound"


@pytest.mark.parametrize(
    ("tail", "process", "pid"),
    [
        ("131072 131768 512 0", None, 512),
        ("131072 131768 512 0 0x0102 0x00000020 00000000000005d2 00000081", None, 512),
        ("131072 131768 512 0 00102 00000000", None, 512),
        ("55 14 65536 29040 7 Wonders He:855 00102 00000000 00000000000005b6", "7 Wonders He", 855),
        ("1048576 29040 zoom.us:855 00102 00000000", "zoom.us", 855),
        ("0 0 131072 131072 kernel_task:0 00100 00000006", "kernel_task", None),
        ("", None, None),
    ],
)  # fmt: skip
def test_macos_tells_the_process_behind_the_sizes(tail, process, pid):
    (socket,) = read(f"tcp4 0 0 10.0.0.5.50111 198.51.100.7.443 ESTABLISHED {tail}")
    assert (socket.state, socket.process, socket.pid) == ("established", process, pid)
    (socket,) = read(f"udp4 0 0 *.50111 *.* {tail}")
    assert (socket.state, socket.process, socket.pid) == (None, process, pid)


def test_a_remote_name_is_not_an_address():
    (socket,) = read("TCP 10.0.0.5:50111 server.example:https ESTABLISHED 10")
    assert (socket.remote_ip, socket.remote_port, socket.state) == (None, None, "established")


def test_udp_has_no_state_and_keeps_its_peer():
    (socket,) = read("udp 0 0 10.0.0.5:5000 198.51.100.7:443 ESTABLISHED 12/firefox")
    assert (socket.state, socket.remote_ip, socket.process) == (None, "198.51.100.7", "firefox")


def test_a_cut_ipv6_address_is_not_taken_for_another_one():
    assert read("tcp6 0 0 2001:db8:1:2:3:4::1:443 :::* LISTEN") == []  # 23 characters
    assert read("tcp6 0 0 2001:db8:aaaa::1.443 *.* LISTEN") == []  # 16 before the port
    assert len(read("tcp6 0 0 2001:db8:1:2:3:4:5:6:443 :::* LISTEN")) == 1  # -W


@pytest.mark.parametrize(
    "line",
    [
        "UDP connection rejected from 198.51.100.7:3478 to 203.0.113.9:51413",
        "udp UNCONN 0 0 0.0.0.0:5 0.0.0.0:*",
        "deluged 700 lena 12u IPv4 18888 0t0 UDP *:51414",
        "unix 2 [ ACC ] STREAM LISTENING 20111 1/init",
        "TCP: see above.",
        "",
    ],
)
def test_other_lines_are_not_rows(line):
    assert not netstat.recognises([line])
