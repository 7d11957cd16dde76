import pytest

from exporter.dialects import Dialect, Malformed
from exporter.events import Event
from exporter.syslog import header
from tests.fuzz import kept, targets, timing
from tests.fuzz.promises import Broken

REGRESSIONS = kept.regressions()
MESSAGE = header.read(b"gate: hello", 0.0)


@pytest.mark.thorough
@pytest.mark.parametrize("target", targets.TARGETS)
def test_no_input_of_the_corpus_or_of_earlier_fuzzing_breaks_a_promise(target):
    for data in (*kept.seeds(target), *kept.kept(target)):
        targets.TARGETS[target](data)


@pytest.mark.parametrize("target", targets.TARGETS)
def test_earlier_fuzzing_has_left_inputs_behind(target):
    assert kept.kept(target)


@pytest.mark.parametrize("found", REGRESSIONS, ids=[found.wrong for found in REGRESSIONS])
def test_what_fuzzing_has_found_is_mended(found):
    targets.TARGETS[found.target](found.data)
    if found.target != "framing":
        assert timing.seconds(found.data) < timing.LIMIT


def claiming(parse) -> Dialect:
    return Dialect("planted", "", lambda message: True, parse)


class Wavering:
    """Ignores a line, and the next time not."""

    def __init__(self):
        self.asked = False

    def __call__(self, message):
        self.asked = not self.asked
        return None if self.asked else Event(kind="other")


def fails(message):
    raise ZeroDivisionError("planted")


def complains(message):
    raise Malformed("it is")


@pytest.mark.parametrize(
    ("parse", "error", "why"),
    [
        (fails, ZeroDivisionError, "planted"),
        (Wavering(), Broken, "reads the same twice"),
        (lambda message: 1, Broken, "gives an event"),
        (lambda message: Event(kind="other", source_port=70_000), Broken, "source_port"),
    ],
)
def test_a_dialect_that_breaks_the_contract_is_noticed(parse, error, why):
    with pytest.raises(error, match=why):
        targets._dialect(claiming(parse), MESSAGE)


@pytest.mark.parametrize("parse", [complains, lambda message: None])
def test_a_dialect_may_ignore_a_line_or_call_it_malformed(parse):
    targets._dialect(claiming(parse), MESSAGE)


def test_a_stream_is_cut_everywhere_and_loses_nothing():
    data = bytes(range(256)) * 2
    for pieces in targets._cuts(data):
        assert b"".join(pieces) == data
    assert [len(piece) for piece in targets._cuts(b"<13>x")[0]] == [1, 1, 1, 1, 1, 0]


def test_only_a_message_with_pri_can_be_counted_without_doubt():
    told = [b"<13>x", b"<1>", b"<>x", b"<x>", b"<1234>", b"<12"]
    assert [targets._has_pri(message) for message in told] == [True, True, *[False] * 4]
