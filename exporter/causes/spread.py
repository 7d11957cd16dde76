"""How widely rejected packets spread: ports per source, sources per port, packets per minute.

A scan tries many ports from one source; peers of one program are many sources at one port. Kept
for ten minutes in two generations, each bounded, so that a flood of made-up addresses costs no more
than a fixed amount of memory: what does not fit is counted as "at least".
"""

from collections import Counter
from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from exporter.events import Rejection

LATE = 300.0  # seconds; a decision takes at most two minutes, so what is older came late
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


def knock(packets: Rejection) -> tuple[str, str, int | None]:
    """Who is counted as a sender, and at which port, with its transport.

    What a device of ours sends out is counted apart, by the strangers' ports that it tried: then
    `sources_of_port` are the addresses that it sent to.
    """
    if packets.direction != "outbound":
        return packets.remote_ip, packets.transport, packets.our_port
    sender = f"{packets.transport} from {packets.our_ip}"
    return f"to {packets.remote_ip}", sender, packets.remote_port


class Spread:
    """Counts of distinct values over a sliding window."""

    def __init__(self, *, live: bool = True) -> None:
        """A file whose lines bear no times (not `live`) has no rate while none has passed."""
        self._live = live
        self._ports: _Generations[str, int | None] = _Generations()
        self._sources: _Generations[tuple[str, int | None], str] = _Generations()
        self._since = 0.0

    def add(self, source: str, transport: str, port: int | None, packets: int, now: float) -> None:
        """Count packets of a source to a port of ours."""
        self._turn(now)
        self._ports.add(source, port, packets)
        self._sources.add((transport, port), source, packets)

    def add_each(
        self, sources: Sequence[str], transport: str, ports: Sequence[int], now: float
    ) -> None:
        """Count one packet of each source to the port beside it, as `add` does one by one.

        All of them came before that half of the window ends.
        """
        self._turn(now)
        self._ports.add_various(sources, ports)
        at = {port: (transport, port) for port in set(ports)}
        self._sources.add_each([at[port] for port in ports], sources)

    def until(self, now: float) -> float:
        """When the half window ends in which a packet of `now` is counted."""
        self._turn(now)
        return self._since + WINDOW / 2

    def of_source(self, source: str) -> tuple[int, int]:
        """The ports that a source tried, and its packets, by the latest moment."""
        return self._ports.count(source)

    def of_port(self, transport: str, port: int | None, now: float) -> tuple[int, float]:
        """The sources that tried a port, and their packets a minute."""
        self._turn(now)
        sources, packets = self._sources.count((transport, port))
        covered = now - self._since + (WINDOW / 2 if self._sources.two else 0.0)
        rate = packets * 60.0 / max(covered, 60.0) if self._live or covered > 0 else 0.0
        return sources, rate

    def seen(self, source: str, transport: str, port: int | None, now: float) -> Seen:
        """What is known about that source and that port by now."""
        sources, rate = self.of_port(transport, port, now)
        ports, own = self.of_source(source)
        return Seen(ports, sources, rate, max(own, 1))

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

    def see(self, value: object) -> None:
        """Count a value that is not among those of this half."""
        if len(self.values) < MAX_VALUES:
            self.values.add(value)
            self.new += value not in self.before


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
        tally = self._tally(key)
        if tally is not None:
            tally.packets += packets
            if value not in tally.values:
                tally.see(value)

    def add_various(self, keys: Sequence[_Key], values: Sequence[_Value]) -> None:
        """Add one packet for each key, with the value beside it; there are many keys."""
        known = self._new.get
        for key, value in zip(keys, values, strict=True):
            tally = known(key) or self._tally(key)
            if tally is not None:
                tally.packets += 1
                if len(tally.values) < MAX_VALUES and value not in tally.values:
                    tally.see(value)

    def add_each(self, keys: Sequence[_Key], values: Sequence[_Value]) -> None:
        """The same of few keys, of which most are saturated."""
        unsaturated = set()
        for key, packets in Counter(keys).items():
            tally = self._tally(key)
            if tally is not None:
                tally.packets += packets
                if len(tally.values) < MAX_VALUES:
                    unsaturated.add(key)
        if unsaturated:
            new = self._new
            for key, value in zip(keys, values, strict=True):
                if key in unsaturated and value not in new[key].values:
                    new[key].see(value)

    def count(self, key: _Key) -> tuple[int, int]:
        old, new = self._old.get(key), self._new.get(key)
        distinct = (len(old.values) if old else 0) + (new.new if new else 0)
        return distinct or 1, (old.packets if old else 0) + (new.packets if new else 0)

    def _tally(self, key: _Key) -> _Tally | None:
        """What is counted for a key from now on; None when there is no room for it."""
        tally = self._new.get(key)
        if tally is None and len(self._new) < MAX_KEYS:
            old = self._old.get(key)
            tally = self._new[key] = _Tally(_NOTHING if old is None else old.values)
        return tally
