"""Play rounds of traffic and misfortune; print the seeds, what happened and whether the laws held.

    python -m tests.oracle [--rounds 200] [--seed N] [--keep FOLDER]

Rounds are played in homes of 20; a home's seed repeats it: `--rounds 20 --seed N`. Every other home
has a real Prometheus, whose clock nobody can set: there the program's own is not set either, and
nothing befalls the state file, so that what Prometheus adds up is all that was counted. Needs root
on Linux, and what tests/system/install.sh installs. Exit status 1 when a law does not hold.
"""

import argparse
import random
import signal
import sys
import tempfile
from pathlib import Path

from tests.oracle.play import HOME_ROUNDS, played
from tests.system.parts.needs import here


def main(argv: list[str] | None = None) -> int:
    """Play; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--keep", type=Path, help="keep logs here")
    options = parser.parse_args(argv)
    if missing := [part for part in ("namespaces", "prometheus", "faketime") if not here(part)]:
        print(f"not on this machine: {', '.join(missing)}", file=sys.stderr)
        return 1
    for number in (signal.SIGTERM, signal.SIGHUP):  # an end like any other: all is taken down
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    broken, seed, left = 0, options.seed, options.rounds
    with tempfile.TemporaryDirectory(prefix="knockwatch-oracle-") as scratch:
        while left > 0:
            folder = (options.keep or Path(scratch)) / str(seed)
            folder.mkdir(parents=True)
            account = played(folder, seed, min(left, HOME_ROUNDS))
            print(account, flush=True)
            broken += bool(account.broken)
            seed, left = seed + 1, left - HOME_ROUNDS
    print(f"{options.rounds} rounds, seeds {options.seed} to {seed - 1}: {broken} homes broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
