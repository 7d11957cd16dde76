from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import Dialect, Malformed, connection, netfilter, table
from exporter.events import Event
from exporter.syslog import header
from tests.golden import corpus, lines

ALL_LINES = [line for case in corpus() for line in lines(case)]
EXAMPLES = [text.encode() for dialect in table.DIALECTS for text in dialect.examples]
WORDS = sorted({word for line in ALL_LINES for word in line.decode().split(" ")})


@pytest.mark.thorough
@pytest.mark.parametrize(
    "first", [None, *table.DIALECTS], ids=lambda dialect: dialect.name if dialect else "none"
)
def test_the_order_of_trial_never_changes_the_answer(first: Dialect | None):
    for line in ALL_LINES:
        message = header.read(line, 0.0)
        claiming = [dialect for dialect in table.DIALECTS if dialect.claims(message)]
        assert len(claiming) <= 1, line
        assert table.recognise(message, first) == (claiming[0] if claiming else None)


def test_dialects_are_named_once():
    names = [dialect.name for dialect in table.DIALECTS]
    assert len(names) == len(set(names))
    assert all(dialect.title for dialect in table.DIALECTS)


def test_a_message_of_no_dialect_is_nobodys():
    assert table.recognise(header.read(b"hello", 0.0)) is None
    assert table.recognise(header.read(b"hello", 0.0), netfilter.DIALECT) is None


@given(st.one_of(st.text(), st.lists(st.sampled_from(WORDS)).map(" ".join)))
def test_any_text_is_an_event_or_ignored_or_malformed(text):
    for data in (text, f"connection denied from {text}", f"IN= OUT= SRC= DST= {text}"):
        read_by_all(data.encode("utf-8", "replace"))


@pytest.mark.thorough
@given(st.text(max_size=400), st.integers(0, 400), st.integers(0, 49))
def test_any_cut_and_any_tail_is_an_event_or_ignored_or_malformed(text, cut, first):
    tail = text.encode("utf-8", "replace")
    for line in (*EXAMPLES, *ALL_LINES[first::50]):
        for data in (line[:cut] + tail, line + tail, line[:cut]):
            read_by_all(data)


def read_by_all(data):
    message = header.read(data, 0.0)
    for dialect in table.DIALECTS:
        if dialect.claims(message):
            with suppress(Malformed):
                assert isinstance(dialect.parse(message), Event | None), dialect.name


def test_what_connection_does_not_claim_it_calls_malformed():
    with pytest.raises(Malformed):
        connection.parse(header.read(b"hello", 0.0))
