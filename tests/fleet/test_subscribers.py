"""Whose lines and reports they are, by a provider's file."""

import os
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.addresses import Prefixes
from exporter.fleet.subscribers import (
    OneSite,
    Place,
    SubscriberError,
    Subscribers,
)
from tests import logged

FILE = f"""
# who            how          by what
osaka            address      192.0.2.0/24
osaka            address      2001:db8:1::/48
s-17@tokyo       address      192.0.2.17
s-17@tokyo       certificate  R17.example
s-17@tokyo       token        {sha256(b"one of 17").hexdigest()}
s-18@tokyo       address      2001:db8:1:12::/64
"""
S17 = Place("s-17", "tokyo")


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "subscribers"
    file.write_text(FILE)
    return file


log = logged.fixture("ERROR", "{message}")


def test_the_longest_prefix_wins(file):
    known = Subscribers(file)
    assert len(known) == 6
    assert known.sender("192.0.2.16", ()) == Place("osaka")
    assert known.sender("192.0.2.17", ()) == S17
    assert known.sender("2001:db8:1:11::1", ()) == Place("osaka")
    assert known.sender("2001:db8:1:12::1", ()) == Place("s-18", "tokyo")
    assert known.sender("198.51.100.1", ()) is None
    assert known.sender("not an address", ()) is None


def test_a_certificate_comes_before_the_address(file):
    known = Subscribers(file)
    assert known.sender("192.0.2.1", ("else.example", "r17.EXAMPLE")) == S17
    assert known.sender("192.0.2.1", ("else.example",)) == Place("osaka")
    assert known.sender("198.51.100.1", ("else.example",)) is None


def test_who_reports_with_a_token_is_known_by_it_alone(file):
    known = Subscribers(file)
    assert known.reporter("198.51.100.1", "one of 17") == S17
    assert known.reporter("192.0.2.1", "one of 18") is None  # whatever the address says
    assert known.reporter("192.0.2.1", "") == Place("osaka")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("osaka address", r"line 9: not SITE\[@REGION\]"),
        ("osaka mac 00:00:5e:00:53:01", r"line 9: not SITE\[@REGION\]"),
        ("osaka address 192.0.2.1/24", "line 9: not a prefix"),
        ("osaka address 192.0.2.0/33", "line 9: not a prefix"),
        ("osaka address router.example", "line 9: not an IP address"),
        ("osaka token 12", "line 9: a token is written as the 64 digits"),
        (f"osaka token {'x' * 64}", "line 9: invalid literal"),
        ("@tokyo address 192.0.2.9", "line 9: not a site"),
        ("s-17@ address 192.0.2.9", "line 9: not a site"),
        (f"{'s' * 65} address 192.0.2.9", "line 9: not a site"),
        ("osaka certificate r17.example", "line 9: certificate r17.example is of another"),
        ("osaka address 192.0.2.17/32", "192.0.2.17/32 is of s-17@tokyo and of osaka"),
        (f"osaka token {sha256(b'one of 17').hexdigest()}", "is of s-17@tokyo and of osaka"),
    ],
)
def test_a_file_that_cannot_be_used_says_where(file, line, said):
    file.write_text(FILE + line + "\n")
    with pytest.raises(SubscriberError, match=said) as error:
        Subscribers(file)
    assert str(error.value).startswith(str(file))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SubscriberError, match="none cannot be read"):
        Subscribers(tmp_path / "none")


def test_what_changed_is_taken_and_what_cannot_be_used_is_not(file, log):
    known = Subscribers(file)
    file.write_text(FILE + "nonsense\n")
    for _ in range(2):
        known.renew()
    assert known.stale
    assert len(log) == 1
    assert "line 9" in log[0]
    assert known.sender("192.0.2.17", ()) == S17
    file.write_text("nagoya address 192.0.2.17\n")
    os.utime(file, ns=(1, 1))
    known.renew()
    assert not known.stale
    assert known.sender("192.0.2.17", ()) == Place("nagoya")
    assert known.sender("192.0.2.1", ()) is None


def test_a_site_s_own_relay_knows_everybody():
    place = Place("home", "tokyo")
    known = OneSite(place)
    known.renew()
    assert known.sender("198.51.100.1", ()) == known.reporter("", "") == place
    assert len(known) == 1
    assert not known.stale


PREFIXES = st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)), max_size=30)


@given(prefixes=PREFIXES, asked=st.integers(0, 2**32 - 1), file=st.just("subscribers"))
def test_prefixes_are_looked_up_as_ever(tmp_path_factory, prefixes, asked, file):
    def written(value):
        return ".".join(map(str, value.to_bytes(4)))

    known = {}
    for value, length in prefixes:
        kept = value >> (32 - length) << (32 - length)
        known[f"{written(kept)}/{length}"] = f"site-{len(known)}"
    place = tmp_path_factory.mktemp("prefixes") / file
    place.write_text("".join(f"{site} address {prefix}\n" for prefix, site in known.items()))
    found = Subscribers(place).sender(written(asked), ())
    assert (found and found.site) == Prefixes(known.items()).look_up(written(asked))
