"""Which process has which socket, read from a Linux /proc in one walk.

In go inode numbers of sockets; out come processes. `/proc/PID/fd/N` is a link to `socket:[INODE]`;
without root only our own processes can be read, and the sockets of others have no owner then.
Sources: proc(5); execve in fs/exec.c, which names a process after the file that was executed.
"""

import os
import re
from collections.abc import Collection
from pathlib import Path

import msgspec

from exporter.agent.snapshot import word

MAX_NAME = 255  # characters; a file name cannot be longer, but argv can
_TICKS = os.sysconf("SC_CLK_TCK")  # of start times, per second
_CUT = 15  # bytes: the kernel keeps no more of a name in comm
_SOCKET = "socket:["

# Programs that run other programs' text; the text's name says more than theirs.
_INTERPRETER = re.compile(rb"(?:python|pypy|perl|ruby|node|nodejs|php|lua|bash|dash|sh|zsh)[0-9.]*")
_MAIN_THREADS = (b"MainThread", b"node-MainThread")  # what Node calls itself
_FLAG = re.compile(rb"-[bBdEIOPqsSuvx]+")  # Python's, those without a value

# Groups of Docker, Podman, containerd and CRI-O, which are numbers, and of LXC and systemd-nspawn,
# which are names. Virtual machines have groups too; their processes are the host's.
_NUMBERED = re.compile(
    rb"/(?:(?:docker|libpod|cri-containerd|crio)-)?([0-9a-f]{12})[0-9a-f]{52}(?:\.scope)?(?:/|$)",
    re.MULTILINE,
)
_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")  # how systemd writes a dash
_NAMED = re.compile(
    rb"/lxc(?:\.payload[./]|/)([^/\n]+)|/systemd-nspawn@([^/\n]+)\.service"
    rb"|/machine-(?!qemu)([^/\n]+)\.scope"
)


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """A process as a report names it."""

    pid: int
    name: str
    started: float  # seconds since boot
    container: str | None = None  # short number, or name


def owners(
    inodes: Collection[int], proc: Path = Path("/proc"), among: Collection[str] | None = None
) -> dict[int, Process]:
    """Return the process of each socket, for those that can be told, `among` these processes.

    A socket held by several belongs to the one that started first, for workers inherit it; init
    comes last, for it opens sockets on behalf of others.
    """
    wanted = {f"{_SOCKET}{inode}]": inode for inode in inodes if inode}
    found: dict[int, Process] = {}
    for entry in proc.iterdir() if among is None else map(proc.joinpath, among):
        if not entry.name.isdecimal():
            continue
        held = {wanted[link] for link in _links(entry / "fd") if link in wanted}
        process = _process(entry) if held else None
        if process is None:
            continue
        for inode in held:
            known = found.get(inode)
            if known is None or _rank(process) < _rank(known):
                found[inode] = process
    return found


def sees_others(proc: Path = Path("/proc")) -> bool:
    """Tell whether we may look into processes of other users."""
    ours, refused = os.geteuid(), False
    for entry in proc.iterdir():
        try:
            if entry.name.isdecimal() and entry.stat().st_uid != ours:
                for file in (entry / "fd").iterdir():
                    file.readlink()
                    return True
        except PermissionError:
            refused = True
        except OSError:  # gone
            continue
    return not refused and (proc / "1").exists()  # without it others are hidden altogether


def program_name(comm: bytes, exe: bytes, argv: list[bytes]) -> str:
    """Return what people call the program.

    `comm` is exact but cut at 15 bytes, and a thread may rename it. The full name is looked up in
    the executed file and the command line; for a script it is the script's name, unless the
    script has renamed itself. Of the command line no more than a word is taken.
    """
    called = _file_name(argv[0]) if argv else b""
    file = _file_name(exe.removesuffix(b" (deleted)"))
    # Where the first word is not the interpreter, the others are no arguments any more.
    script = _script(argv) if _INTERPRETER.fullmatch(called) else b""
    if len(comm) >= _CUT:
        if file.startswith(comm):
            return _text(file)
        for full in (called, script):
            if full.startswith(comm):
                return _text(comm + word(full[len(comm) :]))
    if _INTERPRETER.fullmatch(file or called):
        if comm in _MAIN_THREADS:
            return _text(word(script) or file or called)
        return _text(comm if not _INTERPRETER.fullmatch(comm) else word(script) or comm)
    # Firefox's "Socket Process" is firefox: only the thread has another name.
    return _text(file if file and file == called else comm)


def container(groups: bytes) -> str | None:
    """Return the container that a process runs in, by what /proc/PID/cgroup says."""
    if found := _NUMBERED.search(groups):
        return _text(found[1])
    if found := _NAMED.search(groups):
        return _text(_ESCAPED.sub(_byte, next(filter(None, found.groups()))))
    return None


def _byte(escaped: re.Match[bytes]) -> bytes:
    return bytes([int(escaped[1], 16)])


def _process(path: Path) -> Process | None:
    """Read one process; None when it is gone."""
    try:
        stat = (path / "stat").read_bytes()
        argv = (path / "cmdline").read_bytes().split(b"\0")[:8]
    except OSError:
        return None
    # comm stands in parentheses and may hold some itself; the 22nd field is the start time.
    head, _, tail = stat.rpartition(b")")
    ticks = int(tail.split()[19])
    try:
        exe = os.fsencode((path / "exe").readlink())
    except OSError:  # not ours, or a kernel thread
        exe = b""
    try:
        groups = (path / "cgroup").read_bytes()
    except OSError:
        groups = b""
    name = program_name(head.partition(b"(")[2], exe, argv)
    started = ticks / _TICKS
    return Process(pid=int(path.name), name=name, started=started, container=container(groups))


def _links(folder: Path) -> list[str]:
    """Return what the open files of a process point to; none when we may not look."""
    links = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    links.append(os.readlink(entry.path))  # noqa: PTH115 - a Path costs more
                except OSError:  # closed while we looked
                    continue
    except OSError:
        return []
    return links


def _rank(process: Process) -> tuple[bool, float, int]:
    return process.pid == 1, process.started, process.pid


def _script(argv: list[bytes]) -> bytes:
    """Return the file name of the script that an interpreter's command line runs, or nothing."""
    for argument in argv[1:]:
        if not argument.startswith(b"-"):
            return _file_name(argument)
        if not _FLAG.fullmatch(argument):
            break
    return b""


def _file_name(path: bytes) -> bytes:
    # Wine's programs are called by their Windows paths.
    return path.rpartition(b"/")[2].rpartition(b"\\")[2]


def _text(name: bytes) -> str:
    return name.decode(errors="replace")[:MAX_NAME]
