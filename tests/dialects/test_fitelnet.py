import pytest

from exporter.dialects import Malformed, fitelnet
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    return fitelnet.parse(message) if fitelnet.claims(message) else None


@pytest.mark.parametrize(
    ("said", "event"),
    [
        ("PPPoE1 Connect fail", Event(kind="other")),
        ("PPPoE1 connected", Event(kind="wan_up", ingress_interface="PPPoE1")),
        ("PPPoE2 Disconnected", Event(kind="wan_down", ingress_interface="PPPoE2")),
        ("ftp login fail from 198.51.100.7", Event(kind="login_failure", source_ip="198.51.100.7")),
        ("telnet login fail from", Event(kind="login_failure")),
        ("arp info over writen", Event(kind="other")),
        ("", Event(kind="other")),
    ],
)
def test_the_text_of_a_record_is_read(said, event):
    record = "029 0000:29:14.91 2026/11/10 (tue) 23:04:06 5 00000003 08050111 "
    assert parse(record + said) == event
    assert parse("<134>" + record.replace(" ", "  ").replace("029  ", "029 ") + said) == event


def test_what_is_no_record_is_malformed():
    with pytest.raises(Malformed):
        fitelnet.parse(header.read(b"hello", 0.0))


@pytest.mark.parametrize(
    "line",
    [
        "029 apples",
        "029 0000:29:14.91 2026/11/10 (tue) 23:04:06 5 00000003",
        "2026/11/10 23:04:06: PPPOE[01] Disconnected",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert parse(line) is None
