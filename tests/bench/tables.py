"""Tables of measurements, as the terminal and docs/performance.md show them."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple


class Table(NamedTuple):
    """What was measured: rows of text, and what a reader must know of them."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    notes: str = ""

    def markdown(self) -> str:
        """Return the table and its notes."""
        lines = [self.columns, tuple("---" for _ in self.columns), *self.rows]
        table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        return "\n\n".join(filter(None, [f"## {self.title}", table, self.notes]))


def figure(values: Iterable[float], form: Callable[[float], str] = "{:,.0f}".format) -> str:
    """Return the median and, of several values, the least and the greatest."""
    ordered = sorted(values)
    middle = form(statistics.median(ordered))
    if len(ordered) == 1:
        return middle
    return f"{middle} ({form(ordered[0])} – {form(ordered[-1])})"


def runs(count: int) -> str:
    """Return the note that says how many runs a table's figures come from."""
    if count == 1:
        return "One run."
    return f"The median of {count} runs, the least and the greatest in brackets."


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which that share of the values lies."""
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]
