"""What a worker shows of itself, besides its shards: how far they are, and what went wrong."""

import platform
from collections.abc import Iterable, Mapping

from exporter.build import VERSION
from exporter.metrics.declared import BUILD_INFO
from exporter.metrics.formats import Family
from exporter.metrics.series import Declaration

LAG = Declaration(
    "knockwatch_shard_lag_records",
    "gauge",
    "Records of the shard's partition that are not counted yet, as brokers last said.",
    ("shard",),
)
TRANSACTIONS = Declaration(
    "knockwatch_transactions_total",
    "counter",
    "Transactions of this process, each to store what is new of all its shards; aborted are also"
    " those of which no end was seen.",
    ("outcome",),
)
ERRORS = Declaration(
    "knockwatch_worker_errors_total",
    "counter",
    "What went wrong in this process and was survived, by what it was about; the log says why.",
    ("task",),
)
DECLARED = (LAG, TRANSACTIONS, ERRORS)


def take(
    lags: Iterable[tuple[int, int]], outcomes: Mapping[str, int], errors: Mapping[str, int]
) -> list[Family]:
    """Copy it; a lag is a partition, and how many records."""
    version = ((VERSION, platform.python_version()), 1.0, None)
    return [
        Family(LAG, [((str(partition),), float(lag), None) for partition, lag in lags]),
        _counter(TRANSACTIONS, outcomes),
        _counter(ERRORS, errors),
        Family(BUILD_INFO, [version]),
    ]


def _counter(declaration: Declaration, counted: Mapping[str, int]) -> Family:
    return Family(declaration, [((key,), float(n), None) for key, n in sorted(counted.items())])
