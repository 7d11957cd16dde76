"""Which process has which socket, remembered between two walks through /proc.

A walk reads every open file of every process, which costs more than all else that a report needs.
So between two whole walks only new sockets are looked for, first where one was opened last. Who
opened a socket has it before anybody whom it is handed to; that, and names that changed, the next
whole walk settles.
"""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from exporter.agent import containers
from exporter.agent.processes import Process, owners

WHOLE_EVERY = 10.0  # seconds

_NEVER = float("-inf")


class Owners:
    """The processes of the sockets of the last report."""

    def __init__(self, clock: Callable[[], float], proc: Path = Path("/proc")) -> None:
        self._clock = clock
        self._proc = proc
        self._known: dict[int, Process] = {}
        self._asked: frozenset[int] = frozenset()  # all of the last report, owned or not
        self._openers: dict[str, None] = {}  # process numbers; who opened last is last
        self._running: frozenset[str] = frozenset()  # at the last whole walk
        self._walk_again = _NEVER

    def of(self, inodes: Collection[int]) -> dict[int, Process]:
        """Return the process of each socket, for those that can be told."""
        wanted = frozenset(filter(None, inodes))
        if self._clock() >= self._walk_again or not self._found(set(wanted - self._asked)):
            self._walk(wanted)
        self._asked = wanted
        self._known = {inode: self._known[inode] for inode in wanted & self._known.keys()}
        return self._known

    def _walk(self, inodes: Collection[int]) -> None:
        self._walk_again = self._clock() + WHOLE_EVERY
        self._running = frozenset(self._numbers())
        held = owners(inodes, self._proc)
        self._openers = dict.fromkeys(str(process.pid) for process in held.values())
        self._known = held | containers.behind(held, self._proc)

    def _found(self, new: set[int]) -> bool:
        """Look for new sockets where they are likely; whether each was found."""
        for number in self._likely() if new else ():
            held = owners(new, self._proc, [number])
            if held:
                self._openers.pop(number, None)
                self._openers[number] = None
                self._known |= held | containers.behind(held, self._proc)
                new -= held.keys()
                if not new:
                    break
        return not new

    def _likely(self) -> Iterator[str]:
        yield from reversed(list(self._openers))
        yield from (number for number in self._numbers() if number not in self._running)

    def _numbers(self) -> Iterator[str]:
        return (entry.name for entry in self._proc.iterdir() if entry.name.isdecimal())
