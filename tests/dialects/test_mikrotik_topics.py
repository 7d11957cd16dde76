import pytest

from exporter.dialects import mikrotik_topics
from exporter.syslog import header

LOGIN = "login failure for user x from 192.168.88.6 via ssh"
LEASE = "lan assigned 192.168.1.9 for 00:00:5E:00:53:10 laptop"


def read(line: str) -> tuple[str, str] | None:
    return mikrotik_topics.read(header.read(line.encode(), 0.0))


@pytest.mark.parametrize(
    "front",
    [
        "",
        "<131>",
        "<131>MikroTik ",
        "Nov 10 23:04:06 gw ",
        "23:04:06 ",
        "nov/10 23:04:06 ",
        "Nov/10/2026 23:04:06 ",
        "2026-11-10T23:04:06.5+0100 gw ",
    ],
)
def test_the_topics_may_follow_a_stamp_a_name_or_nothing(front):
    assert read(f"{front}system,error,critical {LOGIN}") == ("system,error,critical", LOGIN)


@pytest.mark.parametrize(
    ("extension", "text"),
    [
        (f"dvchost=gw dvc=192.0.2.1 msg={LOGIN} app=ssh duser=x src=192.168.88.6", LOGIN),
        (r"dvchost=gw msg=Router \= 192.0.2.1 \\", "Router = 192.0.2.1 \\"),
        ("dvchost=gw dvc=192.0.2.1", ""),
    ],
)
def test_in_cef_the_text_ends_where_keys_for_machines_begin(extension, text):
    line = (
        f"Nov 10 23:04:06 gw CEF:0|MikroTik|hAP ax^2|7.20 (stable)|10|system,error|High|{extension}"
    )
    assert read(line) == ("system,error", text)


def test_a_header_of_cef_that_is_cut_tells_nothing():
    assert read("CEF:0|MikroTik|hAP ax^2|7.20") is None


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        (LOGIN, "system"),
        (f"core1: {LOGIN}", "system"),
        ("user admin logged in from 192.168.88.6 via winbox", "system"),
        ("router was rebooted without proper shutdown", "system"),
        (LEASE, "dhcp"),
        ("dhcp-client on ether1 got IP address 203.0.113.9", "dhcp"),
        ("00:00:5E:00:53:10@wifi1 connected, signal strength -50", "wireless"),
        ("00:00:5E:00:53:10@wlan1: disconnected, extensive data loss", "wireless"),
        ("query from 192.168.88.10: #1 www.example.com. A", "dns"),
        ("dns done query: #1 www.example.com 203.0.113.9", "dns"),
    ],
)
def test_without_topics_a_sentence_of_routeros_tells_them(text, topics):
    assert read(f"<27>Nov 10 23:04:06 gw {text}") == (topics, text)


@pytest.mark.parametrize(
    "line",
    [
        "login failure for user x",
        "00:00:5E:00:53:10@x",
        "a user logged in",
        "unheard,info text",
        "Nov 10 23:04:06 gw sshd[1]: Failed password for x from 192.0.2.1 port 1 ssh2",
        "",
    ],
)
def test_other_lines_have_no_topics(line):
    assert read(line) is None
