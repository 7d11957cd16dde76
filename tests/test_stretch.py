"""No line can make a parser slow: one hostile sender must not stop the others' counting."""

from functools import partial

import pytest

from exporter.syslog.framing import MAX_MESSAGE
from tests import timing
from tests.golden import corpus, lines, reading

pytestmark = pytest.mark.thorough

LIMIT = 0.05  # seconds of our own for the longest message; others use the machine, too


def stretched(line: bytes) -> list[bytes]:
    """Return the line with each of its words in turn repeated, apart and glued, to the limit."""
    words = line.split(b" ")
    found = []
    for number, word in enumerate(words):
        for unit in (word, word + b" "):
            times = max(1, (MAX_MESSAGE - len(line)) // max(1, len(unit)))
            found.append(b" ".join([*words[:number], unit * times, *words[number + 1 :]]))
    return found


@pytest.mark.parametrize("case", corpus(), ids=lambda case: f"{case.parent.name}/{case.stem}")
def test_a_stretched_line_is_read_within_50_ms(case):
    for line in lines(case):
        for long in stretched(line):
            assert timing.seconds(partial(reading, long), LIMIT) < LIMIT, (line, long[:200])
