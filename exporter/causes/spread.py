"""How widely rejected packets spread: ports per source, sources per port, packets per minute.

A scan tries many ports from one source; peers of one program are many sources at one port. Kept
for ten minutes in two generations, each bounded, so that a flood of made-up addresses costs no more
than a fixed amount of memory: what does not fit is counted as "at least".
"""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from itertools import compress

import msgspec

from exporter.events import Rejection
from exporter.syslog.columns import Column

LATE = 300.0  # seconds; a decision takes at most two minutes, so what is older came late
WINDOW = 600.0  # seconds; a count covers between one half of this and all of it
MAX_KEYS = 4096  # sources, and ports, remembered in one generation
MAX_VALUES = 20  # distinct values counted for one of them; no rule asks for more

_NOTHING: dict[str, None] = {}


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
        self._ports = _Generations()
        self._sources = _Generations()
        self._since = 0.0

    def add(self, source: str, transport: str, port: int | None, packets: int, now: float) -> None:
        """Count packets of a source to a port of ours."""
        self._turn(now)
        self._ports.add(source, str(port), packets)
        self._sources.add(f"{transport} {port}", source, packets)

    def add_each(self, sources: Column, transport: str, ports: Column, now: float) -> None:
        """Count one packet of each source to the port beside it, as `add` does one by one.

        All of them came before that half of the window ends.
        """
        self._turn(now)
        self._ports.add_each(sources, {source: source for source in sources.amounts}, ports)
        self._sources.add_each(
            ports, {port: f"{transport} {port}" for port in ports.amounts}, sources
        )

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
        sources, packets = self._sources.count(f"{transport} {port}")
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


class _Half(msgspec.Struct):
    """What was counted in one half of the window, by key."""

    packets: Counter[str] = msgspec.field(default_factory=Counter)
    values: dict[str, dict[str, None]] = msgspec.field(default_factory=dict)  # the first ones
    full: dict[str, int] = msgspec.field(default_factory=dict)  # how many of MAX_VALUES are new


class _Generations:
    """Distinct values and packets by key, now and in the half window before."""

    def __init__(self) -> None:
        self._new = _Half()
        self._old = _Half()

    @property
    def two(self) -> bool:
        return bool(self._old.packets)

    def turn(self, *, clear: bool) -> None:
        self._old, self._new = _Half() if clear else self._new, _Half()

    def add(self, key: str, value: str, packets: int) -> None:
        if self._has_room(key):
            self._new.packets[key] += packets
            if key not in self._new.full:
                self._new.values[key][value] = None
                if len(self._new.values[key]) == MAX_VALUES:
                    self._close(key)

    def add_each(self, of: Column, keys: Mapping[str, str], values: Sequence[str]) -> None:
        """Add one packet for each text of a column, by its key, with the value beside it."""
        new, open_ones = self._new, dict[str, dict[str, None]]()
        for text, packets in of.amounts.items():
            key = keys[text]
            if key not in new.full:
                if not self._has_room(key):
                    continue
                open_ones[text] = new.values[key]
            new.packets[key] += packets
        if open_ones:
            which = list(map(open_ones.__contains__, of))
            tables = map(open_ones.__getitem__, compress(of, which))
            deque(map(dict.setdefault, tables, compress(values, which)), maxlen=0)
        for text, seen in open_ones.items():
            if len(seen) >= MAX_VALUES:
                self._close(keys[text])

    def count(self, key: str) -> tuple[int, int]:
        distinct = len(self._old.values.get(key, _NOTHING)) + self._of_new(key)
        return distinct or 1, self._old.packets[key] + self._new.packets[key]

    def _of_new(self, key: str) -> int:
        """How many values of a key are not among those of the half before."""
        full = self._new.full.get(key)
        if full is not None:
            return full
        values = self._new.values.get(key, _NOTHING)
        before = self._old.values.get(key)
        return len(values.keys() - before.keys() if before else values)

    def _close(self, key: str) -> None:
        """Keep the first MAX_VALUES of a key, and take no more."""
        values = self._new.values[key]
        while len(values) > MAX_VALUES:
            values.popitem()
        self._new.full[key] = self._of_new(key)

    def _has_room(self, key: str) -> bool:
        """Whether a key is counted; from now on it is, if there is room."""
        values = self._new.values
        if key not in values and len(values) < MAX_KEYS:
            values[key] = {}
        return key in values
