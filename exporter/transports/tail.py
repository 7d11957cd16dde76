"""Followed files: which they are, and their lines' way into the inbox.

Paths and patterns go in, with the positions up to which their files were counted; batches come out,
file by file in turns. Files are looked at twice a second, in a thread: what the kernel could tell
by itself it does not tell of network file systems and bind mounts.
"""

import asyncio
import glob
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from loguru import logger

from exporter.events import Batch, Position
from exporter.transports import OncePerMinute
from exporter.transports.followed import FollowedFile
from exporter.transports.inbox import Inbox
from exporter.transports.rotation import PACKED, rotated

MAX_FILES = 500
MAX_POSITIONS = 2 * MAX_FILES  # those of files that are gone count, too: they may come back
POLL = 0.5  # seconds between looks at files that are quiet
LOOK = 5.0  # seconds between looks at what patterns match

_BATCHES = 8  # after which what was read is handed over before more is


class Tail:
    """The followed files. `serve` belongs in the caller's TaskGroup."""

    def __init__(
        self,
        inbox: Inbox,
        paths: Iterable[str],
        positions: Mapping[str, Position],
        *,
        clock: Callable[[], float],
        max_files: int = MAX_FILES,
    ) -> None:
        """Follow absolute paths; those with `*`, `?` or `[` are patterns."""
        self._inbox = inbox
        paths = tuple(paths)
        self._patterns = [path for path in paths if set(path) & set("*?[")]
        self._named = {path for path in paths if path not in self._patterns}
        self._positions = dict(positions)
        self._clock = clock
        self._max_files = max_files
        self._log_due = OncePerMinute()
        self._files: dict[str, FollowedFile] = {}  # whose turn it is comes first
        self._unmatched: set[str] = set()  # patterns of which it was said
        self._look_at = 0.0
        self._busy = threading.Lock()

    async def serve(self) -> None:
        """Read until cancelled, if there is anything to follow."""
        while self._patterns or self._named:
            batches = await asyncio.to_thread(self.step, self._clock())
            for batch in batches:
                self._inbox.put(batch)
                if self._inbox.pressed:
                    relieved = asyncio.Event()
                    self._inbox.when_relieved(relieved.set)
                    await relieved.wait()
            if not batches:
                await asyncio.sleep(POLL)

    def step(self, now: float) -> list[Batch]:
        """Let the files have a turn, as many as fit; it blocks as long as their disk does."""
        with self._busy:
            if not 0 < self._look_at - now <= LOOK:
                self._look_at = now + LOOK
                self._look(now)
            batches: list[Batch] = []
            for path in tuple(self._files):
                file = self._files[path] = self._files.pop(path)
                try:
                    batches += file.poll(now)
                except OSError as error:
                    if self._log_due(now, "unreadable", path):
                        logger.warning("cannot read {}: {}", path, error.strerror or error)
                if len(batches) >= _BATCHES:
                    break
            return batches

    def close(self) -> None:
        """Close the files, unless a thread still waits for one."""
        if self._busy.acquire(timeout=1.0):
            for file in self._files.values():
                file.close()
            self._busy.release()

    def _look(self, now: float) -> None:
        """Begin to follow what is new, and leave what is no longer there."""
        matched = self._matched(now)
        known = self._named | matched | self._files.keys()
        unwanted = _copies(known) - self._named
        for path, file in tuple(self._files.items()):
            if path in unwanted or (path not in self._named and file.absent):
                file.close()
                del self._files[path]
                if file.position is not None:
                    self._positions[path] = file.position
        while len(self._positions) > MAX_POSITIONS:
            del self._positions[next(iter(self._positions))]
        for path in sorted((self._named | matched) - unwanted - self._files.keys()):
            if len(self._files) >= self._max_files:
                if self._log_due(now, "files"):
                    logger.warning("more than {} files: {} …", self._max_files, path)
                return
            position = self._positions.pop(path, None)
            self._files[path] = FollowedFile(path, position, self._log_due)

    def _matched(self, now: float) -> set[str]:
        matched = set()
        for pattern in self._patterns:
            # Not pathlib, which matches hidden files too: editors' copies.
            found = {path for path in glob.glob(pattern) if Path(path).is_file()}  # noqa: PTH207
            if not found and pattern not in self._unmatched:
                logger.info("no file matches {} yet", pattern)
                self._unmatched.add(pattern)
            matched |= found
        readable = {path for path in matched if _is_text(path)}
        if readable != matched and self._log_due(now, "name"):
            logger.warning("not followed, the name is no text: {}", matched - readable)
        return readable


def _copies(known: set[str]) -> set[str]:
    """Those files that are read with another one: rotated from it, or a link to it."""
    links = {path for path in known if Path(path).is_symlink()}
    real = {os.path.realpath(path) for path in known - links}
    copies = {path for path in links if os.path.realpath(path) in real}
    for path in known:
        names = rotated(Path(path).name)
        if path.endswith(PACKED) or any(str(Path(path).with_name(n.of)) in known for n in names):
            copies.add(path)
    return copies


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
