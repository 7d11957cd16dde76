import pytest

from exporter import addresses
from exporter.syslog.framing import MAX_MESSAGE
from tests.fuzz import timing
from tests.fuzz.timing import Stopwatch

LINE = b"UDP connection rejected from 198.51.100.7:3478 to 203.0.113.9:51413"


def test_reading_takes_time_and_nothing_is_remembered():
    addresses.canonical("192.0.2.1")
    assert addresses._canonical.cache_info().currsize > 0
    timing.forget()
    assert addresses._canonical.cache_info().currsize == 0
    assert 0 < timing.seconds(LINE) < timing.LIMIT


def test_every_outcome_can_be_timed():
    repeated = b"message repeated 3 times: [ " + LINE + b"]"
    for line in (b"", b"hello", repeated, b"last message repeated 2 times", b"%ASA-4-430001"):
        timing.read(line)
    timing.read(b"last message repeated 9999999 times")


@pytest.mark.thorough
def test_a_stopwatch_measures_in_its_own_process():
    stopwatch = Stopwatch()
    for line in (LINE, b"", b"\n\0\n", b"x" * MAX_MESSAGE, LINE):
        assert 0 < stopwatch.seconds(line) < timing.LIMIT
    assert stopwatch.end() == 0


@pytest.mark.thorough
def test_a_stopwatch_that_dies_of_a_message_says_that_it_takes_for_ever():
    stopwatch = Stopwatch()
    stopwatch._process.kill()
    stopwatch._process.wait()
    assert stopwatch.seconds(LINE) == float("inf")
    assert stopwatch.seconds(LINE) < timing.LIMIT
    assert stopwatch.end() == 0
