"""`python -m tests.fleet_day [--sites N] [--minutes M]`: figures of a simulated fleet."""

import argparse
import sys

from tests.fleet_day.day import alone
from tests.fleet_day.figures import table
from tests.fleet_day.plan import Plan


def main() -> int:
    """Run, print."""
    options = argparse.ArgumentParser(prog="python -m tests.fleet_day", description=__doc__)
    options.add_argument("--sites", type=int, default=Plan.sites)
    options.add_argument("--minutes", type=float, default=Plan.minutes)
    options.add_argument("--rate", type=float, default=Plan.rate, help="lines a second of a home")
    chosen = options.parse_args()
    plan = Plan(sites=chosen.sites, minutes=chosen.minutes, rate=chosen.rate)
    print(table(plan, alone(plan)).markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
