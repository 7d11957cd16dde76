"""The pasts of the home in its four states, as blocks that a Prometheus can open.

All states share a week; they differ in the last hours, in which the trouble began. Each past ends
at one moment, at which dashboards are then asked: so nothing depends on when a test runs.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.system.parts import home, own, rules, tsdb
from tests.system.parts.history import DAYS, Past, times
from tests.system.parts.prompast import Server, remembering
from tests.system.parts.shown import Key

# Seconds between two evaluations of the rules: for windows that are days long, and lately.
COARSE = 300
FINE = 60


class Lived(NamedTuple):
    """One past: the moment at which it ends, the folders that hold its blocks, and who went on."""

    now: int
    blocks: tuple[Path, ...]
    totals: dict[Key, float]  # what each counter had counted by then


class Home(NamedTuple):
    """A home in one state: where its Prometheus answers, and the moment at which it is asked."""

    server: Server
    now: int


def live(folder: Path, now: int, states: tuple[str, ...] = home.STATES) -> dict[str, Lived]:
    """Make the pasts below `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    now -= now % 60
    oldest, parting = now - DAYS * 86400, now // 7200 * 7200 - 7200
    past = Past(now)
    shared, noted = folder / "shared", folder / "shared-rules"
    week = times(now, oldest, parting)
    tsdb.write_blocks([*past.live("quiet", week), *own.live("quiet", now, week)], folder, shared)
    with remembering(folder / "week", [shared]) as server:
        tsdb.write_blocks(rules.live_through(server, parting - 60, oldest, COARSE), folder, noted)
    counted = past.totals
    found = {}
    for state in states:
        raw, written = folder / state, folder / f"{state}-rules"
        past.totals = dict(counted)
        last = times(now, parting, now + 1)
        tsdb.write_blocks([*past.live(state, last), *own.live(state, now, last)], folder, raw)
        with remembering(folder / f"{state}-hours", [shared, noted, raw]) as server:
            tsdb.write_blocks(rules.live_through(server, now, parting, FINE), folder, written)
        found[state] = Lived(now, (shared, noted, raw, written), past.totals)
    return found


def go_on(state: str, lived: Lived, server: Server, until: int) -> None:
    """Let a past go on in a running Prometheus, as if it were scraped."""
    past = Past(lived.now)
    past.totals = dict(lived.totals)
    more = range(lived.now + 15, until, 15)
    server.write([*past.live(state, more), *own.live(state, until, more)])


@contextmanager
def homes(lived: dict[str, Lived], folder: Path) -> Iterator[dict[str, Home]]:
    """Run a Prometheus for each past."""
    with ExitStack() as stack:
        yield {
            state: Home(stack.enter_context(remembering(folder / state, past.blocks)), past.now)
            for state, past in lived.items()
        }
