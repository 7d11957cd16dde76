"""Pages of which parts are written by benches: a part stands between two comments of its name.

Figures from which others are computed stand in a part as JSON, in a comment that nobody sees.
"""

import datetime
import json
import os
import platform
import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

_FIGURES = re.compile(r"<!-- figures (\{.*?\}) -->")


def fill(page: Path, name: str, text: str) -> None:
    """Put a text between `<!-- NAME -->` and `<!-- end of NAME -->`, or at the end of the page."""
    whole = page.read_text("utf-8") if page.exists() else "# A fleet in figures\n"
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    if begin not in whole:
        whole = f"{whole.rstrip()}\n\n{begin}\n"
    if end not in whole:
        whole = whole.replace(begin, f"{begin}\n\n{end}", 1)
    before, _, rest = whole.partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}", "utf-8")


def with_figures(text: str, figures: Mapping[str, float]) -> str:
    """Return a text with figures for `figures_of`."""
    rounded = {name: float(f"{value:.4g}") for name, value in figures.items()}
    return f"{text}\n\n<!-- figures {json.dumps(rounded)} -->"


def figures_of(page: Path) -> dict[str, float]:
    """Return all figures of a page."""
    found: dict[str, float] = {}
    for told in _FIGURES.findall(page.read_text("utf-8") if page.exists() else ""):
        found |= json.loads(told)
    return found


def measured(busy: float, *more: str) -> str:
    """Return when, where and with what something was measured; `more` libraries."""
    libraries = ("msgspec", "starlette", "uvicorn", "prometheus-client", *more)
    with_ = ", ".join(f"{name} {version(name)}" for name in libraries)
    return (
        f"*{datetime.datetime.now(datetime.UTC):%Y-%m-%d}, knockwatch {version('knockwatch')},"
        f" Python {platform.python_version()}, {with_}, Linux {platform.release()},"
        f" {processor()}, {os.cpu_count()} cores, load before {busy:.1f}, after"
        f" {os.getloadavg()[0]:.1f}.*"
    )


def processor() -> str:
    """Return what the processor calls itself."""
    told = Path("/proc/cpuinfo").read_text()
    found = re.search(r"^model name\s*: (.*)$", told, re.MULTILINE)
    return found[1] if found else platform.machine()
