"""Child processes with sockets of their own, for the tests of the collectors."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_CODE = """
import socket, sys
held = []
for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
    for family, ip in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        s = socket.socket(family, kind)
        s.bind((ip, 0))
        if kind == socket.SOCK_STREAM:
            s.listen()
        held.append(s)
        print(s.getsockname()[1], end=" ")
print(flush=True)
sys.stdin.read()
"""


class Child(NamedTuple):
    pid: int
    ports: dict[tuple[str, str], int]  # by transport and address


@contextmanager
def program(command: list[str]) -> Iterator[Child]:
    """Run a command that executes `write_script`'s code; its sockets are open meanwhile."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        numbers = [int(word) for word in child.stdout.readline().split()]
        ends = [(name, ip) for name in ("udp", "tcp") for ip in ("127.0.0.1", "::1")]
        yield Child(child.pid, dict(zip(ends, numbers, strict=True)))
        child.communicate()


def script(folder: Path, name: str) -> list[str]:
    """Return the command that runs a Python script of this name."""
    path = folder / name
    path.write_text(_CODE)
    return [sys.executable, str(path)]


def binary(folder: Path, name: str) -> list[str]:
    """Return the command that runs an executable of this name."""
    path = folder / name
    path.symlink_to(Path(sys.executable).resolve())
    return [str(path), "-c", _CODE]
