"""How widely rejected packets spread: ports per source, sources per port, packets per minute.

A scan tries many ports from one source; peers of one program are many sources at one port. Kept
for ten minutes in two generations, each bounded, so that a flood of made-up addresses costs no more
than a fixed amount of memory: what does not fit is counted as "at least".
"""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Generic, TypeVar

import msgspec

from exporter.events import Rejection

LATE = 300.0  # seconds; a decision takes at most two minutes, so what is older came late
WINDOW = 600.0  # seconds; a count covers between one half of this and all of it
MAX_KEYS = 4096  # sources, and ports, remembered in one generation
MAX_VALUES = 24  # distinct values counted for one of them; no rule asks for more than 20

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_Name = TypeVar("_Name")
_NOTHING: Mapping[object, None] = {}


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
        self._ports.add_each({source: source for source in set(sources)}, sources, ports)
        self._sources.add_each({port: (transport, port) for port in set(ports)}, ports, sources)

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

    before: Mapping[object, None]  # the values of the half before
    values: dict[object, None] = msgspec.field(default_factory=dict)  # the first ones
    packets: int = 0
    _new: tuple[int, int] = (0, 0)  # of so many values, so many are not among those before

    @property
    def new(self) -> int:
        """How many of the values are not among those before."""
        if self._new[0] != len(self.values):
            self._new = (len(self.values), len(self.values.keys() - self.before.keys()))
        return self._new[1]


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
            if len(tally.values) < MAX_VALUES:
                tally.values[value] = None

    def add_each(
        self, keys: Mapping[_Name, _Key], names: Sequence[_Name], values: Sequence[_Value]
    ) -> None:
        """Add one packet for the key of each name, with the value beside it."""
        unsaturated = dict[_Name, dict[object, None]]()
        counts = Counter(names)
        for name, packets in counts.items():
            tally = self._tally(keys[name])
            if tally is not None:
                tally.packets += packets
                if len(tally.values) < MAX_VALUES:
                    unsaturated[name] = tally.values
        if not unsaturated:
            return
        if len(unsaturated) < len(counts):
            which = list(map(unsaturated.__contains__, names))
            names, values = list(compress(names, which)), list(compress(values, which))
        deque(map(dict.setdefault, map(unsaturated.__getitem__, names), values), maxlen=0)
        for first in unsaturated.values():
            while len(first) > MAX_VALUES:
                first.popitem()  # the latest

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
