"""By what a file is known to have changed: it is looked at, and read only then."""

from pathlib import Path

Mark = tuple[int, int, int] | None  # None: it cannot be looked at


def mark(file: str | Path) -> Mark:
    """Return a value that is another one after a file was written, or replaced."""
    try:
        found = Path(file).stat()
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
