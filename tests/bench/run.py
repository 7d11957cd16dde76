"""All tables of `make bench`, into docs/performance.md: `python -m tests.bench.run [--quick]`.

With --quick the runs are shorter and fewer, and the page says how many; with names of tables only
those are measured anew, and the others stay as they are on the page.
"""

import argparse
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.bench import loss, memory, scrape, soak, startup, throughput
from tests.bench.pages import measured
from tests.bench.tables import Table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
HEAD = """# Performance

Measured by `make bench`, which writes this page: do not edit it. Each table says when and how it
was measured, and how busy the machine was with other work: on a busy one, times of the wall are
longer than what the program needs, and more is lost. `python -m tests.bench.agent` and
`python -m tests.bench.evidence` print what the agent and the evidence cost.
"""
WHOLE: Mapping[str, Callable[[], list[Table]]] = {
    "throughput": lambda: throughput.tables(1_000_000, 5),
    "loss": lambda: loss.tables(30, 5),
    "scrape": lambda: scrape.tables(200, 5),
    "memory": lambda: memory.tables(5),
    "soak": lambda: soak.tables(120, 200, 1),
    "startup": lambda: startup.tables(60, 5),
}
QUICK: Mapping[str, Callable[[], list[Table]]] = {
    "throughput": lambda: throughput.tables(100_000, 1),
    "loss": lambda: loss.tables(3, 1),
    "scrape": lambda: scrape.tables(20, 1),
    "memory": lambda: memory.tables(1),
    "soak": lambda: soak.tables(5, 200, 1),  # its last quarter must have a minute without a fault
    "startup": lambda: startup.tables(30, 5),
}


def main() -> None:
    """Measure, print, write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a taste of it, in minutes")
    options.add_argument("names", nargs="*", metavar="TABLE", help=", ".join(WHOLE))
    chosen = options.parse_args()
    measures = QUICK if chosen.quick else WHOLE
    if unknown := set(chosen.names) - set(measures):
        options.error(f"no such table: {', '.join(sorted(unknown))}")
    for name in chosen.names or measures:
        busy = os.getloadavg()[0]
        found = "\n\n".join(table.markdown() for table in measures[name]())
        section = f"{found}\n\n{measured(busy)}"
        print(section, flush=True)
        sections = read() | {name: section}
        PAGE.write_text(page({name: sections[name] for name in WHOLE if name in sections}))


def read() -> dict[str, str]:
    """Return the page's sections by their names."""
    text = PAGE.read_text("utf-8") if PAGE.exists() else ""
    return dict(re.findall(r"<!-- (\w+) -->\n\n(.*?)(?=\n\n<!--|\n*\Z)", text, re.DOTALL))


def page(sections: Mapping[str, str]) -> str:
    """Return the page."""
    parts = (f"<!-- {name} -->\n\n{section}" for name, section in sections.items())
    return "\n".join([HEAD, "\n\n".join(parts), ""])


if __name__ == "__main__":
    main()
