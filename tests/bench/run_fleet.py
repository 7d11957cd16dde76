"""Figures of a fleet, into docs/fleet.md: `python -m tests.bench.run_fleet [--quick] [NAME…]`.

Each name is a part of the page: `fleet-workers` (one and two), `fleet-records` (lines a record),
`fleet-live` (relay, worker and broker at a steady pace), `fleet-day` (a simulated fleet) and
`fleet-capacity`, which is computed from the others' figures as they stand on the page.
"""

import argparse
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tests.bench import capacity, fleet, shard
from tests.bench.pages import figures_of, fill, measured, with_figures
from tests.bench.tables import Table
from tests.fleet_day import figures
from tests.fleet_day.day import alone
from tests.fleet_day.plan import Plan

PAGE = Path(__file__).resolve().parents[2] / "docs" / "fleet.md"
LIBRARIES = ("confluent-kafka",)
# At the pace of the fleet that `capacity` is about, all of it by one process each.
STEADY = Plan(sites=200, minutes=5, rate=10.0, relays=1, own=0, workers=1, calm=True)
Part = tuple[list[Table], dict[str, float]]


def _workers(lines: int, times: int) -> Part:
    return fleet.tables(lines, times)


def _records(sites: int, times: int) -> Part:
    return shard.tables(sites, times)


def _live(plan: Plan) -> Part:
    outcome = alone(plan)
    table = figures.table(plan, outcome)._replace(title="Lines and reports at a steady pace")
    return [table], figures.measured(plan, outcome)


def _day(plan: Plan) -> Part:
    return [figures.table(plan, alone(plan))], {}


def _capacity() -> Part:
    known = figures_of(PAGE)
    if missing := set(capacity.Measured._fields) - set(known):
        raise SystemExit(f"{PAGE}: measure first: {', '.join(sorted(missing))}")
    of = capacity.Measured(**{name: known[name] for name in capacity.Measured._fields})
    return [capacity.table(of, capacity.Assumed())], {}


WHOLE: Mapping[str, Callable[[], Part]] = {
    "fleet-workers": partial(_workers, 1_000_000, 5),
    "fleet-records": partial(_records, 200, 5),
    "fleet-live": partial(_live, STEADY),
    "fleet-day": partial(_day, Plan()),
    "fleet-capacity": _capacity,
}
QUICK: Mapping[str, Callable[[], Part]] = {
    "fleet-workers": partial(_workers, 50_000, 1),
    "fleet-records": partial(_records, 30, 1),
    "fleet-live": partial(_live, Plan(**(vars(STEADY) | {"sites": 50, "minutes": 1}))),
    "fleet-day": partial(_day, Plan(sites=100, minutes=1)),
    "fleet-capacity": _capacity,
}


def main() -> None:
    """Measure, print, write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a taste of it, in minutes")
    options.add_argument("names", nargs="*", metavar="NAME", help=", ".join(WHOLE))
    chosen = options.parse_args()
    parts = QUICK if chosen.quick else WHOLE
    if unknown := set(chosen.names) - set(parts):
        options.error(f"no such part: {', '.join(sorted(unknown))}")
    for name in chosen.names or parts:
        busy = os.getloadavg()[0]
        tables, found = parts[name]()
        text = "\n\n".join(table.markdown() for table in tables)
        if name != "fleet-capacity":
            text = f"{text}\n\n{measured(busy, *LIBRARIES)}"
        print(text, flush=True)
        fill(PAGE, name, with_figures(text, found) if found else text)


if __name__ == "__main__":
    main()
