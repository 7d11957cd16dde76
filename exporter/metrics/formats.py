"""Samples as text: Prometheus 0.0.4 and OpenMetrics 1.0, byte for byte as prometheus_client writes.

Families of samples go in, a body comes out. The library says which format an `Accept` header asks
for, writes what stands above the samples of a family, and the collectors of its own. The lines of
ours are written here: those are most of a scrape, and it needs ten times as long for each.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from exporter.metrics.series import Declaration

Sample = tuple[tuple[str, ...], float, str | None]  # labels, value, created as it is written
_EOF = b"# EOF\n"  # the end of an OpenMetrics body
_AT_ONCE = 1000  # samples whose lines are held as strings, each of which takes twice its bytes


class Family(NamedTuple):
    """The samples of one metric."""

    declaration: Declaration
    samples: list[Sample]


def encode(
    families: Iterable[Family], accept: str = "", extra: Iterable[Collector] = ()
) -> tuple[bytes, str]:
    """The body and content type that an `Accept` header asks for; created times in OpenMetrics."""
    encoder, content_type = choose_encoder(accept)
    created = content_type.startswith("application/openmetrics-text")
    labels, numbers = _Labels(), _Numbers()
    parts = []
    for family in families:
        parts.append(encoder(_Registry(_empty(family.declaration))).removesuffix(_EOF))
        parts += _lines(family, labels, numbers, created=created)
    parts += [encoder(collector).removesuffix(_EOF) for collector in extra]
    if created:
        parts.append(_EOF)
    return b"".join(parts), content_type


class _Labels(dict[str, str]):
    """Label values as they are written."""

    def __missing__(self, value: str) -> str:
        # A name with half a character in it is no text, but must not cost the whole scrape.
        text = value.encode("utf-8", "backslashreplace").decode()
        written = text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
        self[value] = written
        return written


class _Numbers(dict[float, str]):
    """Numbers as they are written: many series have the same. Zero has no sign."""

    def __missing__(self, number: float) -> str:
        written: str = floatToGoString(number or 0.0)  # type: ignore[no-untyped-call]
        if len(self) < _AT_ONCE:
            self[number] = written
        return written


class _Registry(Collector):
    """What the library's encoders read."""

    def __init__(self, *metrics: Metric) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


def _empty(declaration: Declaration) -> Metric:
    kind = CounterMetricFamily if declaration.kind == "counter" else GaugeMetricFamily
    return kind(declaration.name, declaration.help, labels=declaration.labels)


def _lines(family: Family, labels: _Labels, numbers: _Numbers, *, created: bool) -> Iterator[bytes]:
    """The lines of a family's samples, a piece at a time; labels are sorted by their names."""
    name, kind, _, names = family.declaration
    order = sorted(range(len(names)), key=names.__getitem__)
    in_order = itemgetter(*order) if len(order) > 1 else tuple
    braces = "{" + ",".join(f'{names[at]}="%s"' for at in order) + "} " if names else " "
    born = f"{name.removesuffix('_total')}_created" if created and kind == "counter" else ""
    for start in range(0, len(family.samples), _AT_ONCE):
        samples = family.samples[start : start + _AT_ONCE]
        told = set(chain.from_iterable(sample[0] for sample in samples))
        if any(labels[value] != value for value in told):  # hardly ever
            samples = [(tuple(map(labels.__getitem__, one)), n, at) for one, n, at in samples]
        lines = []
        for values, value, since in samples:
            text = braces % in_order(values)
            lines.append(f"{name}{text}{numbers[value]}\n")
            if born and since is not None:
                lines.append(f"{born}{text}{since}\n")
        yield "".join(lines).encode()
