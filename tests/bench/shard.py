"""What a line costs a worker by how many come together: `python -m tests.bench.shard [SITES]`.

Records of many sites in turn go through one shard, without Kafka: processor time of all that a
worker does with them but for reading and storing, and the memory that it takes. Small records cost
more a line: what is done once a record is shared by few, and from 32 lines on a record may be read
as a block.
"""

import gc
import json
import os
import subprocess
import sys
import time
from statistics import median
from typing import NamedTuple

from exporter import build, heap
from exporter.fleet.shard import Shard
from exporter.settings import Config
from tests.bench import server as bench
from tests.bench.records import of_fleet
from tests.bench.tables import Table, figure, runs

NOW = 1_795_000_000.0
TOGETHER = (1, 3, 10, 20, 50, 200)  # lines a record
WARM = 3  # records of each site, before it is measured
LINES = 200  # of each site, measured


class Cost(NamedTuple):
    """What so many lines a record cost."""

    line: float  # microseconds
    tick: float  # microseconds a site
    memory: float  # kB a site
    series: float  # a site


def tables(sites: int = 200, times: int = 5) -> tuple[list[Table], dict[str, float]]:
    """Measure, each in a process of its own; return figures for `capacity`, too."""
    rows, medians, ticks = [], {}, []
    for together in TOGETHER:
        costs = [_apart(sites, together) for _ in range(times)]
        medians[together] = median(cost.line for cost in costs)
        ticks += [cost.tick for cost in costs]
        one = "{:,.1f}".format
        rows.append(
            (
                f"{together}",
                figure((cost.line for cost in costs), one),
                figure((cost.tick for cost in costs), one),
                figure(cost.series for cost in costs),
                figure(cost.memory for cost in costs),
            )
        )
        print(*rows[-1], sep=" | ", file=sys.stderr, flush=True)
    columns = (
        "Lines a record",
        "µs of a core a line",
        "µs a site and second besides",
        "series a site then",
        "kB a site then",
    )
    notes = f"{sites:,} sites in turn, {LINES} lines of each. {runs(times)}"
    table = Table("What a line costs a worker, without Kafka", columns, rows, notes)
    known = {
        "larger_records": medians[50] / medians[10],
        "region_series": region_series(),
        "site_core": median(ticks) * 1e-6,
    }
    return [table], known


def region_series(sites: int = 500, lines: int = 20) -> float:
    """Return how many series a region has when a shard has so many sites of it."""
    config = Config()
    shard = Shard(0, config, build.stages(config))
    written = of_fleet(sites, 1, until=NOW, lines=lines, region="r", reports=False)
    for number, one in enumerate(written):
        shard.process(number, NOW, one.key, one.value, {"kind": one.kind.encode()})
    return float(sum(map(len, shard.metrics["r"].store.series.values())))


def _apart(sites: int, together: int) -> Cost:
    command = [sys.executable, "-m", "tests.bench.shard", "--one", str(sites), str(together)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Cost(*json.loads(told))


def cost(sites: int, together: int) -> Cost:
    """Measure in this process."""
    config = Config()
    shard = Shard(0, config, build.stages(config))
    seconds = WARM + max(LINES // together, 1)
    written = list(of_fleet(sites, seconds, until=NOW, lines=together, reports=False))
    gc.collect()
    heap.settle()
    before = bench.resident(os.getpid())
    spent = ticks = 0.0
    for second in range(seconds):
        now = NOW - seconds + second
        begun = time.process_time()
        for number in range(second * sites, (second + 1) * sites):
            one = written[number]
            shard.process(number, now, one.key, one.value, {"kind": one.kind.encode()})
        between = time.process_time()
        shard.tick(now, caught_up=True)
        if second >= WARM:
            spent += between - begun
            ticks += time.process_time() - between
    measured = seconds - WARM
    stores = (metrics.store.series.values() for metrics in shard.metrics.values())
    series = sum(len(of_metric) for store in stores for of_metric in store)
    return Cost(
        spent / measured / sites / together * 1e6,
        ticks / measured / sites * 1e6,
        (bench.resident(os.getpid()) - before) / sites * 1e3,
        series / sites,
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(cost(*map(int, sys.argv[2:]))))
    else:
        for _table in tables(*map(int, sys.argv[1:]))[0]:
            print(_table.markdown())
