"""Who talked to whom in the last ten minutes, as a report tells it.

In go flows as they open, go on and end; out come the newest, with the time since each was last
seen. A late reply meets a conversation that has ended, so these are kept for a while.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from msgspec.structs import replace

from exporter.host_report import Flow

KEPT = 600.0  # seconds after its end
MOST = 1000  # that are open, and as many that have ended; the server remembers what it was told

_Key = tuple[str, str, int, str, int]
_Seen = tuple[Flow, float]  # and when it was last seen


class Conversations:
    """Those that are open in the order in which they were noticed, those that ended likewise."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._open: dict[_Key, _Seen] = {}
        self._ended: dict[_Key, _Seen] = {}

    def opened(self, flow: Flow, now: float) -> None:
        """Note one that has just begun; where there is no room the oldest makes it."""
        key = _key(flow)
        self._ended.pop(key, None)
        self._open.pop(key, None)
        while len(self._open) >= self._most:
            del self._open[next(iter(self._open))]
        self._open[key] = (flow, now)

    def ended(self, flow: Flow, now: float) -> None:
        """Note the end of one, with its last count of bytes."""
        key = _key(flow)
        known = self._open.pop(key, None)
        self._end(key, counted(flow, known[0]) if known else flow, now)

    def closed(self, flow: Flow, now: float) -> None:
        """Note that a socket was closed; where connections are tracked more is known of it.

        There its conversation is open for some time yet, and has a port outside.
        """
        key = _key(flow)
        if key in self._open:
            known, seen = self._open[key]
            self._open[key] = (counted(known, flow), seen)
        else:
            ended = self._ended.get(key)
            self._end(key, counted(ended[0], flow) if ended else flow, now)

    def listed(self, flows: Iterable[Flow], now: float) -> None:
        """Take the table of all that are open now; the others have ended since they were seen."""
        still: dict[_Key, Flow] = {}
        unknown: dict[_Key, Flow] = {}
        for flow in flows:
            key = _key(flow)
            if key in self._open:
                still[key] = flow
            elif len(unknown) < self._most:
                unknown[key] = flow
        for key, (flow, seen) in self._open.items():
            if key not in still:
                self._end(key, flow, seen)
        # The table has no order. What we were told of is newer than what we find there, so it is
        # the latter that has no room.
        found = islice(unknown.items(), self._most - len(still))
        self._open = {key: (flow, now) for key, flow in found} | {
            key: (counted(still[key], self._open[key][0]), now)
            for key in self._open
            if key in still
        }
        for key in self._open:
            self._ended.pop(key, None)

    def told(self, now: float, moved: Iterable[Flow] = ()) -> list[Flow]:
        """Return what a report says: the newest first, then what else has `moved` bytes."""
        counts = {_key(flow): flow for flow in moved}
        for key in counts:
            self._ended.pop(key, None)  # the same ends once more
        going_on = [
            counted(flow, counts.pop(key)) if key in counts else flow
            for key, (flow, _) in reversed(self._open.items())
        ]
        more = islice(counts.values(), self._most)
        return [*going_on, *self._aged(now), *more]

    def _aged(self, now: float) -> Iterator[Flow]:
        for key, (flow, seen) in list(reversed(self._ended.items())):
            if now - seen > KEPT:
                del self._ended[key]
            else:
                yield replace(flow, age_seconds=round(now - seen, 3))

    def _end(self, key: _Key, flow: Flow, seen: float) -> None:
        self._ended.pop(key, None)
        self._ended[key] = (flow, seen)
        while len(self._ended) > self._most:
            del self._ended[next(iter(self._ended))]


def counted(flow: Flow, other: Flow) -> Flow:
    """Return a conversation with the greater of two counts: the kernel counts in two places.

    Connection tracking counts headers too, and is asked more rarely. A count must not go back.
    """
    if other.bytes is None or (flow.bytes is not None and flow.bytes >= other.bytes):
        return flow
    return replace(flow, bytes=other.bytes)


def _key(flow: Flow) -> _Key:
    return (flow.transport, flow.local_ip, flow.local_port, flow.remote_ip, flow.remote_port)
