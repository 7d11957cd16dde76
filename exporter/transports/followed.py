"""One followed file: its new lines, once each, through rotation, truncation and restarts.

`poll` gives batches, each with the position behind it; whoever counts a batch keeps its position
with the counters, and a follower that is built from that position goes on there. Nothing is kept
but positions: an unfinished line is read again with what was added to it.

A file that was renamed away is read until it was quiet for a while, since its writer may not know
yet, and as long as its successor has no line. What is then left without LF is a line.
"""

import os

import msgspec
from loguru import logger

from exporter.events import Batch, Position
from exporter.syslog.framing import MAX_MESSAGE
from exporter.syslog.lines import cut
from exporter.transports import OncePerMinute, rotation
from exporter.transports.rotation import REMEMBERED, Candidate

QUIET = 2.0  # seconds without a byte, after which a file that was rotated away is at its end
LOOK = 10.0  # seconds between looks into the folder while nobody writes to the path

_CHUNK = MAX_MESSAGE + 1  # bytes: the longest line and its LF


class FollowedFile:
    """A path, and the file that is or was there."""

    def __init__(
        self,
        path: str,
        position: Position | None,
        log_due: OncePerMinute,
        *,
        listener: str = "file",
    ) -> None:
        """Go on at a position; without one the file that is there is read from its beginning."""
        self.path = path
        self.position = position
        self._log_due = log_due
        self._listener = listener
        self._file: int | None = None
        self._missed = False  # it was said that there is no such file
        self._size = 0  # of a file that was renamed away, when it was last looked at
        self._quiet: float | None = None  # since when it has had that size
        self._look_at = 0.0

    @property
    def absent(self) -> bool:
        """Whether there is nothing to read: no file is open, and none is at the path."""
        return self._file is None and not os.path.lexists(self.path)

    def poll(self, now: float) -> list[Batch]:
        """Read up to 64 KiB of what is new, and go on with the next file where one ended.

        Raises OSError when a file cannot be read; the next call tries again.
        """
        try:
            if self._file is None:
                found = self._find(now)
                return found + self._read(now) if self._file is not None else found
            batches = self._read(now)
            if batches:
                self._quiet = None
            elif self._file is not None:
                batches = self._go_on(now, self._file)
        except OSError:
            self.close()
            raise
        return batches

    def close(self) -> None:
        """Close the file; `poll` opens it again."""
        if self._file is not None:
            os.close(self._file)
        self._file = self._quiet = None
        self._look_at = 0.0

    # --- which file ------------------------------------------------------------------------------

    def _find(self, now: float) -> list[Batch]:
        """Open the file that was read, else what came after it; tell where it is read from."""
        at_path = rotation.file_status(self.path)
        if self.position is None:
            if at_path is None:
                if not self._missed:
                    logger.info("{} is not there yet: waiting for it", self.path)
                self._missed = True
                return []
            self._begin(Candidate(self.path, at_path, None))
            return self._batch(now, []) if self._file is not None else []
        if not (at_path and at_path.st_size) and 0 < self._look_at - now <= LOOK:
            return []
        self._look_at = now + LOOK
        found = rotation.candidates(self.path, self.position)
        read = rotation.same(found, self.position)
        if read is not None:
            return self._batch(now, []) if self._open(read) else []
        following, packed = rotation.after(found, None, self.position.modified)
        if following is not None:
            logger.warning(
                "{} was replaced or truncated: going on at the beginning of {}; what was not yet"
                " read of it is lost",
                self.path,
                following.path,
            )
            self._warn(packed)
            self._begin(following)
        return []

    def _go_on(self, now: float, file: int) -> list[Batch]:
        """Go on with the next file when this one was renamed away and is at its end."""
        status = os.fstat(file)
        at_path = rotation.file_status(self.path)
        if at_path is not None and os.path.samestat(at_path, status):
            self._quiet = None
            return []
        if self._quiet is None or status.st_size != self._size or now < self._quiet:
            self._quiet, self._size, self._look_at = now, status.st_size, 0.0
        quiet = now - self._quiet
        unwritten = at_path is None or not at_path.st_size
        if quiet < QUIET or (unwritten and 0 < self._look_at - now <= LOOK):
            return []
        self._look_at = now + LOOK
        position = self._known()
        found = rotation.candidates(self.path, position)
        read = next((c for c in found if os.path.samestat(c.status, status)), None)
        following, packed = rotation.after(found, read, status.st_mtime_ns)
        if following is None and quiet < LOOK:
            return []
        last = self._read(now, end=self._size)
        if following is not None:
            self._warn(packed)
            self._begin(following)
        elif not status.st_nlink:
            self.close()  # or its blocks would never be free
        return last

    def _begin(self, file: Candidate) -> None:
        if self._open(file):
            if file.name is None or self.position is None:
                written = os.path.realpath(self.path).encode("utf-8", "replace").decode()
            else:  # it is rotated from what was read before
                written = self.position.file
            self.position = Position(
                file=written,
                inode=file.status.st_ino,
                modified=file.status.st_mtime_ns,
                offset=0,
                before=b"",
            )

    def _open(self, file: Candidate) -> bool:
        """Open a file; False when another one has its name by now: the next call looks again."""
        self.close()
        try:
            opened = rotation.open_file(file.path)
        except FileNotFoundError:
            return False
        if not os.path.samestat(os.fstat(opened), file.status):
            os.close(opened)
            return False
        self._file = opened
        logger.info("reading {}", file.path)
        return True

    def _known(self) -> Position:
        assert self.position is not None  # noqa: S101 - a file that is open has one
        return self.position

    def _warn(self, packed: list[str]) -> None:
        if packed:
            logger.warning("lines of {} are lost in {}: compressed", self.path, ", ".join(packed))

    # --- its lines -------------------------------------------------------------------------------

    def _read(self, now: float, *, end: int | None = None) -> list[Batch]:
        """The next lines; with `end` the file ends there, whether or not a line does."""
        assert self._file is not None  # noqa: S101
        position = self._known()
        modified = os.fstat(self._file).st_mtime_ns
        length = _CHUNK if end is None else max(0, min(_CHUNK, end - position.offset))
        data = rotation.read_before(self._file, position, length)
        if data is None:  # truncated: the next call looks for a copy
            self.close()
            return []
        batches = []
        while data:
            piece = cut(data, skipping=position.skipping, ended=end is not None)
            if not piece.used:
                break
            position = msgspec.structs.replace(
                position,
                modified=modified,
                offset=position.offset + piece.used,
                before=(position.before + data[: piece.used])[-REMEMBERED:],
                skipping=piece.skipping,
            )
            data = data[piece.used :]
            self.position = position
            batches += self._batch(now, piece.messages, piece.oversize)
        return batches

    def _batch(self, now: float, messages: list[bytes], oversize: int = 0) -> list[Batch]:
        if oversize and self._log_due(now, "oversize", self.path):
            logger.warning("{} has lines longer than {} bytes: dropped", self.path, MAX_MESSAGE)
        return [
            Batch(
                received=now,
                sender=self.path,
                listener=self._listener,
                messages=messages,
                oversize=oversize,
                position=self.position,
            )
        ]
