import pytest

from exporter.sockets_text import fields


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1:443", ("192.0.2.1", 443)),
        ("192.0.2.1.443", ("192.0.2.1", 443)),
        ("0.0.0.0%eth0.100:68", ("0.0.0.0", 68)),
        ("*:5353", ("0.0.0.0", 5353)),
        ("*.5353", ("0.0.0.0", 5353)),
        (":::22", ("::", 22)),
        ("[::]:22", ("::", 22)),
        ("[fe80::1%12]:1900", ("fe80::1", 1900)),
        ("[fe80::1]%eth0:546", ("fe80::1", 546)),
        ("fe80::1%lo0.123", ("fe80::1", 123)),
        ("2001:DB8::1.443", ("2001:db8::1", 443)),
        ("[::ffff:192.0.2.1]:22", ("192.0.2.1", 22)),
        ("::ffff:192.0.2.1:22", ("192.0.2.1", 22)),
        ("192.0.2.1:0", None),
        ("192.0.2.1:65536", None),
        ("192.0.2.1:99999999999", None),
        ("192.0.2.1:٣", None),
        ("192.0.2.1:*", None),
        ("*:*", None),
        ("*.*", None),
        ("router:80", None),
        ("192.0.2.1", None),
        ("", None),
        ("." * 10_000 + "5", None),
    ],
)
def test_an_end_of_a_connection_is_read(text, expected):
    assert fields.endpoint(text) == expected


def test_a_star_stands_for_the_family_of_its_row():
    assert fields.endpoint("*:5", "::") == ("::", 5)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("LISTENING", "listen"),
        ("ABHÖREN", "listen"),
        ("ABH儷EN", "listen"),  # the same in code page 850, read as Japanese
        ("ESTAB", "established"),
        ("HERGESTELLT", "established"),
        ("SYN_RCDV", "syn_recv"),
        ("SynReceived", "syn_recv"),
        ("FIN_WAIT_2", "fin_wait2"),
        ("FIN-WAIT-2", "fin_wait2"),
        ("FIN_WAIT2", "fin_wait2"),
        ("TIME-WAIT", "time_wait"),
        ("UNCONN", "close"),
        ("KÖTVE", "kötve"),
        ("\x1b", None),
        ("", None),
    ],
)
def test_states_have_one_name_whatever_system_and_language(word, expected):
    assert fields.state(word) == expected


def test_an_unknown_state_is_bounded():
    assert fields.state("X" * 500) == "x" * fields.MAX_STATE


def test_names_lose_what_does_not_print_and_what_is_too_long():
    assert fields.name(" a\x1b[31m\u202eb\ud800c\n ") == "a[31mbc"
    assert fields.name("n" * 500) == "n" * 255
    assert fields.name("\x00 \x07") is None


@pytest.mark.parametrize("line", ["  x y ", "> x y", "12 x y", " 12: x y", " 12) x y", "|12| x y"])
def test_line_numbers_and_quotation_marks_are_removed(line):
    assert fields.undecorated(line) == "x y"


@pytest.mark.parametrize("line", ["7zFM.exe", "192.0.2.1:5", "3proxy x"])
def test_numbers_that_belong_to_the_line_stay(line):
    assert fields.undecorated(line) == line


def test_nobody_has_process_id_0():
    assert fields.process_id("0") is None
    assert fields.process_id("4294967295") == 4294967295
    assert fields.process_id("4294967296") is None


def test_a_word_of_an_unknown_language_is_no_known_state():
    assert fields.is_known_state(fields.state("HERGESTELLT"))
    assert not fields.is_known_state(fields.state("USTANOWIONO"))
    assert not fields.is_known_state(None)
