"""Queries as panels ask them: of this moment, or over the range that is shown."""

from collections.abc import Iterable
from typing import Any

from dashboards.panels import PromTarget


def now(*queries: str | tuple[str, str], table: bool = False) -> list[PromTarget]:
    """Return queries of this moment, each with the legend of its series if it has one."""
    form = "table" if table else "time_series"
    return _targets(queries, instant=True, format=form)


def over(*queries: str | tuple[str, str], every: str = "") -> list[PromTarget]:
    """Return queries of the whole range, with a smallest step."""
    return _targets(queries, instant=False, interval=every)


def _targets(queries: Iterable[str | tuple[str, str]], **how: Any) -> list[PromTarget]:
    pairs = [(query, "") if isinstance(query, str) else query for query in queries]
    return [
        PromTarget(expr=" ".join(expr.split()), legendFormat=legend, refId=chr(65 + i), **how)
        for i, (expr, legend) in enumerate(pairs)
    ]
