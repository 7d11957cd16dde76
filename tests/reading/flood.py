"""Floods made of one line: other ends, stamps and numbers in it, and single characters changed."""

import random
import re

from exporter.reading import Reader, Sender
from exporter.reading.forms import Said
from exporter.syslog import header
from tests.world import NOW

_READER = Reader()
_ANY = "0123456789" * 3 + "abcdefxX.,:;=- /[]()<>\"'ABCZ|\t\r_"
_NUMBERS = ("0", "1", "007", "255", "256", "9999", "65535", "65536", "4294967296")


def read(text):
    """What the line reader makes of a line."""
    message = header.read(text.encode(), NOW)
    return Said(message.hostname, message.time, _READER.read(message, Sender()))


def like(line, chance):
    """A line with other numbers in it, the same ones in the same places."""
    share = chance.choice((0.1, 0.5))

    def number(found):
        if chance.random() > share:
            return found[0]
        of_as_many_digits = "".join(chance.choices("0123456789", k=len(found[0])))
        small = str(chance.randrange(256))
        return chance.choice((of_as_many_digits, small, small, chance.choice(_NUMBERS)))

    return re.sub("[0-9]+", number, line)


def damaged(line, chance):
    """A line with a few characters changed, put in or left out, anywhere."""
    text = list(line)
    for _ in range(chance.choice((1, 1, 2, 3, 6))):
        at = chance.randrange(len(text))
        other = chance.choice("0123456789" if text[at].isdigit() else _ANY)
        if (way := chance.random()) < 0.7:
            text[at] = other
        elif way < 0.85:
            text.insert(at, other)
        elif len(text) > 1:
            del text[at]
    return "".join(text)


def changed(line, seed, times):
    """So many lines like one, and damaged ones."""
    chance = random.Random(seed)
    return [(like if n % 3 else damaged)(line, chance) for n in range(times)]
