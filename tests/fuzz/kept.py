"""The inputs that a target begins with: the corpus' lines, what fuzzing kept, what it found.

Files are read and written here: `kept/TARGET.txt` holds one input a line as base64, the regressions
`TARGET BASE64 what was wrong`.
"""

from base64 import b64decode, b64encode
from pathlib import Path
from typing import NamedTuple

from tests.golden import corpus, lines

HERE = Path(__file__).parent
KEPT = HERE / "kept"
REGRESSIONS = HERE / "regressions.txt"
MAX_INPUT = 2048  # bytes of one input that is kept
MAX_FILE = 200_000  # bytes of one target's file


class Regression(NamedTuple):
    """An input that once broke a promise."""

    target: str
    data: bytes
    wrong: str


def seeds(target: str) -> list[bytes]:
    """Return what a target begins with that is not kept anywhere: the corpus, as it takes it."""
    every = [line for case in corpus() for line in lines(case)]
    if target != "framing":
        return every
    some = [line[:40] for line in every[::9]]
    counted = [b"%d %b" % (len(line), line) for line in some]
    ends = (b"\n", b"\r\n", b"")
    return [
        ends[number % 3].join([one, two, *some[number : number + 2], b""])
        for number, (one, two) in enumerate(zip(some, counted, strict=True))
    ]


def kept(target: str) -> list[bytes]:
    """Return what fuzzing added to a target's seeds."""
    path = _path(target)
    texts = path.read_text("ascii").splitlines() if path.exists() else []
    return [b64decode(text, validate=True) for text in texts]


def keep(target: str, inputs: list[bytes]) -> None:
    """Write down what fuzzing added, the short ones first and no more than a file may hold."""
    texts, size = [], 0
    for data in sorted(set(inputs), key=lambda data: (len(data), data)):
        text = b64encode(data).decode()
        size += len(text) + 1
        if len(data) > MAX_INPUT or size > MAX_FILE:
            break
        texts.append(text + "\n")
    _path(target).write_text("".join(texts), "ascii")


def regressions() -> list[Regression]:
    """Return every failure that was found, with what was wrong."""
    found = []
    for line in REGRESSIONS.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            target, text, wrong = line.split(" ", 2)
            found.append(Regression(target, b64decode(text, validate=True), wrong))
    return found


def _path(target: str) -> Path:
    return KEPT / f"{target}.txt"
