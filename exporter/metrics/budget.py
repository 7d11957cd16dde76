"""How many values a label may have: who earns a series, who is folded into `other`.

A hostile sender can make up ports, addresses and host names without end. Until half of a budget is
used, a value earns its place with its first packet; after that by weight, for which it must come
again, however many packets one line claims; the last tenth is for values that were attributed to a
device.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Annotated

import msgspec

OTHER = "other"
MIN_WEIGHT = 16  # packets; fewer never earn a place in the second half
MOST_AT_ONCE = MIN_WEIGHT // 2  # "repeated 999999 times" is one line, and anybody can write it
_RESERVED = 10  # one tenth


Places = Annotated[int, msgspec.Meta(ge=2, le=1_000_000)]


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many values a label may have besides `other`, and series a metric."""

    router: Places = 500
    destination_port: Places = 500
    source_asn: Places = 500
    source_country: Places = 300
    device: Places = 300
    process: Places = 500
    series_per_metric: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)] = 10_000


class Budget:
    """The values of one label that have a place, and the weights of those that wait for one."""

    def __init__(self, limit: int) -> None:
        """`limit` is the number of values besides `other`; at least 2."""
        self.limit = max(limit, 2)
        self.pressed = False  # a value that earned a place found none
        self.placed: set[str] = set()
        self._weights: dict[str, int] = {}  # of values without a place
        self._total = 0  # of those weights

    def __contains__(self, value: str) -> bool:
        return value in self.placed

    def __iter__(self) -> Iterator[str]:
        return iter(self.placed)

    def __len__(self) -> int:
        return len(self.placed)

    def widen(self, limit: int) -> None:
        """Give room to more values."""
        if limit > self.limit:
            self.limit, self.pressed = limit, False

    def label(self, value: str, weight: int, *, attributed: bool = False) -> str:
        """The label under which `weight` packets of `value` are counted: itself or `other`."""
        if value in self.placed:
            return value
        if value == OTHER or not self._earns(value, weight, attributed=attributed):
            return OTHER
        room = self.limit if attributed else self.limit - self.limit // _RESERVED
        if len(self.placed) >= room:
            self.pressed = True
            return OTHER
        self.place(value)
        return value

    def strangers(self, values: Iterable[str]) -> set[str]:
        """Those of the values that have no place."""
        return {value for value in values if value not in self.placed}

    def admits_none(self, values: Collection[str]) -> bool:
        """Whether none of those strangers finds a place, in whatever order they come."""
        full = self.pressed and len(self.placed) >= self.limit - self.limit // _RESERVED
        return full and len(self._weights) + len(values) <= 2 * self.limit

    def weigh(self, value: str, weight: int) -> None:
        """Add to the weight of a value that waits for a place."""
        self._weights[value] = self._weights.get(value, 0) + weight
        self._total += weight

    def place(self, value: str) -> None:
        """Give a value its place, whatever its weight."""
        self.placed.add(value)
        self._total -= self._weights.pop(value, 0)  # who waits is weighed against who waits

    def release(self, value: str) -> None:
        """Take a value's place; the caller takes its series."""
        self.placed.discard(value)
        self.pressed = False

    def _earns(self, value: str, weight: int, *, attributed: bool) -> bool:
        if attributed or len(self.placed) < self.limit // 2:
            return True
        if len(self._weights) >= 2 * self.limit and value not in self._weights:
            self._fade()
        self.weigh(value, min(weight, MOST_AT_ONCE))
        weight = self._weights[value]
        return weight >= MIN_WEIGHT and weight >= self._total / self.limit

    def _fade(self) -> None:
        """Halve all weights: a value that came once is gone, a heavy one stays."""
        while len(self._weights) >= self.limit:
            self._weights = {v: w // 2 for v, w in self._weights.items() if w > 1}
        self._total = sum(self._weights.values())
