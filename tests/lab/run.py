"""`make lab`: play every episode with every kind of NAT, print what was found, say if it is enough.

    python -m tests.lab.run [--json FILE] [--nat preserving|random|map_e] [--episode NAME]
                            [--keep FOLDER]

Needs root on Linux, and what tests/system/install.sh installs. Exit status 1 when precision or
recall is too low or an episode does not show what it must.
"""

import argparse
import json
import signal
import sys
import tempfile
from pathlib import Path
from typing import get_args

from tests.lab.episodes.table import EPISODES
from tests.lab.play import play
from tests.lab.report import summary, table
from tests.lab.world import NAT_KINDS, Nat
from tests.system.parts.needs import here

NEEDS = (
    "namespaces",
    "rsyslogd",
    "ulogd",
    "miniupnpd",
    "upnpc",
    "dnsmasq",
    "busybox",
    "netstat",
    "conntrack",
    "docker-proxy",
)


def main(argv: list[str] | None = None) -> int:
    """Run the laboratory; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.run", description=__doc__)
    parser.add_argument("--json", type=Path, help="write what was found to this file as well")
    parser.add_argument("--nat", choices=get_args(Nat), action="append", help="default: all kinds")
    names = sorted({episode.name for episode in EPISODES})
    parser.add_argument("--episode", choices=names, action="append", help="default: all of them")
    parser.add_argument("--keep", type=Path, help="keep logs, configuration and state here")
    options = parser.parse_args(argv)
    for number in (signal.SIGTERM, signal.SIGHUP):  # an end like any other: all is taken down
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    missing = [need for need in NEEDS if not here(need)]
    if missing:
        print(f"not on this machine: {', '.join(missing)}", file=sys.stderr)
        return 1
    found = []
    with tempfile.TemporaryDirectory(prefix="kwlab") as scratch:
        for nat in options.nat or NAT_KINDS:
            folder = (options.keep or Path(scratch)) / nat
            folder.mkdir(parents=True)
            found.append(summary(play(nat, folder, options.episode or ())))
            if options.json:
                options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
            print(table(found[-1]), end="\n\n", flush=True)
    return int(any(one["failures"] for one in found))


if __name__ == "__main__":
    sys.exit(main())
