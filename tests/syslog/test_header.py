from calendar import timegm
from time import mktime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.events import SyslogMessage
from exporter.syslog import header

NOW = mktime((2026, 11, 10, 23, 30, 0, 0, 0, -1))
STAMPED = mktime((2026, 11, 10, 23, 4, 6, 0, 0, -1))
FOUNDING = "UDP connection rejected from 198.51.100.7:3478 to 203.0.113.9:51413"


def read(line: str) -> SyslogMessage:
    return header.read(line.encode(), NOW)


def test_rfc_3164_with_all_its_parts():
    assert read("<34>Nov 10 23:04:06 gateway su[230]: 'su root' failed") == SyslogMessage(
        received=NOW,
        facility=4,
        severity=2,
        time=STAMPED,
        hostname="gateway",
        app_name="su",
        proc_id="230",
        text="su[230]: 'su root' failed",
        content="'su root' failed",
    )


def test_rfc_5424_with_all_its_parts():
    line = (
        "<165>1 2026-11-10T23:04:06.000003Z fw.example evntslog 77 ID47 "
        '[a@1 x="1" y="q\\"u]o"][b@1] \ufeffAn [application] entry'
    )
    message = read(line)
    assert (message.facility, message.severity) == (20, 5)
    assert (message.hostname, message.app_name, message.proc_id) == ("fw.example", "evntslog", "77")
    assert message.content == "An [application] entry"
    assert message.text.startswith("evntslog 77 ID47 [a@1 ")


@pytest.mark.parametrize("zone", ["+0000", "+00:00"])  # of systemd before and since version 255
def test_a_line_of_journalctl_in_short_iso_has_all_its_parts(zone):
    message = read(f"2026-11-10T23:04:06{zone} gateway kernel: DROP IN=eth0 OUT= SRC=192.0.2.1")
    assert message.time == timegm((2026, 11, 10, 23, 4, 6))
    assert (message.hostname, message.app_name) == ("gateway", "kernel")
    assert message.content == "DROP IN=eth0 OUT= SRC=192.0.2.1"


def test_rfc_5424_nil_values_are_absent():
    message = read("<4>1 - - - - - -")
    assert (message.time, message.hostname, message.app_name, message.proc_id) == (None,) * 4
    assert message.content == ""


@pytest.mark.parametrize("data", ["[broken", '[a x="1] text', "text"])
def test_rfc_5424_with_broken_data_loses_no_text(data):
    assert read(f"<4>1 2026-11-10T23:04:06Z host app - - {data}").content == data


def test_a_version_without_a_stamp_is_not_rfc_5424():
    assert read("<4>1 packet from somewhere").content == "1 packet from somewhere"


@pytest.mark.parametrize(
    "line", [FOUNDING, "<4>" + FOUNDING, "  " + FOUNDING + " \r\n\0", "120 <4>" + FOUNDING]
)
def test_a_line_without_a_header_is_all_content(line):
    message = read(line)
    assert (message.hostname, message.text, message.content) == (None, FOUNDING, FOUNDING)


@pytest.mark.parametrize(
    ("start", "hostname"),
    [
        ("Nov 10 23:04:06 ", None),
        ("<4>Nov 10 23:04:06 ", None),
        ("2026/11/10 23:04:06 ", None),
        ("Tue Nov 10 23:04:06 2026 ", None),
        ("Nov 10 23:04:06 gateway ", "gateway"),
        ("Nov 10 23:04:06 buffalo.setup  ", "buffalo.setup"),
        ("Nov 10 2026 23:04:06 192.0.2.1 ", "192.0.2.1"),
        ("Nov 10 23:04:06 2001:db8::1 ", "2001:db8::1"),
        ("Nov 10 23:04:06 (none) ", None),
        ("2026-11-10 23:04:06 _gw ", "_gw"),
        ("Nov 10 23:04:06 gateway gateway ", "gateway"),
    ],
)
def test_the_founding_line_keeps_its_words_behind_any_header(start, hostname):
    message = read(start + FOUNDING)
    assert (message.hostname, message.text) == (hostname, FOUNDING)
    assert message.time == (None if start == "" else STAMPED)


