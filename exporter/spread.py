"""How widely rejected packets spread: ports per source, sources per port, packets per minute.

A scan tries many ports from one source; peers of one program are many sources at one port. Kept
for ten minutes in two generations, each bounded, so that a flood of made-up addresses costs no more
than a fixed amount of memory: what does not fit is counted as "at least".
"""

from typing import Generic, TypeVar

import msgspec

WINDOW = 600.0  # seconds; a count covers between one half of this and all of it
MAX_KEYS = 4096  # sources, and ports, remembered in one generation
MAX_VALUES = 64  # distinct values counted for one of them; enough to tell few from many

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_NOTHING: frozenset[object] = frozenset()


class Seen(msgspec.Struct, frozen=True):
    """What was seen around one rejected packet in the last minutes, itself included."""

    ports_of_source: int  # distinct ports of ours that its source tried
    sources_of_port: int  # distinct sources that tried its port
    packets_per_minute: float  # rejected for its port, from all sources
    packets_of_source: int = 1  # of its source, to whatever port


class Spread:
    """Counts of distinct values over a sliding window."""

    def __init__(self) -> None:
        self._ports: _Generations[str, int | None] = _Generations()
        self._sources: _Generations[tuple[str, int | None], str] = _Generations()
        self._since = 0.0

    def add(self, source: str, transport: str, port: int | None, packets: int, now: float) -> None:
        """Count packets of a source to a port of ours."""
        self._turn(now)
        self._ports.add(source, port, packets)
        self._sources.add((transport, port), source, packets)

    def seen(self, source: str, transport: str, port: int | None, now: float) -> Seen:
        """What is known about that source and that port by now."""
        self._turn(now)
        ports, own = self._ports.count(source)
        sources, packets = self._sources.count((transport, port))
        covered = now - self._since + (WINDOW / 2 if self._sources.two else 0.0)
        return Seen(ports, sources, packets * 60.0 / max(covered, 60.0), max(own, 1))

    def _turn(self, now: float) -> None:
        """Begin another half of the window when one has passed, and forget the one before."""
        passed = now - self._since
        if not 0 <= passed < WINDOW / 2:
            stale = not 0 <= passed < WINDOW  # below 0: the clock was set back
            self._ports.turn(clear=stale)
            self._sources.turn(clear=stale)
            self._since = now if stale else self._since + WINDOW / 2


class _Tally(msgspec.Struct):
    """What was counted for one key in one half of the window."""

    before: frozenset[object] | set[object]  # the values of the half before
    values: set[object] = msgspec.field(default_factory=set)
    new: int = 0  # how many of the values are not among those before
    packets: int = 0


class _Generations(Generic[_Key, _Value]):
    """Distinct values and packets by key, now and in the half window before."""

    def __init__(self) -> None:
        self._new: dict[_Key, _Tally] = {}
        self._old: dict[_Key, _Tally] = {}

    @property
    def two(self) -> bool:
        return bool(self._old)

    def turn(self, *, clear: bool) -> None:
        self._old, self._new = {} if clear else self._new, {}
        for tally in self._old.values():
            tally.before = _NOTHING

    def add(self, key: _Key, value: _Value, packets: int) -> None:
        tally = self._new.get(key)
        if tally is None:
            if len(self._new) >= MAX_KEYS:
                return
            old = self._old.get(key)
            tally = self._new[key] = _Tally(_NOTHING if old is None else old.values)
        tally.packets += packets
        values = tally.values
        if value not in values and len(values) < MAX_VALUES:
            values.add(value)
            tally.new += value not in tally.before

    def count(self, key: _Key) -> tuple[int, int]:
        old, new = self._old.get(key), self._new.get(key)
        distinct = (len(old.values) if old else 0) + (new.new if new else 0)
        return distinct or 1, (old.packets if old else 0) + (new.packets if new else 0)
