"""A sparkline: packets by time go in, the outline of its bars and what it says in numbers come out.

It is drawn by the server as one path, so that the page needs neither scripts nor inline styles.
"""

from dataclasses import dataclass

from exporter.evidence.breakdown import Bars

HEIGHT = 24.0  # of the drawing, which is as wide as it has bars
_LEAST = 1.5  # of that height, so that one packet is seen beside a thousand
_WIDE = 0.85  # of a bar's place


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Packets by time, drawn."""

    places: int
    path: str  # SVG
    most: int  # packets of the highest bar
    most_at: float  # when it began
    begin: float
    bar_seconds: int


def trend(bars: Bars | None) -> Trend | None:
    """Return the sparkline; None where nothing happened."""
    if bars is None or not any(bars.packets):
        return None
    most = max(bars.packets)
    return Trend(
        places=len(bars.packets),
        path="".join(_bar(place, n / most) for place, n in enumerate(bars.packets) if n),
        most=most,
        most_at=bars.begin + bars.packets.index(most) * bars.width,
        begin=bars.begin,
        bar_seconds=bars.width,
    )


def _bar(place: int, share: float) -> str:
    tall = max(_LEAST, HEIGHT * share)
    return f"M{place} {HEIGHT:g}v-{tall:.4g}h{_WIDE}v{tall:.4g}z"
