"""`knockwatch replay`: log lines of files through the whole pipeline.

Its clock is the lines' time, never backwards; at the end everything undecided is decided. Lines end
at LF only, blank ones are lines too.
"""

import gc
import re
import sys
import time
from calendar import isleap, timegm
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import msgspec
from tqdm import tqdm

from exporter.events import Batch
from exporter.explain import event_fields
from exporter.metrics import exposition
from exporter.pipeline import Pipeline
from exporter.stages import Stages
from exporter.syslog import header
from exporter.syslog.uncut import Lines

YOUNG = 200_000  # objects: more than a batch makes, of which few outlive it
PIECE = 2 * 1024 * 1024  # bytes, and the rest of a line: read at once
BATCH = 8192  # lines, unless all came at once; they are decided by what was seen until the last one
AT_ONCE = 60.0  # seconds; packets of a minute are a flood's, and what they have in common is more
_HALF_YEAR = 365.25 / 2 * 86400.0
_AHEAD = 2 * 86400.0  # a router's clock may be ahead of `now`; years are guessed by whole days
_LEAP_DAY = re.compile(rb"(?:<[0-9]{1,3}>)?(?:[A-Z][a-z]{2} {1,2})?Feb {1,2}29 ")


def run(
    files: Sequence[str], stages: Stages, *, router: str | None, now: float, events: bool
) -> int:
    """Replay files ("-" is standard input); print the exposition, or one JSON object a line.

    Raises OSError naming a file that cannot be read.
    """
    usual = gc.get_threshold()
    gc.set_threshold(YOUNG, *usual[1:])
    try:
        return _run(files, stages, router=router, now=now, events=events)
    finally:
        gc.set_threshold(*usual)


def _run(
    files: Sequence[str], stages: Stages, *, router: str | None, now: float, events: bool
) -> int:
    pipeline = Pipeline(stages, router=router, line_clock=0.0)
    number = 0
    out = sys.stdout.buffer
    for name in files:
        for batch in _batches(name, now):
            if not events:
                pipeline.process(batch)
                continue
            for reading in pipeline.read(batch):
                number += 1
                event = None if reading.event is None else event_fields(reading.event)
                row = {
                    "line": number,
                    "router": reading.router,
                    "dialect": reading.dialect,
                    "outcome": reading.outcome,
                    "event": event,
                }
                out.write(msgspec.json.encode(row) + b"\n")
    pipeline.finish(pipeline.line_clock or 0.0)
    if not events:
        out.write(exposition.text(exposition.take(stages.metrics, stages.networks)))
    out.flush()
    return 0


def _batches(name: str, now: float) -> Iterator[Batch]:
    """The lines of a file, received when the year that they lack is the last one before `now`."""
    # The year nearest to the middle of the last year, and for leap days to the last of them.
    middle, leap_day = now - _HALF_YEAR + _AHEAD, _last_leap_day(now + _AHEAD)
    for piece in _pieces(name):
        lines: Sequence[bytes] = Lines(piece.removesuffix(b"\n"))
        may_leap = b"Feb" in piece
        for leap, some in groupby(lines, _is_leap_day) if may_leap else [(False, lines)]:
            received, messages = leap_day if leap else middle, list(some) if may_leap else lines
            size = len(messages)
            if not _came_at_once(messages, received):
                size = -(-size // -(-size // BATCH))  # as even as can be
            for at in range(0, len(messages), size):
                part = messages[at : at + size]
                yield Batch(received=received, sender="", listener="file", messages=part)


def _came_at_once(lines: Sequence[bytes], received: float) -> bool:
    first, last = (header.read(lines[at], received).time for at in (0, -1))
    return first is not None and last is not None and abs(last - first) < AT_ONCE


def _pieces(name: str) -> Iterator[bytes]:
    """Whole lines of a file, as many as make a batch; lines end at LF only."""
    with _open(name) as file:
        size = None if name == "-" else Path(name).stat().st_size
        with tqdm(total=size, unit="B", unit_scale=True, desc=name, disable=None) as bar:
            while piece := file.read(PIECE) + file.readline():
                bar.update(len(piece))
                yield piece


def _is_leap_day(line: bytes) -> bool:
    return _LEAP_DAY.match(line) is not None


def _last_leap_day(now: float) -> float:
    year = time.gmtime(now).tm_year
    while not isleap(year) or timegm((year, 2, 29, 0, 0, 0)) > now:
        year -= 1
    return float(timegm((year, 2, 29, 0, 0, 0)))


def _open(name: str) -> BinaryIO:
    return sys.stdin.buffer if name == "-" else Path(name).open("rb")
