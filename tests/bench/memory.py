"""What memory `serve` takes when nothing comes, and when it shows 10,000 series.

`python -m tests.bench.memory`. Whether it grows is asked by `tests.bench.soak`.
"""

import time

from tests.bench import server as bench
from tests.bench.tables import Table, figure, runs

SERIES = 10_000
SCRAPES = 20


def tables(times: int = 5) -> list[Table]:
    """Measure."""
    idle, full, series = list[float](), list[float](), list[float]()
    for _ in range(times):
        with bench.serving() as server:
            time.sleep(3)
            idle.append(bench.resident(server.process.pid))
            series.append(bench.fill(server, SERIES))
            for _ in range(SCRAPES):
                server.metrics()
            full.append(bench.resident(server.process.pid))
    one = "{:.1f}".format
    rows = [
        ("idle", figure(idle, one)),
        (f"{figure(series)} series, {SCRAPES} scrapes", figure(full, one)),
    ]
    return [Table("Memory", ("", "Resident, MB"), rows, runs(times))]


if __name__ == "__main__":
    for _table in tables():
        print(_table.markdown())
