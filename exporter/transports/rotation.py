"""Which file goes on where a followed one ended, whatever was renamed, copied or truncated since.

In go a path and the position in the file that it was; out come the files that may be it now, and
those that came after it. A file is the one that was read when the bytes before the position stand
in it. Its inode alone does not tell: a new file gets the inode of a deleted one, and a copy (what
logrotate calls copytruncate) has another. Rotated files are known by name:

    router.log.1   router.log.2.gz   router.log.old   router.1.log   a number: the lowest is newest
    router.log-20261126   router-20261126.log   router.log.2026-11-26T00.xz                   a date
"""

import errno
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from exporter.events import Position
from exporter.syslog.framing import MAX_MESSAGE

REMEMBERED = 256  # bytes before a position
PACKED = (".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".zip", ".Z")  # compressed: not read

_PACKED = rf"(?P<packed>{'|'.join(map(re.escape, PACKED))})?"
_EXTENSION = r"(?P<extension>\.[A-Za-z][A-Za-z0-9]*?)?"
_NUMBER = re.compile(rf"\.(?P<token>[0-9]{{1,4}}|old|bak){_EXTENSION}{_PACKED}")
_DATE = re.compile(rf"[._-](?P<token>[0-9](?:[0-9_:TZ-]|\.(?=[0-9]))*){_EXTENSION}{_PACKED}")
_DATE_DIGITS = 6

Rank = tuple[int, ...]  # of two, the larger is that of the newer file


class Rotated(NamedTuple):
    """What the name of a rotated file tells."""

    of: str  # the name under which it was written
    kind: str  # "number" or "date"
    rank: Rank
    packed: bool  # compressed


class Candidate(NamedTuple):
    """A file under the path or beside it."""

    path: str
    status: os.stat_result
    name: Rotated | None  # None: it stands under the path itself


def rotated(name: str) -> list[Rotated]:
    """All that a file's name may mean, when it is that of a rotated file."""
    found = []
    for at in range(1, len(name)):
        if name[at] not in "._-":
            continue
        if match := _NUMBER.fullmatch(name, at):
            token = match["token"]
            kind = "number"
            rank: Rank = (-int(token) if token.isdigit() else -1,)
        elif match := _DATE.fullmatch(name, at):
            numbers = re.findall(r"[0-9]+", match["token"])
            if sum(map(len, numbers)) < _DATE_DIGITS:
                continue
            kind, rank = "date", tuple(map(int, numbers))
        else:
            continue
        packed, extension = match["packed"], match["extension"] or ""
        if packed is None and extension in PACKED:
            packed, extension = extension, ""
        found.append(Rotated(name[:at] + extension, kind, rank, packed is not None))
    return found


def file_status(path: str) -> os.stat_result | None:
    """What the system says of a regular file; None where nothing stands.

    Raises OSError for anything else.
    """
    try:
        status = Path(path).stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a file with lines", path)
    return status


def open_file(path: str) -> int:
    """Open a file for reading, without waiting for whatever it may be.

    Raises OSError.
    """
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)


def candidates(path: str, position: Position) -> list[Candidate]:
    """The file under the path, where there is one, and the rotated ones beside it.

    Where the path is a symbolic link, they are beside what it points to, now and when it was read.
    Raises OSError when the path itself cannot be looked at.
    """
    real = os.path.realpath(path)
    at_path = file_status(path)
    found = [] if at_path is None else [Candidate(path, at_path, None)]
    for name in dict.fromkeys((path, real, position.file)):
        found += _beside(Path(name))
    if position.file not in (path, real) and (status := _status(position.file)):
        # The path is a link that points elsewhere now.
        found.append(Candidate(position.file, status, Rotated(position.file, "link", (), False)))
    # Of a file's names the first counts.
    return list({(c.status.st_dev, c.status.st_ino): c for c in reversed(found)}.values())


def read_before(file: int, position: Position, length: int = 0) -> bytes | None:
    """Up to `length` bytes behind the position, or None when it is not a position of this file.

    Raises OSError.
    """
    before = len(position.before)
    data = os.pread(file, before + length, position.offset - before)
    return data[before:] if data.startswith(position.before) else None


def same(found: list[Candidate], position: Position) -> Candidate | None:
    """The file that was read, under whatever name it stands now.

    By its inode, while its content agrees, else a copy by its content alone: the path itself, else
    the oldest of them, since what was copied later may begin with the same lines.
    """
    by_inode = [c for c in found if c.status.st_ino == position.inode]
    for candidate in by_inode:
        if _holds(candidate, position):
            return candidate
    if not position.before:
        return None
    copies = sorted(
        (c for c in found if c not in by_inode and not (c.name and c.name.packed)),
        key=lambda c: (c.name is not None, c.status.st_mtime_ns),
    )
    return next((c for c in copies if _holds(c, position)), None)


def after(
    found: list[Candidate], read: Candidate | None, modified: int
) -> tuple[Candidate | None, list[str]]:
    """The oldest file that is newer than the one that was `read`, and those that are unreadable.

    Where that is gone, the newer ones were written after it was `modified`. The unreadable ones are
    newer, too, but compressed. The path itself counts when a whole line stands there: until then
    its writer may not know yet, and its beginning could not be told from another.
    """
    if read is not None and read.name is None:
        return None, []
    newer = [
        c
        for c in found
        if c is not read and c.name is not None and _newer(c, c.name, read, modified)
    ]
    packed = [c.path for c in newer if c.name is not None and c.name.packed]
    plain = [c for c in newer if c.path not in packed and c.status.st_size]
    current = [c for c in found if c.name is None and _has_line(c)]
    one_kind = len({c.name.kind for c in plain if c.name}) == 1
    plain.sort(key=lambda c: _rank(c) if one_kind else (c.status.st_mtime_ns, *_rank(c)))
    return next(iter(plain + current), None), packed


def _newer(candidate: Candidate, name: Rotated, read: Candidate | None, modified: int) -> bool:
    if name.kind == "link":
        return False
    if read is None or read.name is None:
        return candidate.status.st_mtime_ns > modified
    if read.name.of != name.of:
        return False
    if read.name.kind == name.kind:  # a late line changes the time of a file, not its name
        return name.rank > read.name.rank
    return candidate.status.st_mtime_ns > read.status.st_mtime_ns


def _rank(candidate: Candidate) -> Rank:
    return candidate.name.rank if candidate.name else ()


def _beside(path: Path) -> Iterator[Candidate]:
    try:
        entries = list(os.scandir(path.parent))
    except OSError:  # no such folder, or one that cannot be listed: the path alone is known
        return
    for entry in entries:
        names = [name for name in rotated(entry.name) if name.of == path.name]
        if names and not entry.is_symlink() and (status := _status(entry.path)):
            yield Candidate(entry.path, status, names[0])


def _status(path: str) -> os.stat_result | None:
    try:
        return file_status(path)
    except OSError:  # not a file: it cannot be what was read
        return None


def _has_line(candidate: Candidate) -> bool:
    try:
        file = open_file(candidate.path)
    except FileNotFoundError:  # it was rotated once more just now
        return False
    try:
        begun = os.pread(file, MAX_MESSAGE + 1, 0)
    finally:
        os.close(file)
    return b"\n" in begun or len(begun) > MAX_MESSAGE


def _holds(candidate: Candidate, position: Position) -> bool:
    if candidate.status.st_size < position.offset:
        return False
    try:
        file = open_file(candidate.path)
    except OSError:  # it may not be read, or was rotated once more just now
        return False
    try:
        return read_before(file, position) is not None
    finally:
        os.close(file)
