# ruff: noqa: E501 - a table of texts reads best as a table
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import asa_sentence
from exporter.dialects.asa_sentence import End


@pytest.mark.parametrize(
    ("text", "source", "destination"),
    [
        ("from 192.0.2.1/1 to o:192.0.2.2/ssh", End(None, "192.0.2.1", 1), End("o", "192.0.2.2")),
        ("src 192.0.2.1 138 dest 192.0.2.2 139", End(None, "192.0.2.1", 138), End(None, "192.0.2.2", 139)),
        ("from (192.0.2.1) to 192.0.2.2 on interface x", End(None, "192.0.2.1"), End(None, "192.0.2.2")),
        ("src a:192.0.2.1 dst b:192.0.2.2(type 8, code 0)", End("a", "192.0.2.1"), End("b", "192.0.2.2")),
        ("src a:192.0.2.1/1(LOCAL\\u) dst in:2001:db8::1/2", End("a", "192.0.2.1", 1), End("in", "2001:db8::1", 2)),
        ("for faddr 192.0.2.1/3 gaddr 192.0.2.2/0 laddr 192.0.2.3/0", End(None, "192.0.2.1", 3), End(None, "192.0.2.3", 0)),
        ("from 192.0.2.1 due to a cut", End(None, "192.0.2.1"), End()),
        ("from a", End(), End()),
        ("nothing", End(), End()),
    ],
)  # fmt: skip
def test_both_ends_read(text, source, destination):
    found = asa_sentence.flow(text)
    assert (found.source, found.destination) == (source, destination)


def test_an_entry_of_an_access_list_has_its_port_in_parentheses():
    assert asa_sentence.in_parentheses("in/192.0.2.1(7)") == End("in", "192.0.2.1", 7)
    assert asa_sentence.in_parentheses("2001:db8::1") == End(None, "2001:db8::1")


@pytest.mark.parametrize(
    ("text", "interface"),
    [
        ("on interface outside.", "outside"),
        ("on x interface. Original", "x"),
        ("on interface NP Identity Ifc", "NP Identity Ifc"),
        ("upon interface x", None),
    ],
)
def test_an_interface_may_be_stated(text, interface):
    assert asa_sentence.stated_interface(f" {text}") == interface


@given(st.text())
def test_any_text_can_be_read(text):
    for front in ("", "from ", "for faddr ", "src a:"):
        asa_sentence.flow(front + text)
        asa_sentence.transport(front + text)
        asa_sentence.verdict_word(front + text)
        asa_sentence.stated_interface(front + text)
