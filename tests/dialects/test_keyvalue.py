import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import Malformed, keyvalue
from exporter.events import Event

KEYS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,9}", fullmatch=True)
VALUES = st.text(st.characters(exclude_characters='"\\', exclude_categories=["Cs"]), min_size=1)


@given(
    st.dictionaries(KEYS, VALUES.map(str.strip).filter(bool).filter(lambda v: v.strip("'") == v))
)
def test_quoted_pairs_read_back_whatever_they_hold(values):
    line = " ".join(f'{key}="{text}"' for key, text in values.items())
    found = keyvalue.pairs(line)
    assert {key: keyvalue.value(found, key) for key in values} == values


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a=1 b=2", {"a": "1", "b": "2"}),
        ("a=1,b=2", {"a": "1", "b": "2"}),
        ('a="x y" b=z', {"a": "x y", "b": "z"}),
        ("a='x y' b=z", {"a": "x y", "b": "z"}),
        (r'a="x\" b="y"', {"a": "x\\", "b": "y"}),
        (r'a="x \"q\" y" b=z', {"a": r"x \"q\" y", "b": "z"}),
        (r'a="x\"', {"a": "x\\"}),
        ('a="cut b=1', {"a": "cut b=1", "b": ""}),
        ("a= b=1 a=2", {"a": "", "b": "1"}),
        ('"a=1" b=2', {"a": "", "b": "2"}),
        ("time=10: 13:03 b=2", {"time": "10:", "b": "2"}),
        ('a="x srcip=1" srcip=2', {"srcip": "2"}),
    ],
)
def test_odd_quotes_lose_nothing_that_follows(line, expected):
    found = keyvalue.pairs(line)
    assert {key: keyvalue.value(found, key) for key in expected} == expected


def test_the_first_key_with_a_value_is_taken():
    found = keyvalue.pairs('a="" b=x c=y')
    assert keyvalue.value(found, "a", "b", "c") == "x"
    assert keyvalue.value(found, "d") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Threat Detected and BLOCKED", ("rejected", "blocked")),
        ("reset-both", ("rejected", "reset")),
        ("pass_session", ("accepted", "pass")),
        ("unblockedly", ("other", None)),
        ("", ("other", None)),
    ],
)
def test_the_first_verdict_word_counts(text, expected):
    assert keyvalue.verdict(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("7", 7), ("1000000", 1_000_000), ("0", None), ("x", None), ("٣", None)]
)
def test_a_count_is_a_number(text, expected):
    assert keyvalue.count(text) == expected


@pytest.mark.parametrize("text", ["1000001", "9" * 5000])
def test_a_count_that_cannot_be_believed_is_malformed(text):
    with pytest.raises(Malformed):
        keyvalue.count(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1:5", ("192.0.2.1", "5")),
        ("192.0.2.1", ("192.0.2.1", "")),
        ("[2001:db8::1]:5", ("2001:db8::1", "5")),
        ("[2001:db8::1]", ("2001:db8::1", "")),
        ("2001:db8::1", ("2001:db8::1", "")),
        ("2001:db8:0:0:0:0:0:1:5", ("2001:db8:0:0:0:0:0:1", "5")),
        (":5", (":5", "")),
        ("", ("", "")),
    ],
)
def test_an_endpoint_has_an_address_and_perhaps_a_port(text, expected):
    assert keyvalue.endpoint(text) == expected


@pytest.mark.parametrize("text", ["", "N/A", "192.0.2.1", "Unknown", " - "])
def test_no_name_is_no_name(text):
    assert keyvalue.name(text) is None


def test_what_somebody_chose_is_bounded():
    event = keyvalue.packet("rejected", rule="r" * 9999, hostname="h" * 9999, action="A" * 9999)
    assert event == Event(kind="rejected", action="a" * 256, rule="r" * 256, hostname="h" * 256)


@pytest.mark.parametrize("transport", ["1", "ICMP", "icmp6", "2", "gre"])
def test_what_has_no_ports_gets_none(transport):
    event = keyvalue.packet("rejected", transport=transport, source=("192.0.2.1", "8"))
    assert event.source_port is None


def test_a_packet_without_verdict_address_or_protocol_is_malformed():
    with pytest.raises(Malformed):
        keyvalue.packet("other", source=("x", "5"), rule="r")
