"""The periods that a reader can choose, and the parts in which their sparklines draw them."""

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

Name = Literal["now", "hour", "day", "week"]


class Period(NamedTuple):
    """A time that ends now."""

    name: Name
    seconds: float
    bars: int  # of a sparkline; each is whole minutes


HOUR = Period("hour", 3600.0, 60)
PERIODS: Mapping[str, Period] = {
    period.name: period
    for period in (
        Period("now", 600.0, 10),
        HOUR,
        Period("day", 86_400.0, 96),
        Period("week", 7 * 86_400.0, 84),
    )
}
OVERVIEW: tuple[Name, ...] = ("now", "hour", "day")  # the week is for looking back


def chosen(name: str | None, among: Collection[str] = tuple(PERIODS)) -> Period:
    """Return the period of that name, the hour when there is none among those to choose from."""
    return PERIODS[name] if name is not None and name in among else HOUR
