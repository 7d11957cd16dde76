import random
import re

import pytest

from exporter.reading.tokens import MAX_TOKENS, tokens
from exporter.syslog import stamps
from tests.world import NOW


def kinds(line):
    return [(token.kind, token.text) for token in tokens(line)]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("<134>Nov  1 23:04:06 gate2 x", [("stamp", "Nov  1 23:04:06")]),
        ("Tue Nov 10 23:04:06.25 2026 x", [("stamp", "Nov 10 23:04:06.25 2026")]),
        ("2026-11-10T23:04:06.5+09:00 x", [("stamp", "2026-11-10T23:04:06.5+09:00")]),
        ("date=2026-11-10 time=23:04:06", [("stamp", "2026-11-10"), ("stamp", "23:04:06")]),
        (
            "1,2026/11/10 14:04:08,198.51.100.7",
            [("number", "1"), ("stamp", "2026/11/10 14:04:08"), ("ip", "198.51.100.7")],
        ),
        ("198.51.100.7.53 > x", [("ip", "198.51.100.7"), ("number", "53")]),
        ("2636.1.1.2.39", [("number", text) for text in ("2636", "1", "1", "2", "39")]),
        ("MAC=00:00:5e:00:53:01:00:00:5e:00:53:02:08:00 TTL=64", [("number", "64")]),
        ("OPT (020405B40402080A) 00005E005301z", [("dump", "020405B40402080A")]),
        ("eth0.7 0x1F spo=1c03", [("number", "7"), ("hex", "0x1F"), ("port", "1c03")]),
    ],
)
def test_what_may_vary_in_a_line(line, found):
    assert kinds(line) == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('srccountry="Reserved" x', "Reserved"),
        ('src_country="" x', ""),
        ("src_country_code=a country=DEU x", "DEU"),
        ("0x8000000000000000,Germany,10.0.0.0-10.255.255.255,,", "Germany,10.0.0.0-10.255.255.255"),
    ],
)
def test_where_an_address_is_registered_may_vary(line, found):
    [token] = [one for one in tokens(line) if one.kind in ("quoted", "code", "pair")]
    assert token.text == found
    for text in (token.text, token.other, *(token.odd(random.Random(n), n) for n in range(20))):
        assert re.fullmatch(token.pattern(""), text)


def test_of_a_line_of_nothing_but_numbers_the_first_may_vary():
    assert len(tokens("1 " * 700)) == MAX_TOKENS


@pytest.mark.parametrize(
    "text", ["Nov 10 23:04:06", "2026-11-10T23:04:06+09:00", "Nov 10 23:04:06.250 2026"]
)
def test_other_stamps_are_stamps_of_other_moments(text):
    [token] = tokens(text)
    for other in (token.other, token._replace(role="stamp").odd(random.Random(0), 0)):
        moments = [stamps.at_start(one, NOW).time for one in (text, other)]
        assert None not in moments
        assert moments[0] != moments[1]


@pytest.mark.parametrize(
    "line",
    [
        "Nov  1 23:04:06",
        "2026-11-10 23:04:06.5",
        "198.51.100.7",
        "0x1F",
        "=1c03",
        "(020405B40402080A)",
        "7",
        "1234567890123",
    ],
)
def test_what_is_tried_is_of_the_pattern(line):
    for token in tokens(line):
        for way in (token, token._replace(wide=False)):
            texts = [token.text, token.other, *(way.odd(random.Random(n), n) for n in range(40))]
            for text in texts:
                assert re.fullmatch(way.pattern(""), text), text


@pytest.mark.parametrize("base", [10, 16])
def test_a_port_may_be_one_that_is_never_0(base):
    [token] = tokens("=1c03" if base == 16 else "7")
    port = token._replace(role="port", base=base)
    zero = "0000" if base == 16 else "0"
    assert re.fullmatch(port.pattern(""), zero)
    assert not re.fullmatch(port._replace(zero=False).pattern(""), zero)
    odd = {port._replace(zero=False).odd(random.Random(n), 0) for n in range(40)}
    assert zero not in odd
    assert {int(text, base) for text in odd} >= {1, 65_535}
