"""Read an exposition back, just enough to compare two scrapes."""

import re

SAMPLE = re.compile(r"(?P<name>[a-z_]+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(exposition: str) -> Samples:
    """Return each sample's value by its name and labels."""
    found = (SAMPLE.match(line) for line in exposition.splitlines())
    return {
        (match["name"], frozenset(LABEL.findall(match["labels"] or ""))): float(match["value"])
        for match in found
        if match
    }


def total(exposition: str, metric: str, **labels: str) -> float:
    """Return the sum over all series of a metric that carry these labels."""
    return sum(
        value
        for (name, carried), value in samples(exposition).items()
        if name == metric and carried >= labels.items()
    )


def counters(exposition: str) -> Samples:
    """Return the samples that must outlive a restart: counters and when they began."""
    return {
        key: value
        for key, value in samples(exposition).items()
        if key[0].startswith("knockwatch_") and key[0].endswith(("_total", "_created"))
    }
