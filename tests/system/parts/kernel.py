"""What only the kernel can do to a program: a disk that is full or turns read-only, and memory that
ends.
"""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

MEGABYTES = 16
GROUPS = Path("/sys/fs/cgroup")


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    """Mount a disk of that size in memory (`3m`)."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def fill(file: Path) -> None:
    """Take all the room that is left."""
    with file.open("wb", buffering=0) as filler:
        for size in (65_536, 1):
            try:
                while True:
                    filler.write(b"\0" * size)
            except OSError:
                continue


@contextmanager
def failing_disk(place: Path) -> Iterator[Callable[[], object]]:
    """Mount a disk whose file system turns read-only at its first error; the call makes one."""
    image = place.with_suffix(".ext4")
    image.write_bytes(b"")
    with image.open("r+b") as file:
        file.truncate(MEGABYTES << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    place.mkdir()
    options = "loop,errors=remount-ro"
    subprocess.run(["mount", "-t", "ext4", "-o", options, image, place], check=True)
    try:
        device = Path(_of(place)).name
        error = Path(f"/sys/fs/ext4/{device}/trigger_fs_error")
        yield lambda: error.write_text("made on purpose by a test\n")
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def _of(place: Path) -> str:
    mounts = (line.split() for line in Path("/proc/self/mounts").read_text().splitlines())
    return next(device for device, where, *_ in mounts if where == str(place))


@contextmanager
def little_memory(pid: int, more: int) -> Iterator[None]:
    """Let a process have so many bytes more; the kernel ends it (SIGKILL) when it takes them."""
    first = GROUPS / "memory"
    folder = (first if first.is_dir() else GROUPS) / f"knockwatch-test-{pid}"
    if not first.is_dir():
        (GROUPS / "cgroup.subtree_control").write_text("+memory")
    folder.mkdir()
    try:
        limit = "memory.limit_in_bytes" if first.is_dir() else "memory.max"
        (folder / limit).write_text(str(more))
        (folder / "cgroup.procs").write_text(str(pid))
        yield
    finally:
        for one in (folder / "cgroup.procs").read_text().split():
            (folder.parent / "cgroup.procs").write_text(one)
        folder.rmdir()


def can_limit_memory() -> bool:
    """Tell whether the machine lets us have a group of processes with a limit."""
    controllers = GROUPS / "cgroup.controllers"
    return (GROUPS / "memory").is_dir() or (
        controllers.exists() and "memory" in controllers.read_text().split()
    )


def has_failing_disks() -> bool:
    """Tell whether a file can be mounted as a disk here."""
    systems = Path("/proc/filesystems").read_text().split()
    return Path("/dev/loop-control").exists() and "ext4" in systems
