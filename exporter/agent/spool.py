"""Reports on disk, while the server is away: they outlive a restart of the agent, and of its host.

In go reports with the moment at which they were made, out they come oldest first. One file a
report, readable for its owner alone; what cannot be read costs itself only. A heartbeat replaces
one that stands just before it, so that an idle host keeps two files however long it waits.
"""

import contextlib
import re
from pathlib import Path

import msgspec
from loguru import logger

from exporter.agent.folder import write_private
from exporter.host_report import HostReport

MOST = 2880  # reports: two a minute for a day
MOST_BYTES = 20 * 1024 * 1024
_NAME = re.compile(r"\d{12}\.json")


class Kept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A report that waits, and when it was made."""

    report: HostReport  # without its age
    made: float  # seconds since `era` began
    era: str  # this start of the host; or of the agent, where the system does not name the former
    server_time: float | None = None  # the server's clock at that moment, if it was known


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Kept)


class Spool:
    """The files of one agent, oldest first."""

    def __init__(self, folder: Path, *, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        """Find what an earlier run left. Nothing is created before there is something to keep."""
        self._folder = folder
        self._most, self._most_bytes = most, most_bytes
        self._sizes: dict[str, int] = {}
        self._ends_in_heartbeat = False
        with contextlib.suppress(OSError):  # most likely there is no such folder yet
            for file in sorted(folder.iterdir()):
                if _NAME.fullmatch(file.name):
                    self._sizes[file.name] = file.stat().st_size
        self._number = max((int(name[:12]) for name in self._sizes), default=0)

    def __len__(self) -> int:
        return len(self._sizes)

    def first(self) -> Kept | None:
        """Return the oldest report; files that hold none are removed."""
        while self._sizes:
            name = next(iter(self._sizes))
            try:
                return _DECODER.decode((self._folder / name).read_bytes())
            except FileNotFoundError:
                pass  # somebody tidied up
            except (OSError, ValueError, RecursionError) as error:
                logger.warning("a kept report is lost: {}: {}", name, error)
            self.drop()
        return None

    def drop(self) -> None:
        """Remove the oldest report."""
        name = next(iter(self._sizes))
        del self._sizes[name]
        with contextlib.suppress(OSError):  # then a later start sends it once more: it has its age
            (self._folder / name).unlink()

    def add(self, kept: Kept) -> None:
        """Keep a report; the oldest ones make room for it.

        Raises OSError when it cannot be written; what is there stays.
        """
        is_heartbeat = kept.report.unchanged_since is not None
        if not (is_heartbeat and self._ends_in_heartbeat and self._sizes):
            self._number += 1
        name = f"{self._number:012d}.json"
        data = _ENCODER.encode(kept)
        write_private(self._folder / name, data)
        self._sizes[name] = len(data)
        self._ends_in_heartbeat = is_heartbeat
        while len(self._sizes) > self._most or sum(self._sizes.values()) > self._most_bytes:
            self.drop()
