"""A log on disk as writers and rotators treat it, and a follower that is asked step by step."""

import os
from pathlib import Path

from exporter.events import Position
from exporter.transports import OncePerMinute
from exporter.transports.followed import FollowedFile
from tests.transports import NOW


class Follower:
    """A followed file, what was counted of it, and where it can be restarted."""

    def __init__(self, path: Path, position: Position | None = None):
        self.path = path
        self.now = NOW
        self.lines: list[bytes] = []
        self.oversize = 0
        self.checkpoints: list[tuple[int, int, Position | None]] = [(0, 0, position)]
        self._committed = 1
        self.file = FollowedFile(str(path), position, OncePerMinute())

    def commit(self) -> None:
        """Store what was counted: no restart goes back behind that."""
        self._committed = len(self.checkpoints)

    def poll(self, times: int = 1) -> list[bytes]:
        """Ask it, every half second; what came newly."""
        begun = len(self.lines)
        for _ in range(times):
            for batch in self.file.poll(self.now):
                assert batch.sender == str(self.path)
                assert batch.listener == "file"
                assert len(batch.messages) <= 256
                self.lines += batch.messages
                self.oversize += batch.oversize
                self.checkpoints.append((len(self.lines), self.oversize, batch.position))
            self.now += 0.5
        return self.lines[begun:]

    def settle(self) -> list[bytes]:
        """Ask it until nothing came for a quarter of a minute."""
        begun, quiet = len(self.lines), 0
        while quiet < 30:
            before = len(self.checkpoints)
            self.poll()
            quiet = 0 if len(self.checkpoints) > before else quiet + 1
        return self.lines[begun:]

    def restart(self, back: int = 1) -> None:
        """Kill it, and start it from what was committed so many batches before the end."""
        self.file.close()
        del self.checkpoints[max(self._committed, len(self.checkpoints) - back + 1) :]
        lines, self.oversize, position = self.checkpoints[-1]
        del self.lines[lines:]
        self.file = FollowedFile(str(self.path), position, OncePerMinute())


class Log:
    """A file that is written, and rotated in the ways in which logs are."""

    def __init__(self, path: Path, *, dates: bool = False):
        self.path = path
        self._dates = dates
        self._day = 20_261_101
        self._number = 0

    def write(self, lines: int = 1, *, to: Path | None = None) -> list[bytes]:
        """Append so many lines, no two alike."""
        new = [b"line %d of the log" % (self._number + n) for n in range(lines)]
        self._number += lines
        self.append(b"".join(line + b"\n" for line in new), to=to)
        return new

    def append(self, data: bytes, *, to: Path | None = None) -> None:
        with (to or self.path).open("ab") as file:
            file.write(data)

    def make_room(self) -> Path:
        """Number the rotated files one higher; where the next one goes."""
        if self._dates:
            self._day += 1
            return self.path.with_name(f"{self.path.name}-{self._day}")
        numbered = [int(old.suffix[1:]) for old in self.path.parent.glob(f"{self.path.name}.*")]
        for number in sorted(numbered, reverse=True):
            old = self.path.with_name(f"{self.path.name}.{number}")
            old.rename(self.path.with_name(f"{self.path.name}.{number + 1}"))
        return self.path.with_name(f"{self.path.name}.1")

    def rename(self, *, create: bool = True) -> Path:
        """Rotate by renaming."""
        rotated = self.path.rename(self.make_room())
        if create:
            self.path.touch()
        return rotated

    def copy_and_truncate(self) -> Path:
        """Rotate by copying."""
        copy = self.make_room()
        copy.write_bytes(self.path.read_bytes())
        os.truncate(self.path, 0)
        return copy
