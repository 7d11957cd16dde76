"""Bounds of processor time that hold on a slow or busy machine, too."""

from collections.abc import Callable
from time import process_time

YARDSTICK = 0.010  # seconds for it on the machine that the bounds were set on
ATTEMPTS = 3  # a collector of garbage may come in between, and caches be cold


def seconds(work: Callable[[], object], enough: float, attempts: int = ATTEMPTS) -> float:
    """Return the processor seconds of the best attempt; the first below `enough` is the last.

    Where work takes longer, the machine is asked how fast it is at the moment, and the seconds are
    those that a machine as fast as the yardstick's would have taken.
    """
    best = float("inf")
    for _ in range(attempts):
        took = _seconds(work)
        if took >= enough:
            took /= max(1.0, _seconds(_yardstick) / YARDSTICK)
        best = min(best, took)
        if best < enough:
            break
    return best


def _seconds(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return process_time() - start


def _yardstick() -> int:
    found = dict[str, int]()
    for number in range(8_000):
        words = f"udp 0 {number} 10.1.{number & 255}.7:9 0.0.0.0:*".split()
        found["-".join(words[:3])] = len(words)
    return len(found)