@pytest.mark.parametrize(
    ("line", "hostname", "app_name", "content"),
    [
        ("Nov 10 23:04:06 DENY: IN=eth0", None, "DENY", "IN=eth0"),
        ("Nov 10 23:04:06 hostapd: wl1.2: STA", None, "hostapd", "wl1.2: STA"),
        ("Nov 10 23:04:06 dnsmasq[12]: DHCPACK", None, "dnsmasq", "DHCPACK"),
        ("Nov 10 23:04:06 RT-1 hostapd: wl1.2", "RT-1", "hostapd", "wl1.2"),
        ("Nov 10 23:04:06 USG kernel: [LAN-1-A]IN=eth0", "USG", "kernel", "[LAN-1-A]IN=eth0"),
        ("Nov 10 23:04:06 Abc-A1 [SOME-1-A] IN=eth0", "Abc-A1", None, "[SOME-1-A] IN=eth0"),
        ("Nov 10 23:04:06 [SOME-1-A] IN=eth0", None, None, "[SOME-1-A] IN=eth0"),
        (
            "Nov 10 23:04:06 last message repeated 7 times",
            None,
            None,
            "last message repeated 7 times",
        ),
        ("Nov 10 23:04:06 NAT TX-ERROR List", None, None, "NAT TX-ERROR List"),
        ("Nov 10 23:04:06 12 IN=eth0", None, None, "12 IN=eth0"),
        ("Nov 10 23:04:06 word", None, None, "word"),
        ("Nov 10 23:04:06 gateway", None, None, "gateway"),
        ("Nov 10 23:04:06 FIREWALL \tUDP", None, None, "FIREWALL \tUDP"),
        ("Nov 10 23:04:06 relay Nov 10 23:04:06 dnsmasq: x", "relay", "dnsmasq", "x"),
        ("Nov 10 23:04:06 relay Nov 10 23:04:06 router dnsmasq: x", "router", "dnsmasq", "x"),
        ("Nov 10 23:04:06 fw 2026-11-10 23:04:06 Login denied", "fw", None, "Login denied"),
        ("2026-11-10T23:04:06 notice netifd[]: up", None, "netifd", "up"),
        ("kernel: DROP IN=eth0", None, "kernel", "DROP IN=eth0"),
    ],
)
def test_host_and_tag_are_told_apart(line, hostname, app_name, content):
    message = read(line)
    assert (message.hostname, message.app_name, message.content) == (hostname, app_name, content)


@pytest.mark.parametrize(
    ("line", "facility", "severity", "text"),
    [
        ("<0>a b", 0, 0, "a b"),
        ("<191>a b", 23, 7, "a b"),
        ("<013>a b", 1, 5, "a b"),
        ("<13>", 1, 5, ""),
        ("<192>a b", None, None, "<192>a b"),
        ("<999>", None, None, "<999>"),
        ("<>a", None, None, "<>a"),
        ("<1", None, None, "<1"),
        ("<-1>a", None, None, "<-1>a"),
        ("<13>firewall,info drop", 1, 5, "firewall,info drop"),
        ("Tue Nov 10 23:04:06 2026 kern.warn kernel: x", 0, 4, "kernel: x"),
        ("Nov 10 23:04:06 (none) user.alert kernel: x", 1, 1, "kernel: x"),
        ("<13>Nov 10 23:04:06 gw kern.warn kernel: x", 1, 5, "kernel: x"),
    ],
)
def test_priorities(line, facility, severity, text):
    message = read(line)
    assert (message.facility, message.severity, message.text) == (facility, severity, text)


@pytest.mark.parametrize(
    "front",
    [
        "Nov 10 23:04:06 JST gw",
        "Nov 10 2026 23:04:06+09:00 gw",
        "Tue Nov 10 23:04:06 JST 2026 gw",
        "2026 Nov 10 23:04:06 gw",
        "Nov 10 23:04:00 2026-11-10 23:04:06 gw",
        "Nov 10 23:04:00 relay 2026-11-10T23:04:06 gw",
        "Nov 10 23:04:00 relay <4>Nov 10 23:04:06 gw",
        "Tue Nov 10 23:04:00 2026: <4>Nov 10 23:04:06 gw",
        "2026-11-10 23:04:00 Kernel.Warning relay Nov 10 23:04:06 gw",
        "11-10-2026\t23:04:06\tKernel.Warning\tgw\t",
        "Nov 10 23:04:06 gw kern.warn",
    ],
)
def test_a_host_is_found_behind_zones_levels_and_relays(front):
    message = read(f"{front} kernel: DROP IN=eth0")
    assert (message.hostname, message.app_name) == ("gw", "kernel")
    assert (message.text, message.content) == ("kernel: DROP IN=eth0", "DROP IN=eth0")
    assert message.time is not None


@pytest.mark.parametrize("front", ["", "Nov 10 23:04:06 relay ", "Nov 10 23:04:06 relay <4>"])
def test_a_relay_may_put_its_header_in_front_of_rfc_5424(front):
    message = read(f'{front}1 2026-11-10T23:04:06Z fw app 7 - [a b="c"] text')
    assert (message.hostname, message.app_name, message.proc_id) == ("fw", "app", "7")
    assert message.content == "text"
    assert read("Nov 10 23:04:06 relay 1 2026-11-10T23:04:06Z - app - - - x").hostname == "relay"


@pytest.mark.parametrize("front", ["", "Nov 10 23:04:06 192.0.2.1 ", "2026/11/10 23:04:06: "])
def test_what_a_relay_wraps_without_a_tag_may_have_a_header_of_its_own(front):
    message = read(f"<134>1 2026-11-10T23:04:06Z relay - - - - {front}LAN2 Rejected at IN(1)")
    assert (message.app_name, message.text) == (None, "LAN2 Rejected at IN(1)")
    assert message.hostname == ("192.0.2.1" if "192" in front else "relay")


