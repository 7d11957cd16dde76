import pytest

from exporter.syslog import originators


@pytest.mark.parametrize(
    "word",
    ["gateway", "_gw", "192.0.2.1", "2001:db8::1", "fe80::1", "R7000", "lan10", "a1", "DEADBEEF"],
)
def test_a_name_or_an_address_may_be_a_host(word):
    assert originators.may_be(word)
    assert originators.split_off(f"{word} text", sure=True) == (word, "text")


@pytest.mark.parametrize(
    "word",
    [
        *("12", "0_1", "2026-11-10", "2026.11.10", "23:04:06", "UDP", "LAN2", "Lease", "WLAN"),
        *("kernel:", "[x]", "a/b", "", "x" * 256),
    ],
)
def test_numbers_dates_and_the_first_words_of_messages_are_no_host(word):
    assert originators.split_off(f"{word} text", sure=True) == (None, f"{word} text")


@pytest.mark.parametrize(
    ("text", "relayed", "host"),
    [
        ("gw kernel: x", False, "gw"),
        ("gw kern.warn x", False, "gw"),
        ("gw text", False, None),
        ("gw text", True, None),
        ("gw  text", True, "gw"),
        ("192.0.2.1 text", True, "192.0.2.1"),
        ("192.0.2.1 text", False, None),
    ],
)
def test_where_it_is_not_sure_something_must_tell_a_host(text, relayed, host):
    assert originators.split_off(text, sure=False, relayed=relayed)[0] == host
