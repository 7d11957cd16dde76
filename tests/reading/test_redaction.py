"""Nobody is named, and what is left is still a form that a dialect can be written from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.reading.redaction import MAX_SHOWN, redacted
from tests import timing
from tests.golden import corpus, lines
from tests.test_architecture import addresses, stations

SEPARATORS = st.sampled_from([" ", "=", ":", ",", "|", "(", "[", '"', "'", "/", "->", " from ", ""])


@pytest.mark.parametrize(
    ("line", "form"),
    [
        (
            "DENY udp 198.51.100.7:3478 > 203.0.113.9:51413 on wan0",
            "DENY udp <ip>:<number> > <ip>:<number> on wan0",
        ),
        ("from [2001:db8::7]:22 to fe80::1%eth0", "from [<ip>]:<number> to <ip>"),
        (
            "MAC=00:00:5e:00:53:01:00:00:5e:00:53:02:08:00 SRC=198.51.100.7 PROTO=TCP",
            "MAC=<mac> SRC=<ip> PROTO=TCP",
        ),
        ("sta 0000.5e00.5301, 00-00-5E-00-53-01, 00005e005301", "sta <mac>, <mac>, <mac>"),
        ("mail from anna@example.com", "mail from <mail>"),
        ("GET https://user:pass@www.example.com/a?b=c done", "GET <url> done"),
        ("lookup www.example.com. failed", "lookup <name>. failed"),
        (
            "user=anna ssid=Home psk=secret imei=490154203237518",
            "user=<name> ssid=<name> psk=<name> imei=<name>",
        ),
        (
            "srcuser='anna' devname=\"gw-7\" count=3",
            "srcuser='<name>' devname=\"<name>\" count=<number>",
        ),
        (
            '{"user":"anna","act":"deny","port":"443"}',
            '{"user":"<name>","act":"deny","port":"<number>"}',
        ),
        ("hostname=Annas Phone action=drop", "hostname=<name> action=drop"),
        ("ホスト名：アンナ 拒否", "ホスト名：<name> 拒否"),
        (
            "Failed password for invalid user anna from 192.0.2.1",
            "Failed password for invalid user <name> from <ip>",
        ),
        ("rule changed by anna", "rule changed by <name>"),
        ("lease 192.0.2.7 (Anna's phone (new)) via br0", "lease <ip> (<name>) via br0"),
        ("DHCPACK(br0) 192.0.2.7 00:00:5e:00:53:02 kitchen", "DHCPACK(br0) <ip> <mac> <name>"),
        ("gate[192.0.2.7] up", "<name>[<ip>] up"),
        ("joined: DESKTOP-4F7A2, Annas-iPhone and ANNA-PC", "joined: <name>, <name> and <name>"),
        ("read /home/anna/x and C:\\Users\\anna\\x", "read <path> and <path>"),
        ('msg="UDP packet dropped" note="Anna was here"', 'msg="UDP packet dropped" note="<text>"'),
        ("at 2026-11-10T14:04:06.123Z, 10/11/2026 04:05", "at <date><time>Z, <date> <time>"),
        ("id FGT40F0000000001 key c0ffee12 eth0", "id <number> key <number> eth0"),
        ("%ASA-4-106023: Deny tcp", "%ASA-4-106023: Deny tcp"),
        ("kern.warn kernel: blocked", "kern.warn kernel: blocked"),
        ("a\tb\x00c\u202ed", "a␉b␀c\ufffdd"),
    ],
)
def test_a_line_becomes_its_form(line, form):
    assert redacted(line) == form


def test_lines_that_differ_in_values_are_one_form():
    one = redacted("pkt 17 refused, 198.51.100.7/443 => 203.0.113.9/51413 ttl 64")
    other = redacted("pkt 6 refused, 192.0.2.200/53 => 203.0.113.10/80 ttl 250")
    assert one == other


@pytest.mark.thorough
def test_no_address_or_station_of_the_corpus_is_left():
    for case in corpus():
        for line in lines(case):
            form = redacted(line.decode("utf-8", "replace"))
            assert not list(addresses(form)), form
            assert not stations(form), form
            assert "example" not in form.lower(), form


@given(
    secret=st.one_of(
        st.ip_addresses(v=4).map(str),
        st.ip_addresses(v=6).map(lambda ip: ip.exploded),
        st.binary(min_size=6, max_size=6).map(lambda mac: mac.hex(":")),
        st.binary(min_size=6, max_size=6).map(lambda mac: mac.hex("-").upper()),
        st.from_regex(r"[a-z]{3,9}@[a-z]{3,9}\.[a-z]{3}", fullmatch=True),
        st.integers(min_value=10_000).map(str),
    ),
    before=SEPARATORS,
    after=SEPARATORS,
)
def test_what_names_somebody_never_passes_whatever_stands_around_it(secret, before, after):
    form = redacted(f"blocked{before}{secret}{after}tcp")
    assert secret not in form


@given(st.text(max_size=2000))
def test_a_form_is_short_and_printable(text):
    form = redacted(text)
    assert len(form) <= MAX_SHOWN
    assert form.isprintable()


def test_half_an_address_at_the_cut_is_not_shown():
    line = "blocked " * 124 + "198.51.100.7 and more " * 50
    for start in range(16):
        assert "198" not in redacted(line[start:])


@pytest.mark.parametrize(
    "part",
    ["a", "a.", "a-", "1.", "1:", "::", "a@", "user=", '"', "'", "(", "<ip> (", 'x="', "%A-"],
)
def test_the_longest_message_is_read_within_50_ms(part):
    def both() -> None:
        redacted((part * 65536)[:65536])
        redacted(("x " + part * 65536)[:65536].replace(part * 40, part * 40 + " "))

    assert timing.seconds(both, 0.05) < 0.05