@pytest.mark.parametrize("host", ["192.0.2.1 ", "2001:db8::1 ", "buffalo.setup  ", "gw kern.warn "])
def test_behind_a_relay_an_address_or_two_blanks_tell_the_host(host):
    message = read(f"Nov 10 23:04:06 relay Nov 10 23:04:06 {host}PP[01] up")
    assert (message.hostname, message.text) == (host.split()[0], "PP[01] up")
    words = read("Nov 10 23:04:06 relay Nov 10 23:04:06 Several words")
    assert (words.hostname, words.text) == ("relay", "Several words")


@pytest.mark.parametrize(
    ("line", "time"),
    [
        ("<189>123: Nov 10 23:04:06: %SYS-5: x", STAMPED),
        ("<189>123: gw: 000124: .Nov 10 23:04:06.000: %SYS-5: x", STAMPED),
        ("<164>:Nov 10 23:04:06: %ASA-5: x", STAMPED),
        ("<189>123: *Nov 10 23:04:06: %SYS-5: x", None),  # its clock was never set
    ],
)
def test_a_stamp_behind_numbers_tells_the_time_and_stays_in_the_text(line, time):
    message = read(line)
    assert message.time == time
    assert message.text == line.partition(">")[2]


@pytest.mark.parametrize("level", ["Warning", "Kernel.Loud", "KERNEL.WARNING", "Local0"])
def test_what_is_no_level_of_kiwi_stays(level):
    assert level in read(f"2026-11-10 23:04:06 [{level} host x").text
    assert read(f"2026-11-10 23:04:06 {level} x y").severity is None


def test_a_date_that_is_cut_is_no_host():
    message = read("Nov 10 23:04:06 2026-11-10 23: 04:06 gw x")
    assert (message.hostname, message.text) == (None, "2026-11-10 23: 04:06 gw x")


def test_behind_what_is_no_priority_nothing_is_a_header():
    message = read("<999>Nov 10 23:04:06 gw kernel: x")
    assert (message.time, message.hostname, message.app_name) == (None, None, None)


def test_bytes_that_are_not_utf_8_are_replaced():
    assert header.read("<4>ルータ".encode("cp932"), NOW).severity == 4


@given(st.binary())
def test_any_bytes_are_a_message(data):
    for start in (b"", b"<13>", b"<4>1 ", b"<4>1 - h a p m [", b"Nov 10 23:04:06 ", b"12 <"):
        message = header.read(start + data, NOW)
        assert message.text.endswith(message.content)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1))
def test_no_word_is_lost_behind_a_host(word):
    message = read(f"Nov 10 23:04:06 gateway [{word}")
    assert (message.hostname, message.text) == ("gateway", f"[{word}")


@pytest.mark.parametrize("blank", ["\x0b", "\x1c", "\x85", "\xa0", "\u3000"])
def test_a_word_may_hold_other_blanks(blank):
    message = read(f"<4>Nov 10 23:04:06 gateway odd{blank}word here")
    assert message.hostname == "gateway"
    assert message.content.endswith("word here")


def test_without_an_app_name_the_text_of_rfc_5424_is_its_message():
    message = read('<13>1 2026-11-10T23:04:06Z gate - - - [a b="c"] LAN2: link up')
    assert message.text == message.content == "LAN2: link up"
    assert message.app_name is None
    tagged = read("<13>1 2026-11-10T23:04:06Z gate fw - - - LAN2: link up")
    assert (tagged.text, tagged.content) == ("fw - - - LAN2: link up", "LAN2: link up")


@pytest.mark.parametrize("text", ["Internetverbindung wurde getrennt.", "Login failed for admin"])
def test_the_first_word_of_a_message_is_no_host(text):
    message = read(f"Nov 10 23:04:06 {text}")
    assert (message.hostname, message.text) == (None, text)


_WORDS = ["router", "192.168.1.1", "kernel:", "dnsmasq[12]:", "%ASA-4-106023:", "UDP", "warn"]
_WORDS += ["user.warn", "Nov", "Tue", "25", "23:04:06", "2026-11-10T23:04:06:", "10.11.26", "[x]:"]
_WORDS += ["(none)", "a" * 129 + ":", "b" * 300, "-", ":", "\0", "firewall,info"]


@given(
    st.sampled_from(["", "<4>", "<004>"]),
    st.lists(st.sampled_from(_WORDS), max_size=4),
    st.sampled_from([" ", "  ", "\t"]),
)
def test_a_header_says_the_same_whatever_its_stamp_looks_like(priority, words, last):
    text = last.join([" ".join(words[:-1]), *words[-1:]])
    usual, other = (
        f"{priority}{stamp} {text}" for stamp in ("Nov 25 01:02:03", "2026-11-25T01:02:03")
    )
    assert read(usual) == read(other)
