import pytest

from exporter.dialects import programs
from exporter.syslog import header


@pytest.mark.parametrize(
    ("line", "name", "says"),
    [
        ("hostapd: ath0: STA x", "hostapd", "ath0: STA x"),
        (
            "<30>Nov 10 14:42:13 U7PG2,00005e005301,v4.0.66: hostapd: ath0: up",
            "hostapd",
            "ath0: up",
        ),
        ("<30>Nov 10 14:42:13 U7PG2,00005e005301,v4.0.66: mcad: mcad[7]: hi", "mcad", "hi"),
        ("2026-11-10 14:42:14 AP-1 192.0.2.1 1 5 dropbear[77]:  Exit", "dropbear", "Exit"),
        ("stahtd: stahtd[15]: {}", "stahtd", "{}"),
        ("Nov 10 14:42:14 ap hostapd: hostapd is: fine", "hostapd", "hostapd is: fine"),
        ("dnsmasq-dhcp[3]: DHCPACK(br0)", "dnsmasq-dhcp", "DHCPACK(br0)"),
    ],
)
def test_a_program_is_known_wherever_its_tag_stands(line, name, says):
    message = header.read(line.encode(), 0.0)
    assert name in (message.app_name, programs.hidden(message))
    assert programs.words(message, name) == says


@pytest.mark.parametrize(
    "line",
    [
        "a message about hostapd",
        "a message of xhostapd: hi",
        "Nov 10 14:42:14 gateway mydaemon: hostapd: hi",
        "hostapd[x]: hi",
        "11/10/26 11:04:06.000 PM dhcpd: hi",
        "x" * 200 + " hostapd: hi",
        "",
    ],
)
def test_a_word_of_a_text_is_no_tag(line):
    assert programs.hidden(header.read(line.encode(), 0.0)) is None
